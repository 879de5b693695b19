// What people are to each other: online, away or hidden, with one session or several, and what they say of themselves
// (dino.md section 4, status and update_user_info). With the real server and its real clients.
import { writeFile } from 'node:fs/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startServer, type TestServer, type World } from '../server.ts'
import { base64, DinoClient, type Generation, loginOf, type Push, plain, until } from './client.ts'
import { site } from './http.ts'

const user = (id: string, more: object = {}) => ({ id, username: `user${id}`, tokens: [`tok${id}`], ...more })
const room = (ref: string, more: object = {}) => ({ ref, channel: 'c', name: `${ref} room`, owners: ['9'], ...more })

const WORLD: World = {
  users: [
    user('1', { attributes: { age: '30', city: 'Bern' } }),
    user('2'),
    user('3'),
    user('4', { excluded: ['1'] }),
    user('5', { roles: ['superuser'] }),
    user('6', { roles: ['globalmod'] }),
    user('7', { excluded: ['1'], roles: ['superuser'] }),
    user('8', { excluded: ['9'] }),
    user('9'),
    user('11'),
    user('10', { attributes: { age: '20' } }),
  ],
  channels: [{ ref: 'c', name: 'channel' }],
  rooms: [
    room('plain'),
    room('other'),
    room('old', { acls: [{ action: 'join', type: 'age', value: '30:' }] }),
    room('young', { acls: [{ action: 'join', type: 'age', value: ':29' }] }),
    room('private', { kind: 'private', owners: ['1', '2'] }),
    room('closed', { acls: [{ action: 'join', type: 'disallow', value: '' }] }),
    room('mine', { owners: ['1'] }),
  ],
}

let server: TestServer
const clients: DinoClient[] = []

beforeAll(async () => {
  server = await startServer({ world: WORLD })
})
afterEach(async () => {
  // Whoever stays invisible would be so in the next test.
  for (const client of clients) if (!client.disconnected) await client.request('status', { verb: 'online' })
  for (const client of clients.splice(0)) client.close()
})
afterAll(() => server.remove())

async function open(generation: Generation = 4): Promise<DinoClient> {
  const client = await DinoClient.open(server.url, { generation })
  clients.push(client)
  return client
}

async function loggedIn(id: string, generation: Generation = 4): Promise<DinoClient> {
  const client = await open(generation)
  expect((await client.login(id)).code).toBe(200)
  return client
}

/** Logged in and inside of rooms. */
async function inside(id: string, rooms: readonly string[] = ['plain'], generation: Generation = 4) {
  const client = await loggedIn(id, generation)
  for (const ref of rooms) expect((await client.request('join', at(ref))).code).toBe(200)
  return client
}

const at = (ref: string) => ({ verb: 'x', target: { id: server.rooms[ref] } })
const say = (ref: string, text: string) => ({
  verb: 'send',
  target: { id: server.rooms[ref], objectType: 'room' },
  object: { content: base64(text) },
})
const status = (client: DinoClient, verb: string) => client.request('status', { verb })
const info = (details: Record<string, string>, more: object = {}) => ({
  verb: 'update',
  object: {
    objectType: 'userInfo',
    attachments: Object.entries(details).map(([objectType, text]) => ({ objectType, content: base64(text) })),
  },
  ...more,
})

/** Everything that was sent before has arrived everywhere; then nothing of it counts any more. */
async function quiet(...all: DinoClient[]): Promise<void> {
  for (const client of all) await client.settle()
  for (const client of all) client.pushes.length = 0
}

/** The names of pushes that came, without answers. */
async function heard(client: DinoClient): Promise<string[]> {
  await client.settle()
  return client.pushes.map(({ event }) => event).filter(event => !ANSWERS.has(event))
}
const ANSWERS = new Set(
  [
    'status',
    'join',
    'leave',
    'message',
    'login',
    'update_user_info',
    'users_in_room',
    'list_rooms',
    'received',
    'read',
  ].map(event => `gn_${event}`),
)

async function usersIn(client: DinoClient, ref = 'plain') {
  const { data } = await client.request('users_in_room', at(ref))
  return data.data.object.attachments as {
    id: string
    objectType: string
    attachments: { objectType: string; content: string }[]
  }[]
}

async function idsIn(client: DinoClient, ref = 'plain'): Promise<string[]> {
  return (await usersIn(client, ref)).map(({ id }) => id).sort()
}

