// What people are to each other: online, away or hidden, with one session or several (dino.md section 4, status; 0, items
// 18 and 19). With the real server and its real clients.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { base64, type DinoClient, type Generation, loginOf, type Push, plain, until } from './client.ts'
import { Crowd, heard, info, quiet, status } from './crowd.ts'
import { site } from './http.ts'

let crowd: Crowd
beforeAll(async () => {
  crowd = await Crowd.start()
})
afterEach(() => crowd.disperse())
afterAll(() => crowd.server.remove())

describe.each<Generation>([2, 4])('a status, with socket.io-client %i', generation => {
  test('invisible is gone to others and hidden to operators, and is back when it goes online', async () => {
    const anna = await crowd.inside('1', ['plain', 'other'], generation)
    const [ben, su, gm] = [await crowd.inside('2'), await crowd.inside('5'), await crowd.inside('6', ['other'])]
    await quiet(anna, ben, su, gm)
    const done = await status(anna, 'invisible')
    expect(done.data).toEqual({ status_code: 200, data: null })
    expect(await anna.next('gn_status')).toEqual(done.data)
    expect(await ben.next('gn_user_disconnected')).toMatchObject({
      actor: { id: '1', displayName: base64('user1') },
      verb: 'disconnect',
    })
    for (const client of [su, gm]) {
      const { actor, verb } = await client.next('gn_user_invisible')
      expect([actor, verb]).toEqual([{ id: '1' }, 'invisible'])
    }
    expect(await heard(ben)).toEqual(['gn_user_disconnected'])
    for (const client of [su, gm]) expect(await heard(client)).toEqual(['gn_user_invisible'])
    expect(await heard(anna)).toEqual([])

    expect(await crowd.idsIn(ben)).toEqual(['2', '5'])
    expect(await crowd.idsIn(anna)).toEqual(['2', '5'])
    expect((await crowd.usersIn(su)).map(({ id, objectType }) => [id, objectType])).toContainEqual(['1', 'invisible'])
    for (const client of [ben, su, anna]) expect(await crowd.countOf(client)).toBe(2)

    // Nothing more is told to whoever asks for it again.
    await quiet(anna, ben, su)
    expect((await status(anna, 'invisible')).code).toBe(200)
    for (const client of [ben, su]) expect(await heard(client)).toEqual([])

    expect((await status(anna, 'online')).code).toBe(200)
    const joined = await ben.next('gn_user_joined')
    expect(joined).toMatchObject({ actor: { id: '1' }, target: { id: crowd.server.rooms.plain }, verb: 'join' })
    expect(joined.actor.objectType).toBeUndefined()
    expect((await su.next('gn_user_visible')).actor).toEqual({ id: '1' })
    expect(await heard(ben)).toEqual(['gn_user_joined'])
    expect(await heard(su)).toEqual(['gn_user_visible'])
    expect(await heard(anna)).toEqual([])
    expect(await crowd.idsIn(ben)).toEqual(['1', '2', '5'])
    expect(await crowd.countOf(ben)).toBe(3)
  })

  test('of the invisible, only operators see them come and go, and their messages say who they are', async () => {
    const anna = await crowd.loggedIn('1', generation)
    const [ben, su] = [await crowd.inside('2'), await crowd.inside('5')]
    await status(anna, 'invisible')
    await quiet(ben, su)
    const { data } = await anna.request('join', crowd.at('plain'))
    expect(data.data.object.attachments[3].attachments.map(({ id }: { id: string }) => id).sort()).toEqual(['2', '5'])
    expect((await su.next('gn_user_joined')).actor).toMatchObject({ id: '1', objectType: 'invisible' })
    expect(await heard(ben)).toEqual([])
    const sent = await anna.request('message', crowd.say('plain', 'boo'))
    const pushed = await ben.next('message')
    expect(pushed).toEqual(sent.data.data)
    expect(pushed.actor.attachments).toContainEqual({ objectType: 'city', content: base64('Bern') })
    await quiet(ben, su)
    await anna.request('leave', crowd.at('plain'))
    expect((await su.next('gn_user_left')).actor.id).toBe('1')
    await anna.request('join', crowd.at('plain'))
    anna.close()
    await until(() => su.named('gn_user_left').length === 2 || undefined)
    expect(await heard(su)).toEqual(['gn_user_left', 'gn_user_joined', 'gn_user_left'])
    expect(await heard(ben)).toEqual([])
    await status(await crowd.loggedIn('1'), 'online')
  })

  test('offline is told to the rooms, stays inside, enters no other, and is told when it is over', async () => {
    const carl = await crowd.inside('3', ['plain'], generation)
    const [ben, su] = [await crowd.inside('2'), await crowd.inside('5')]
    await quiet(carl, ben, su)
    expect((await status(carl, 'offline')).data).toEqual({ status_code: 200, data: null })
    for (const client of [ben, su]) expect((await client.next('gn_user_disconnected')).actor.id).toBe('3')
    expect(await heard(carl)).toEqual([])
    const refused = await carl.request('join', crowd.at('other'))
    expect([refused.code, refused.data.error]).toEqual([708, 'user is not online'])
    expect((await su.request('join', crowd.at('other'))).code).toBe(200)
    await ben.request('message', crowd.say('plain', 'still inside?'))
    expect(plain((await carl.next('message')).object.content)).toBe('still inside?')
    await quiet(ben, su)
    expect((await status(carl, 'online')).code).toBe(200)
    for (const client of [ben, su]) expect((await client.next('gn_user_joined')).actor.id).toBe('3')
    expect((await carl.request('join', crowd.at('other'))).code).toBe(200)
  })
})

