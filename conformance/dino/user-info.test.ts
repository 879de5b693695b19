// What users say of themselves (the seed and dino.md section 4, update_user_info): to whom it is shown, and that it opens
// nothing. With the real server and its real clients.
import { writeFile } from 'node:fs/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { base64, type DinoClient } from './client.ts'
import { Crowd, heard, info, quiet } from './crowd.ts'

let crowd: Crowd
beforeAll(async () => {
  crowd = await Crowd.start()
})
afterEach(() => crowd.disperse())
afterAll(() => crowd.server.remove())

describe('what users say of themselves', () => {
  test('is answered as it was sent, told to every room once, and shown from then on', async () => {
    const [anna, ben] = [await crowd.inside('1', ['plain', 'other']), await crowd.inside('2', ['plain', 'other'], 2)]
    const carl = await crowd.inside('3', ['other'])
    await quiet(anna, ben, carl)
    const sent = info({ is_streaming: '1', mood: 'fein ✓' }, { extra: { kept: true } })
    const { data } = await anna.request('update_user_info', sent)
    expect(data).toMatchObject({
      status_code: 200,
      data: { ...sent, actor: { id: '1', displayName: base64('user1') } },
    })
    expect(Object.keys(data.data).sort()).toEqual(['actor', 'extra', 'id', 'object', 'published', 'verb'])
    expect(await anna.next('gn_update_user_info')).toEqual(data)
    const { id, published } = data.data
    const push = {
      actor: { id: '1', displayName: base64('user1') },
      verb: 'update',
      object: {
        objectType: 'userInfo',
        attachments: [
          { objectType: 'is_streaming', content: base64('1') },
          { objectType: 'mood', content: base64('fein ✓') },
        ],
      },
      id,
      published,
    }
    for (const [client, times] of [
      [anna, 2],
      [ben, 2],
      [carl, 1],
    ] as const) {
      await client.settle()
      expect(client.named('gn_user_info_updated')).toEqual(Array.from({ length: times }, () => push))
    }
    expect(await crowd.detailsOf(ben, '1')).toMatchObject({
      city: 'Bern',
      age: '30',
      is_streaming: '1',
      mood: 'fein ✓',
    })
    const joined = await (await crowd.loggedIn('9')).request('join', crowd.at('plain'))
    const shown = joined.data.data.object.attachments[3].attachments.find((each: { id: string }) => each.id === '1')
    expect(shown.attachments).toContainEqual({ objectType: 'mood', content: base64('fein ✓') })
    // Who comes anew streams no more; the rest is kept.
    anna.close()
    await ben.next('gn_user_left')
    await crowd.inside('1')
    expect(await crowd.detailsOf(ben, '1')).toMatchObject({ is_streaming: '0', mood: 'fein ✓' })
  })

  test('is told to the target room alone, in which one has to be', async () => {
    const [anna, ben, carl] = [
      await crowd.inside('1', ['plain', 'other']),
      await crowd.inside('2'),
      await crowd.inside('3', ['other']),
    ]
    await quiet(anna, ben, carl)
    const to = (ref: string) => info({ avatar: 'http://x/y.jpg' }, { target: { id: crowd.server.rooms[ref] } })
    expect((await anna.request('update_user_info', to('plain'))).data.data.target).toEqual({
      id: crowd.server.rooms.plain,
    })
    expect((await ben.next('gn_user_info_updated')).target).toBeUndefined()
    expect(await heard(carl)).toEqual([])
    expect((await carl.request('update_user_info', to('plain'))).code).toBe(702)
    expect((await carl.request('update_user_info', to('private'))).code).toBe(802)
    const unknown = { id: '00000000-0000-4000-8000-000000000000' }
    expect((await carl.request('update_user_info', info({ a: 'b' }, { target: unknown }))).code).toBe(802)
    expect(await crowd.detailsOf(await crowd.loggedIn('9'), '3', 'other')).toEqual({ user_name: 'user3' })
  })

  test('is refused with the code of what is wrong, and nothing of it is kept', async () => {
    const [ben, carl] = [await crowd.inside('2'), await crowd.inside('3')]
    await quiet(ben, carl)
    const ask = (object: unknown) => ben.request('update_user_info', { verb: 'update', object })
    const one = (objectType: unknown, content: unknown) => ask({ attachments: [{ objectType, content }] })
    const missing = await ben.request('update_user_info', { verb: 'update' })
    expect([missing.code, missing.data.error]).toEqual([508, 'no attachments on object'])
    for (const object of [{}, { attachments: [] }, { attachments: null }]) expect((await ask(object)).code).toBe(508)
    const untyped = await ask({ attachments: [{ content: 'MQ==' }] })
    expect([untyped.code, untyped.data.message]).toEqual([509, 'no objectType on attachment for object'])
    expect((await one('  ', 'MQ==')).code).toBe(509)
    for (const content of [undefined, null, '', ' ']) expect((await one('age', content)).code).toBe(510)
    const plainText = await one('age', 'x y!')
    expect([plainText.code, plainText.data.error]).toEqual([
      701,
      'content on attachment for object is not base64 encoded',
    ])
    expect((await one('age', '////')).code).toBe(701)
    for (const name of ['token', 'user_id', 'user_name', 'Token', 'invisible', 'excluded_list', 'ip'])
      expect((await one(name, 'MQ==')).code).toBe(705)
    for (const name of ['a b', 'é', 'x'.repeat(101), '<b>', '"']) expect((await one(name, 'MQ==')).code).toBe(706)
    expect((await one('mood', base64('x'.repeat(2_049)))).code).toBe(706)
    const many = Array.from({ length: 51 }, (_, n) => ({ objectType: `k${n}`, content: 'MQ==' }))
    expect((await ask({ attachments: many })).code).toBe(716)
    // One that is wrong keeps the others out.
    expect((await ask({ attachments: [...many.slice(0, 2), { objectType: 'token', content: 'MQ==' }] })).code).toBe(705)
    for (const bad of [1, true, 'text', [1], [[]], [null]]) expect((await ask({ attachments: bad })).code).toBe(250)
    expect((await one(1, 'MQ==')).code).toBe(250)
    expect(await heard(carl)).toEqual([])
    expect(await crowd.detailsOf(carl, '2')).toEqual({ user_name: 'user2' })
  })

  test('changes no prototype and no field of the account', async () => {
    const [ben, carl] = [await crowd.inside('2'), await crowd.inside('3')]
    const json = `{"verb":"update","object":{"attachments":[{"objectType":"__proto__","content":"${base64('x')}"}]}}`
    expect((await ben.request('update_user_info', JSON.parse(json))).code).toBe(705)
    const names = { constructor: 'x', toString: 'y', roles: 'superuser', id: '5', membership: 'vip' }
    expect((await ben.request('update_user_info', info(names))).code).toBe(200)
    expect(await crowd.detailsOf(carl, '2')).toMatchObject({ ...names, user_name: 'user2' })
    expect((await crowd.usersIn(carl)).find(({ id }) => id === '2')).toMatchObject({ content: '', objectType: 'user' })
    expect(crowd.server.output()).not.toMatch(/bug|unhandled|uncaught/i)
  })

  test('grows to a size and no further, by whatever steps', async () => {
    const [carl, ben] = [await crowd.inside('3'), await crowd.inside('2')]
    const codes: number[] = []
    for (let n = 0; n < 6; n++)
      codes.push((await carl.request('update_user_info', info({ [`part${n}`]: 'x'.repeat(1_000) }))).code)
    expect(codes).toEqual([200, 200, 200, 200, 716, 716])
    // What takes less room than before may change all the same.
    expect((await carl.request('update_user_info', info({ part0: 'less' }))).code).toBe(200)
    expect((await crowd.detailsOf(ben, '3')).part0).toBe('less')
  })

  test('opens no door, whatever the user says of their age', async () => {
    const young = await crowd.loggedIn('10')
    expect((await young.request('join', crowd.at('old'))).code).toBe(705)
    expect((await young.request('update_user_info', info({ age: '40' }))).code).toBe(200)
    expect((await young.request('join', crowd.at('old'))).code).toBe(705)
    expect((await young.request('join', crowd.at('young'))).code).toBe(200)
    expect((await crowd.detailsOf(young, '10', 'young')).age).toBe('40')
    expect((await (await crowd.loggedIn('10', 2)).request('join', crowd.at('old'))).code).toBe(705)
  })

  test('is all there when several sessions say something at once', async () => {
    const sessions = await Promise.all(Array.from({ length: 12 }, () => crowd.loggedIn('9')))
    await sessions[0]?.request('join', crowd.at('plain'))
    const answers = await Promise.all(
      sessions.map((each, n) => each.request('update_user_info', info({ [`n${n}`]: `${n}` }))),
    )
    expect(answers.map(({ code }) => code)).toEqual(sessions.map(() => 200))
    const details = await crowd.detailsOf(sessions[0] as DinoClient, '9')
    expect(sessions.map((_, n) => details[`n${n}`])).toEqual(sessions.map((_, n) => `${n}`))
  })

  test('gives way to what the operator says anew of the same', async () => {
    const [carl, ben] = [await crowd.inside('3'), await crowd.inside('2')]
    await carl.request('update_user_info', info({ part0: '', city: 'Rome' }))
    await carl.request('update_user_info', info({ city: 'Rome' }))
    expect((await crowd.detailsOf(ben, '3')).city).toBe('Rome')
    const attributes = { city: 'Bern' }
    const file = `${crowd.server.data}.again.json`
    await writeFile(file, JSON.stringify({ users: [{ id: '3', username: 'user3', attributes }] }))
    expect((await crowd.server.command('import', file)).err).toBe('')
    expect((await crowd.detailsOf(ben, '3')).city).toBe('Bern')
  })
})