async function countOf(client: DinoClient, ref = 'plain'): Promise<number> {
  const { data } = await client.request('list_rooms', { verb: 'list', object: { url: server.channels.c } })
  return data.data.object.attachments.find(({ id }: { id: string }) => id === server.rooms[ref]).summary
}

async function detailsOf(client: DinoClient, id: string, ref = 'plain'): Promise<Record<string, string>> {
  const found = (await usersIn(client, ref)).find(each => each.id === id)
  return Object.fromEntries((found?.attachments ?? []).map(({ objectType, content }) => [objectType, plain(content)]))
}

describe.each<Generation>([2, 4])('a status, with socket.io-client %i', generation => {
  test('invisible is gone to others and hidden to operators, and is back when it goes online', async () => {
    const anna = await inside('1', ['plain', 'other'], generation)
    const [ben, su, gm] = [await inside('2'), await inside('5'), await inside('6', ['other'])]
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

    expect(await idsIn(ben)).toEqual(['2', '5'])
    expect(await idsIn(anna)).toEqual(['2', '5'])
    expect((await usersIn(su)).map(({ id, objectType }) => [id, objectType])).toContainEqual(['1', 'invisible'])
    for (const client of [ben, su, anna]) expect(await countOf(client)).toBe(2)

    // Nothing more is told to whoever asks for it again.
    await quiet(anna, ben, su)
    expect((await status(anna, 'invisible')).code).toBe(200)
    for (const client of [ben, su]) expect(await heard(client)).toEqual([])

    expect((await status(anna, 'online')).code).toBe(200)
    const joined = await ben.next('gn_user_joined')
    expect(joined).toMatchObject({ actor: { id: '1' }, target: { id: server.rooms.plain }, verb: 'join' })
    expect(joined.actor.objectType).toBeUndefined()
    expect((await su.next('gn_user_visible')).actor).toEqual({ id: '1' })
    expect(await heard(ben)).toEqual(['gn_user_joined'])
    expect(await heard(su)).toEqual(['gn_user_visible'])
    expect(await heard(anna)).toEqual([])
    expect(await idsIn(ben)).toEqual(['1', '2', '5'])
    expect(await countOf(ben)).toBe(3)
  })

  test('of the invisible, only operators see them come and go, and their messages say who they are', async () => {
    const anna = await loggedIn('1', generation)
    const [ben, su] = [await inside('2'), await inside('5')]
    await status(anna, 'invisible')
    await quiet(ben, su)
    const { data } = await anna.request('join', at('plain'))
    expect(data.data.object.attachments[3].attachments.map(({ id }: { id: string }) => id).sort()).toEqual(['2', '5'])
    expect((await su.next('gn_user_joined')).actor).toMatchObject({ id: '1', objectType: 'invisible' })
    expect(await heard(ben)).toEqual([])
    const sent = await anna.request('message', say('plain', 'boo'))
    const pushed = await ben.next('message')
    expect(pushed).toEqual(sent.data.data)
    expect(pushed.actor.attachments).toContainEqual({ objectType: 'city', content: base64('Bern') })
    await quiet(ben, su)
    await anna.request('leave', at('plain'))
    expect((await su.next('gn_user_left')).actor.id).toBe('1')
    await anna.request('join', at('plain'))
    anna.close()
    await until(() => su.named('gn_user_left').length === 2 || undefined)
    expect(await heard(su)).toEqual(['gn_user_left', 'gn_user_joined', 'gn_user_left'])
    expect(await heard(ben)).toEqual([])
    await status(await loggedIn('1'), 'online')
  })

  test('offline is told to the rooms, stays inside, enters no other, and is told when it is over', async () => {
    const carl = await inside('3', ['plain'], generation)
    const [ben, su] = [await inside('2'), await inside('5')]
    await quiet(carl, ben, su)
    expect((await status(carl, 'offline')).data).toEqual({ status_code: 200, data: null })
    for (const client of [ben, su]) expect((await client.next('gn_user_disconnected')).actor.id).toBe('3')
    expect(await heard(carl)).toEqual([])
    const refused = await carl.request('join', at('other'))
    expect([refused.code, refused.data.error]).toEqual([708, 'user is not online'])
    expect((await su.request('join', at('other'))).code).toBe(200)
    await ben.request('message', say('plain', 'still inside?'))
    expect(plain((await carl.next('message')).object.content)).toBe('still inside?')
    await quiet(ben, su)
    expect((await status(carl, 'online')).code).toBe(200)
    for (const client of [ben, su]) expect((await client.next('gn_user_joined')).actor.id).toBe('3')
    expect((await carl.request('join', at('other'))).code).toBe(200)
  })
})