test('a status that there is not is refused with its name, and so is one of another user', async () => {
  const [anna, ben] = [await crowd.inside('1'), await crowd.inside('2')]
  for (const verb of ['foo', 'away', 'back', 'visible', 'Invisible', 'x'.repeat(10_000)])
    expect((await status(anna, verb)).code).toBe(604)
  expect((await status(anna, 'away')).data.error).toBe('invalid status away')
  expect((await anna.request('status', {})).code).toBe(250)
  await quiet(anna, ben)
  expect((await anna.request('status', { verb: 'invisible', actor: { id: '2' } })).code).toBe(705)
  await quiet(anna, ben)
  expect((await anna.request('status', { verb: 'invisible', actor: { id: '1' } })).code).toBe(200)
  expect((await ben.next('gn_user_disconnected')).actor.id).toBe('1')
  expect(await crowd.idsIn(ben)).toEqual(['2'])
})

test('who goes offline while invisible is heard by operators alone, and stays hidden', async () => {
  const [anna, ben, su] = [await crowd.inside('1'), await crowd.inside('2'), await crowd.inside('5')]
  await status(anna, 'invisible')
  await quiet(ben, su)
  await status(anna, 'offline')
  expect(await heard(su)).toEqual(['gn_user_disconnected'])
  expect(await crowd.idsIn(ben)).toEqual(['2', '5'])
  expect(await crowd.countOf(ben)).toBe(2)
  expect((await anna.request('join', crowd.at('other'))).code).toBe(708)
  await status(anna, 'invisible')
  expect(await heard(ben)).toEqual([])
  expect((await anna.request('join', crowd.at('other'))).code).toBe(200)
})

test('a status holds for every session of the user, on this wire and the others, and for the next log-in', async () => {
  const [first, second] = [await crowd.inside('1'), await crowd.inside('1', ['plain'], 2)]
  const [ben, su] = [await crowd.inside('2'), await crowd.inside('5')]
  await quiet(first, second, ben, su)
  await status(second, 'invisible')
  expect(await heard(first)).toEqual([])
  expect(await heard(ben)).toEqual(['gn_user_disconnected'])
  expect(await crowd.idsIn(ben)).toEqual(['2', '5'])
  // A new session, and a new one after the last has gone, are as invisible.
  const third = await crowd.inside('1')
  for (const client of [first, second, third]) client.close()
  await until(() => su.named('gn_user_left').length > 0 || undefined)
  const again = await crowd.inside('1')
  expect(await heard(ben)).toEqual(['gn_user_disconnected'])
  expect(await crowd.idsIn(ben)).toEqual(['2', '5'])
  await status(again, 'online')
  expect((await ben.next('gn_user_joined')).actor.id).toBe('1')
  again.close()
  await ben.next('gn_user_left')
  await crowd.inside('1')
  expect(await crowd.idsIn(ben)).toEqual(['1', '2', '5'])
})

test('a log-in may be invisible, and hides the other sessions too', async () => {
  const [ben, su] = [await crowd.inside('2'), await crowd.inside('5')]
  const hidden = { ...(loginOf('1') as { actor: object }) }
  hidden.actor = { ...hidden.actor, content: 'invisible' }
  const anna = await crowd.open()
  const { data } = await anna.request('login', hidden)
  expect(data.data.actor.summary).toBe('online')
  await anna.request('join', crowd.at('plain'))
  expect(await heard(ben)).not.toContain('gn_user_disconnected')
  expect(await crowd.idsIn(ben)).toEqual(['2', '5'])
  await status(anna, 'online')
  await quiet(ben, su)
  await (await crowd.open(2)).request('login', hidden)
  expect((await ben.next('gn_user_disconnected')).actor.id).toBe('1')
  expect((await su.next('gn_user_invisible')).actor.id).toBe('1')
  expect(await crowd.idsIn(ben)).toEqual(['2', '5'])
})