test('a status that there is not is refused with its name, one of another user is one’s own', async () => {
  const [anna, ben] = [await inside('1'), await inside('2')]
  for (const verb of ['foo', 'away', 'back', 'visible', 'Invisible', 'x'.repeat(10_000)])
    expect((await status(anna, verb)).code).toBe(604)
  expect((await status(anna, 'away')).data.error).toBe('invalid status away')
  expect((await anna.request('status', {})).code).toBe(250)
  await quiet(anna, ben)
  expect((await anna.request('status', { verb: 'invisible', actor: { id: '2' } })).code).toBe(200)
  expect((await ben.next('gn_user_disconnected')).actor.id).toBe('1')
  expect(await idsIn(ben)).toEqual(['2'])
})

test('who goes offline while invisible is heard by operators alone, and stays hidden', async () => {
  const [anna, ben, su] = [await inside('1'), await inside('2'), await inside('5')]
  await status(anna, 'invisible')
  await quiet(ben, su)
  await status(anna, 'offline')
  expect(await heard(su)).toEqual(['gn_user_disconnected'])
  expect(await idsIn(ben)).toEqual(['2', '5'])
  expect(await countOf(ben)).toBe(2)
  expect((await anna.request('join', at('other'))).code).toBe(708)
  await status(anna, 'invisible')
  expect(await heard(ben)).toEqual([])
  expect((await anna.request('join', at('other'))).code).toBe(200)
})

test('a status holds for every session of the user, on this wire and the others, and for the next log-in', async () => {
  const [first, second] = [await inside('1'), await inside('1', ['plain'], 2)]
  const [ben, su] = [await inside('2'), await inside('5')]
  await quiet(first, second, ben, su)
  await status(second, 'invisible')
  expect(await heard(first)).toEqual([])
  expect(await heard(ben)).toEqual(['gn_user_disconnected'])
  expect(await idsIn(ben)).toEqual(['2', '5'])
  // A new session, and a new one after the last has gone, are as invisible.
  const third = await inside('1')
  for (const client of [first, second, third]) client.close()
  await until(() => su.named('gn_user_left').length > 0 || undefined)
  const again = await inside('1')
  expect(await heard(ben)).toEqual(['gn_user_disconnected'])
  expect(await idsIn(ben)).toEqual(['2', '5'])
  await status(again, 'online')
  expect((await ben.next('gn_user_joined')).actor.id).toBe('1')
  again.close()
  await ben.next('gn_user_left')
  await inside('1')
  expect(await idsIn(ben)).toEqual(['1', '2', '5'])
})

test('a log-in may be invisible, and hides the other sessions too', async () => {
  const [ben, su] = [await inside('2'), await inside('5')]
  const hidden = { ...(loginOf('1') as { actor: object }) }
  hidden.actor = { ...hidden.actor, content: 'invisible' }
  const anna = await open()
  const { data } = await anna.request('login', hidden)
  expect(data.data.actor.summary).toBe('online')
  await anna.request('join', at('plain'))
  expect(await heard(ben)).not.toContain('gn_user_disconnected')
  expect(await idsIn(ben)).toEqual(['2', '5'])
  await status(anna, 'online')
  await quiet(ben, su)
  await (await open(2)).request('login', hidden)
  expect((await ben.next('gn_user_disconnected')).actor.id).toBe('1')
  expect((await su.next('gn_user_invisible')).actor.id).toBe('1')
  expect(await idsIn(ben)).toEqual(['2', '5'])
})

test('a new log-in brings back who was offline with another session', async () => {
  const [anna, ben] = [await inside('1'), await inside('2')]
  await status(anna, 'offline')
  await quiet(ben)
  await loggedIn('1', 2)
  expect((await ben.next('gn_user_joined')).actor.id).toBe('1')
  expect((await anna.request('join', at('other'))).code).toBe(200)
})

test('nobody but operators can find out that somebody invisible is inside', async () => {
  const [anna, ben, carl] = [await inside('1'), await inside('2'), await inside('3', ['plain'], 2)]
  await status(anna, 'invisible')
  await quiet(ben, carl)
  const before = await countOf(ben)
  // Whatever an invisible user does but speak.
  await anna.request('join', at('other'))
  await anna.request('join', at('plain'))
  await anna.request('leave', at('other'))
  await anna.request('leave', at('young'))
  await anna.request('update_user_info', info({ mood: 'sly' }))
  await anna.request('update_user_info', info({ mood: 'sly' }, { target: { id: server.rooms.plain } }))
  const { data } = await ben.request('message', say('plain', 'who is there?'))
  const ack = { target: { id: server.rooms.plain }, object: { attachments: [{ id: data.data.id }] } }
  expect((await anna.request('received', { verb: 'receive', ...ack })).code).toBe(200)
  expect((await anna.request('read', { verb: 'read', ...ack })).code).toBe(200)
  await status(anna, 'offline')
  await status(anna, 'invisible')
  const second = await inside('1', ['plain', 'other'])
  second.close()
  // Whatever others ask.
  for (const client of [ben, carl]) {
    expect(await idsIn(client)).not.toContain('1')
    expect(await idsIn(client, 'other')).not.toContain('1')
    const joined = await client.request('join', at('other'))
    expect(joined.data.data.object.attachments[3].attachments.map(({ id }: { id: string }) => id)).not.toContain('1')
  }
  expect(await countOf(carl)).toBe(before)
  for (const client of [ben, carl]) {
    await client.settle()
    const told = client.pushes.filter((push: Push) => push.data?.actor?.id === '1')
    expect(told).toEqual([])
  }
  // Those who see it all.
  const su = await loggedIn('5')
  expect(await idsIn(su)).toContain('1')
})

test('operators hear of the hidden also right after their own account has changed', async () => {
  const [anna, su, ben] = [await inside('1'), await inside('5'), await inside('2')]
  await status(su, 'invisible')
  await status(su, 'online')
  await quiet(anna, su, ben)
  await status(anna, 'invisible')
  expect(await heard(su)).toEqual(['gn_user_invisible'])
  expect(await heard(ben)).toEqual(['gn_user_disconnected'])
})

test('many changes of a status at once end in one that everything agrees with', async () => {
  const sessions = [await inside('1'), await inside('1', ['plain'], 2), await inside('1', ['other'])]
  const [ben, su] = [await inside('2', ['plain', 'other']), await inside('5', ['plain', 'other'])]
  const verbs = ['invisible', 'online', 'offline', 'invisible', 'online', 'invisible']
  const answers = await Promise.all(sessions.flatMap(each => verbs.map(verb => status(each, verb))))
  expect(new Set(answers.map(({ code }) => code))).toEqual(new Set([200]))
  await status(sessions[0] as DinoClient, 'invisible')
  for (const ref of ['plain', 'other']) {
    expect(await idsIn(ben, ref)).toEqual(['2', '5'])
    expect(await countOf(ben, ref)).toBe(2)
  }
  await status(sessions[1] as DinoClient, 'online')
  for (const ref of ['plain', 'other']) {
    expect(await idsIn(ben, ref)).toEqual(['1', '2', '5'])
    expect(await countOf(su, ref)).toBe(3)
  }
})

test('when somebody was seen last is known after they have gone', async () => {
  const api = site(server.url, 'tok5')
  const seen = async () => (await api.call('GET', '/last-online', { user_id: '11' })).data
  expect(await seen()).toEqual({ user_id: '11', online_at: null })
  const client = await loggedIn('11')
  expect(Date.parse((await seen()).online_at)).toBeGreaterThan(0)
  await status(client, 'invisible')
  const hidden = (await seen()).online_at
  expect(Date.parse(hidden)).toBeGreaterThan(0)
  client.close()
  await (await loggedIn('2')).settle()
  expect((await seen()).online_at).toBe(hidden)
})