test('a new log-in brings back who was offline with another session', async () => {
  const [anna, ben] = [await crowd.inside('1'), await crowd.inside('2')]
  await status(anna, 'offline')
  await quiet(ben)
  await crowd.loggedIn('1', 2)
  expect((await ben.next('gn_user_joined')).actor.id).toBe('1')
  expect((await anna.request('join', crowd.at('other'))).code).toBe(200)
})

test('nobody but operators can find out that somebody invisible is inside', async () => {
  const [anna, ben, carl] = [await crowd.inside('1'), await crowd.inside('2'), await crowd.inside('3', ['plain'], 2)]
  await status(anna, 'invisible')
  await quiet(ben, carl)
  const before = await crowd.countOf(ben)
  // Whatever an invisible user does but speak.
  await anna.request('join', crowd.at('other'))
  await anna.request('join', crowd.at('plain'))
  await anna.request('leave', crowd.at('other'))
  await anna.request('leave', crowd.at('young'))
  await anna.request('update_user_info', info({ mood: 'sly' }))
  await anna.request('update_user_info', info({ mood: 'sly' }, { target: { id: crowd.server.rooms.plain } }))
  const { data } = await ben.request('message', crowd.say('plain', 'who is there?'))
  const ack = { target: { id: crowd.server.rooms.plain }, object: { attachments: [{ id: data.data.id }] } }
  expect((await anna.request('received', { verb: 'receive', ...ack })).code).toBe(200)
  expect((await anna.request('read', { verb: 'read', ...ack })).code).toBe(200)
  await status(anna, 'offline')
  await status(anna, 'invisible')
  const second = await crowd.inside('1', ['plain', 'other'])
  second.close()
  // Whatever others ask.
  for (const client of [ben, carl]) {
    expect(await crowd.idsIn(client)).not.toContain('1')
    expect(await crowd.idsIn(client, 'other')).not.toContain('1')
    const joined = await client.request('join', crowd.at('other'))
    expect(joined.data.data.object.attachments[3].attachments.map(({ id }: { id: string }) => id)).not.toContain('1')
  }
  expect(await crowd.countOf(carl)).toBe(before)
  for (const client of [ben, carl]) {
    await client.settle()
    const told = client.pushes.filter((push: Push) => push.data?.actor?.id === '1')
    expect(told).toEqual([])
  }
  // Those who see it all.
  const su = await crowd.loggedIn('5')
  expect(await crowd.idsIn(su)).toContain('1')
})

test('operators hear of the hidden also right after their own account has changed', async () => {
  const [anna, su, ben] = [await crowd.inside('1'), await crowd.inside('5'), await crowd.inside('2')]
  await status(su, 'invisible')
  await status(su, 'online')
  await quiet(anna, su, ben)
  await status(anna, 'invisible')
  expect(await heard(su)).toEqual(['gn_user_invisible'])
  expect(await heard(ben)).toEqual(['gn_user_disconnected'])
})

test('many changes of a status at once end in one that everything agrees with', async () => {
  const sessions = [await crowd.inside('1'), await crowd.inside('1', ['plain'], 2), await crowd.inside('1', ['other'])]
  const [ben, su] = [await crowd.inside('2', ['plain', 'other']), await crowd.inside('5', ['plain', 'other'])]
  const verbs = ['invisible', 'online', 'offline', 'invisible', 'online', 'invisible']
  const answers = await Promise.all(sessions.flatMap(each => verbs.map(verb => status(each, verb))))
  expect(new Set(answers.map(({ code }) => code))).toEqual(new Set([200]))
  await status(sessions[0] as DinoClient, 'invisible')
  for (const ref of ['plain', 'other']) {
    expect(await crowd.idsIn(ben, ref)).toEqual(['2', '5'])
    expect(await crowd.countOf(ben, ref)).toBe(2)
  }
  await status(sessions[1] as DinoClient, 'online')
  for (const ref of ['plain', 'other']) {
    expect(await crowd.idsIn(ben, ref)).toEqual(['1', '2', '5'])
    expect(await crowd.countOf(su, ref)).toBe(3)
  }
})

test('when somebody was seen last is known after they have gone', async () => {
  const api = site(crowd.server.url, 'tok5')
  const seen = async () => (await api.call('GET', '/last-online', { user_id: '11' })).data
  expect(await seen()).toEqual({ user_id: '11', online_at: null })
  const client = await crowd.loggedIn('11')
  expect(Date.parse((await seen()).online_at)).toBeGreaterThan(0)
  await status(client, 'invisible')
  const hidden = (await seen()).online_at
  expect(Date.parse(hidden)).toBeGreaterThan(0)
  client.close()
  await (await crowd.loggedIn('2')).settle()
  expect((await seen()).online_at).toBe(hidden)
})

describe('sessions of one user', () => {
  test('begin without a word, unless the site wants it otherwise', async () => {
    const ben = await crowd.inside('2', ['private'])
    await quiet(ben)
    await crowd.loggedIn('1')
    expect(await heard(ben)).toEqual([])
  })

  test('close one by one: the user is inside until the last of those that joined has gone', async () => {
    const [phone, laptop, idle] = [
      await crowd.inside('1'),
      await crowd.inside('1', ['plain', 'other'], 2),
      await crowd.loggedIn('1'),
    ]
    const ben = await crowd.inside('2', ['plain', 'other'])
    await quiet(ben)
    idle.close()
    phone.close()
    await ben.request('message', crowd.say('plain', 'anybody?'))
    await laptop.next('message')
    expect(await heard(ben)).toEqual(['message'])
    expect(await crowd.idsIn(ben)).toEqual(['1', '2'])
    laptop.close()
    await until(() => ben.named('gn_user_left').length === 2 || undefined)
    const rooms = ben.named('gn_user_left').map(({ target }) => target.id)
    expect(new Set(rooms)).toEqual(new Set([crowd.server.rooms.plain, crowd.server.rooms.other]))
  })

  test('leave one by one, and whoever only listens elsewhere hears nothing of the room', async () => {
    const [one, two] = [await crowd.inside('1'), await crowd.inside('1', ['plain', 'other'], 2)]
    const ben = await crowd.inside('2')
    await quiet(one, two, ben)
    expect((await one.request('leave', crowd.at('plain'))).code).toBe(200)
    expect(await heard(ben)).toEqual([])
    expect((await one.request('message', crowd.say('plain', 'from outside'))).code).toBe(200)
    await two.next('message')
    expect(await heard(one)).toEqual([])
    expect((await two.request('leave', crowd.at('plain'))).code).toBe(200)
    expect((await ben.next('gn_user_left')).actor.id).toBe('1')
    expect((await two.request('message', crowd.say('plain', 'nobody inside'))).code).toBe(702)
  })
})

test('a room that one is not in is left with a word only where one might have been', async () => {
  const [anna, carl] = [await crowd.loggedIn('1'), await crowd.loggedIn('3')]
  const ben = await crowd.inside('2')
  const owner = await crowd.inside('9', ['closed', 'plain'])
  const member = await crowd.inside('2', ['private'])
  await quiet(ben, owner, member)
  for (const ref of ['plain', 'closed']) expect((await anna.request('leave', crowd.at(ref))).code).toBe(200)
  expect((await carl.request('leave', crowd.at('private'))).code).toBe(200)
  expect((await ben.next('gn_user_left')).actor).toEqual({ id: '1', displayName: base64('user1') })
  expect(await heard(member)).toEqual([])
  expect(await heard(owner)).toEqual(['gn_user_left'])
  expect(owner.named('gn_user_left')[0].target.id).toBe(crowd.server.rooms.plain)
  // Spoken for nobody else.
  const spoof = { ...crowd.at('plain'), actor: { id: '2', displayName: base64('user2') } }
  await quiet(owner)
  await anna.request('leave', spoof)
  expect((await owner.next('gn_user_left')).actor.id).toBe('1')
})

describe('an ignore list', () => {
  test('hides users from lists, and rooms of theirs, but not from operators and nobody else', async () => {
    const [anna, dan, su, ben] = [
      await crowd.inside('1'),
      await crowd.inside('4'),
      await crowd.inside('7'),
      await crowd.inside('2'),
    ]
    expect(await crowd.idsIn(dan)).toEqual(['2', '4', '7'])
    for (const client of [su, ben, anna]) expect(await crowd.idsIn(client)).toEqual(['1', '2', '4', '7'])
    const roomsOf = async (client: DinoClient) => (await crowd.roomsOf(client)).map(({ id }) => id)
    expect(await roomsOf(dan)).not.toContain(crowd.server.rooms.mine)
    expect(await roomsOf(dan)).toContain(crowd.server.rooms.other)
    for (const client of [su, ben]) expect(await roomsOf(client)).toContain(crowd.server.rooms.mine)
    const refused = await dan.request('join', crowd.at('mine'))
    expect([refused.code, refused.data.error]).toEqual([705, 'matches ignore list'])
    expect((await su.request('join', crowd.at('mine'))).code).toBe(200)
    // The one whose every room is an ignored owner's.
    const eve = await crowd.loggedIn('8')
    expect(await roomsOf(eve)).toEqual([crowd.server.rooms.mine])
  })
})