describe('sessions of one user', () => {
  test('begin without a word, unless the site wants it otherwise', async () => {
    const ben = await inside('2', ['private'])
    await quiet(ben)
    await loggedIn('1')
    expect(await heard(ben)).toEqual([])
  })

  test('close one by one: the user is inside until the last of those that joined has gone', async () => {
    const [phone, laptop, idle] = [await inside('1'), await inside('1', ['plain', 'other'], 2), await loggedIn('1')]
    const ben = await inside('2', ['plain', 'other'])
    await quiet(ben)
    idle.close()
    phone.close()
    await ben.request('message', say('plain', 'anybody?'))
    await laptop.next('message')
    expect(await heard(ben)).toEqual(['message'])
    expect(await idsIn(ben)).toEqual(['1', '2'])
    laptop.close()
    await until(() => ben.named('gn_user_left').length === 2 || undefined)
    expect(
      ben
        .named('gn_user_left')
        .map(({ target }) => target.id)
        .sort(),
    ).toEqual([server.rooms.plain, server.rooms.other].sort())
  })

  test('leave one by one, and whoever only listens elsewhere hears nothing of the room', async () => {
    const [one, two] = [await inside('1'), await inside('1', ['plain', 'other'], 2)]
    const ben = await inside('2')
    await quiet(one, two, ben)
    expect((await one.request('leave', at('plain'))).code).toBe(200)
    expect(await heard(ben)).toEqual([])
    expect((await one.request('message', say('plain', 'from outside'))).code).toBe(200)
    await two.next('message')
    expect(await heard(one)).toEqual([])
    expect((await two.request('leave', at('plain'))).code).toBe(200)
    expect((await ben.next('gn_user_left')).actor.id).toBe('1')
    expect((await two.request('message', say('plain', 'nobody inside'))).code).toBe(702)
  })
})

test('a room that one is not in is left with a word only where one might have been', async () => {
  const [anna, carl] = [await loggedIn('1'), await loggedIn('3')]
  const ben = await inside('2')
  const owner = await inside('9', ['closed', 'plain'])
  const member = await inside('2', ['private'])
  await quiet(ben, owner, member)
  for (const ref of ['plain', 'closed']) expect((await anna.request('leave', at(ref))).code).toBe(200)
  expect((await carl.request('leave', at('private'))).code).toBe(200)
  expect((await ben.next('gn_user_left')).actor).toEqual({ id: '1', displayName: base64('user1') })
  expect(await heard(member)).toEqual([])
  expect(await heard(owner)).toEqual(['gn_user_left'])
  expect(owner.named('gn_user_left')[0].target.id).toBe(server.rooms.plain)
  // Spoken for nobody else.
  const spoof = { ...at('plain'), actor: { id: '2', displayName: base64('user2') } }
  await quiet(owner)
  await anna.request('leave', spoof)
  expect((await owner.next('gn_user_left')).actor.id).toBe('1')
})

describe('what users say of themselves', () => {
  test('is answered as it was sent, told to every room once, and shown from then on', async () => {
    const [anna, ben] = [await inside('1', ['plain', 'other']), await inside('2', ['plain', 'other'], 2)]
    const carl = await inside('3', ['other'])
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
    expect(await detailsOf(ben, '1')).toMatchObject({ city: 'Bern', age: '30', is_streaming: '1', mood: 'fein ✓' })
    const joined = await (await loggedIn('9')).request('join', at('plain'))
    const shown = joined.data.data.object.attachments[3].attachments.find((each: { id: string }) => each.id === '1')
    expect(shown.attachments).toContainEqual({ objectType: 'mood', content: base64('fein ✓') })
    // Who comes anew streams no more; the rest is kept.
    anna.close()
    await ben.next('gn_user_left')
    await inside('1')
    expect(await detailsOf(ben, '1')).toMatchObject({ is_streaming: '0', mood: 'fein ✓' })
  })

  test('is told to the target room alone, in which one has to be', async () => {
    const [anna, ben, carl] = [await inside('1', ['plain', 'other']), await inside('2'), await inside('3', ['other'])]
    await quiet(anna, ben, carl)
    const to = (ref: string) => info({ avatar: 'http://x/y.jpg' }, { target: { id: server.rooms[ref] } })
    expect((await anna.request('update_user_info', to('plain'))).data.data.target).toEqual({ id: server.rooms.plain })
    expect((await ben.next('gn_user_info_updated')).target).toBeUndefined()
    expect(await heard(carl)).toEqual([])
    expect((await carl.request('update_user_info', to('plain'))).code).toBe(702)
    expect((await carl.request('update_user_info', to('private'))).code).toBe(802)
    const unknown = { id: '00000000-0000-4000-8000-000000000000' }
    expect((await carl.request('update_user_info', info({ a: 'b' }, { target: unknown }))).code).toBe(802)
    expect(await detailsOf(await loggedIn('9'), '3', 'other')).toEqual({ user_name: 'user3' })
  })

  test('is refused with the code of what is wrong, and nothing of it is kept', async () => {
    const [ben, carl] = [await inside('2'), await inside('3')]
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
    expect(await detailsOf(carl, '2')).toEqual({ user_name: 'user2' })
  })

  test('changes no prototype and no field of the account', async () => {
    const [ben, carl] = [await inside('2'), await inside('3')]
    const json = `{"verb":"update","object":{"attachments":[{"objectType":"__proto__","content":"${base64('x')}"}]}}`
    expect((await ben.request('update_user_info', JSON.parse(json))).code).toBe(705)
    const names = { constructor: 'x', toString: 'y', roles: 'superuser', id: '5', membership: 'vip' }
    expect((await ben.request('update_user_info', info(names))).code).toBe(200)
    expect(await detailsOf(carl, '2')).toMatchObject({ ...names, user_name: 'user2' })
    expect((await usersIn(carl)).find(({ id }) => id === '2')).toMatchObject({ content: '', objectType: 'user' })
    expect(server.output()).not.toMatch(/bug|unhandled|uncaught/i)
  })

  test('grows to a size and no further, by whatever steps', async () => {
    const [carl, ben] = [await inside('3'), await inside('2')]
    const codes: number[] = []
    for (let n = 0; n < 6; n++)
      codes.push((await carl.request('update_user_info', info({ [`part${n}`]: 'x'.repeat(1_000) }))).code)
    expect(codes).toEqual([200, 200, 200, 200, 716, 716])
    // What takes less room than before may change all the same.
    expect((await carl.request('update_user_info', info({ part0: 'less' }))).code).toBe(200)
    expect((await detailsOf(ben, '3')).part0).toBe('less')
  })

  test('opens no door, whatever the user says of their age', async () => {
    const young = await loggedIn('10')
    expect((await young.request('join', at('old'))).code).toBe(705)
    expect((await young.request('update_user_info', info({ age: '40' }))).code).toBe(200)
    expect((await young.request('join', at('old'))).code).toBe(705)
    expect((await young.request('join', at('young'))).code).toBe(200)
    expect((await detailsOf(young, '10', 'young')).age).toBe('40')
    expect((await (await loggedIn('10', 2)).request('join', at('old'))).code).toBe(705)
  })

  test('is all there when several sessions say something at once', async () => {
    const sessions = await Promise.all(Array.from({ length: 12 }, () => loggedIn('9')))
    await sessions[0]?.request('join', at('plain'))
    const answers = await Promise.all(
      sessions.map((each, n) => each.request('update_user_info', info({ [`n${n}`]: `${n}` }))),
    )
    expect(answers.map(({ code }) => code)).toEqual(sessions.map(() => 200))
    const details = await detailsOf(sessions[0] as DinoClient, '9')
    expect(sessions.map((_, n) => details[`n${n}`])).toEqual(sessions.map((_, n) => `${n}`))
  })

  test('gives way to what the operator says anew of the same', async () => {
    const [carl, ben] = [await inside('3'), await inside('2')]
    await carl.request('update_user_info', info({ part0: '', city: 'Rome' }))
    await carl.request('update_user_info', info({ city: 'Rome' }))
    expect((await detailsOf(ben, '3')).city).toBe('Rome')
    const attributes = { city: 'Bern' }
    const file = `${server.data}.again.json`
    await writeFile(file, JSON.stringify({ users: [{ id: '3', username: 'user3', attributes }] }))
    expect((await server.command('import', file)).err).toBe('')
    expect((await detailsOf(ben, '3')).city).toBe('Bern')
  })
})

describe('an ignore list', () => {
  test('hides users from lists, and rooms of theirs, but not from operators and nobody else', async () => {
    const [anna, dan, su, ben] = [await inside('1'), await inside('4'), await inside('7'), await inside('2')]
    expect(await idsIn(dan)).toEqual(['2', '4', '7'])
    for (const client of [su, ben, anna]) expect(await idsIn(client)).toEqual(['1', '2', '4', '7'])
    const roomsOf = async (client: DinoClient) => {
      const { data } = await client.request('list_rooms', { verb: 'list', object: { url: server.channels.c } })
      return data.data.object.attachments.map(({ id }: { id: string }) => id)
    }
    expect(await roomsOf(dan)).not.toContain(server.rooms.mine)
    expect(await roomsOf(dan)).toContain(server.rooms.other)
    for (const client of [su, ben]) expect(await roomsOf(client)).toContain(server.rooms.mine)
    const refused = await dan.request('join', at('mine'))
    expect([refused.code, refused.data.error]).toEqual([705, 'matches ignore list'])
    expect((await su.request('join', at('mine'))).code).toBe(200)
    // The one whose every room is an ignored owner's.
    const eve = await loggedIn('8')
    expect(await roomsOf(eve)).toEqual([server.rooms.mine])
  })
})
