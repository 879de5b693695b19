// What a conversation on Dino's wire is like, with both generations of its clients and both transports, against a real
// server process.
import { writeFile } from 'node:fs/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startServer, type TestServer, type World } from '../server.ts'
import { base64, DinoClient, type Generation, loginOf, plain, type Transport, until } from './client.ts'

const user = (id: string, more: object = {}) => ({
  id,
  username: `user${id}`,
  tokens: [`tok${id}`, `alt${id}`],
  ...more,
})
const room = (ref: string, more: object = {}) => ({ ref, channel: 'c', name: `${ref} room`, ...more })

const WORLD: World = {
  users: [
    user('1', { attributes: { gender: 'w', avatar: 'http://x/y.jpg', token: 'secret', user_id: '1' } }),
    user('2', { attributes: { user_type: '9' } }),
    user('3'),
    user('4', { excluded: ['3'] }),
    user('5', { roles: ['superuser'] }),
    user('6'),
    user('7'),
    { id: '8', username: 'Müller', tokens: ['tok8'] },
  ],
  channels: [
    { ref: 'c', name: 'channel', sort: 2 },
    { ref: 'empty', name: 'empty', sort: 1 },
  ],
  rooms: [
    room('plain', { sort: 2 }),
    room('second', { sort: 1 }),
    room('private', { kind: 'private', owners: ['1', '2'] }),
    room('fleeting', { kind: 'temporary', owners: ['1'] }),
    room('lost', { kind: 'temporary', owners: ['1'] }),
    room('muted'),
    room('banned'),
    room('quarrel'),
    room('auto', { acls: [{ action: 'autojoin', type: 'user_type', value: '9' }] }),
    room('silent', { acls: [{ action: 'message', type: 'disallow', value: '' }] }),
    room('twin-a', { name: 'Twin' }),
    room('twin-b', { name: 'twin' }),
    room('main-a', { name: 'Main' }),
    room('main-b', { name: 'main', default: true }),
  ],
  blacklist: ['BadWord'],
  sanctions: [
    { kind: 'mute', user: '6', scope: 'room', target: 'muted', until: '2099-01-01T00:00:00Z', reason: 'too loud' },
    { kind: 'ban', user: '6', scope: 'room', target: 'banned', until: '2099-01-01T00:00:00Z' },
    { kind: 'ban', user: '7', scope: 'global', until: '2099-01-01T00:00:00Z', reason: 'spam' },
  ],
}

let server: TestServer
const clients: DinoClient[] = []

beforeAll(async () => {
  server = await startServer({ world: WORLD })
})
afterEach(() => {
  for (const client of clients.splice(0)) client.close()
})
afterAll(() => server.remove())

async function open(generation: Generation = 4, transports?: readonly Transport[]): Promise<DinoClient> {
  const client = await DinoClient.open(server.url, transports ? { generation, transports } : { generation })
  clients.push(client)
  return client
}

async function loggedIn(id: string, generation: Generation = 4): Promise<DinoClient> {
  const client = await open(generation)
  expect((await client.login(id)).code).toBe(200)
  return client
}

const at = (ref: string) => ({ verb: 'x', target: { id: server.rooms[ref] } })
const to = (ref: string, text: string, more: object = {}) => ({
  verb: 'send',
  target: { id: server.rooms[ref], objectType: 'room' },
  object: { content: base64(text) },
  ...more,
})

const WAYS: readonly (readonly [Generation, readonly Transport[]])[] = [
  [2, ['websocket']],
  [2, ['polling']],
  [2, ['polling', 'websocket']],
  [4, ['websocket']],
  [4, ['polling']],
  [4, ['polling', 'websocket']],
]

describe.each(WAYS)('socket.io-client %i over %j', (generation, transports) => {
  test('logs in, joins, is heard and hears, reads it again, and leaves', async () => {
    const [anna, ben] = [await open(generation, transports), await loggedIn('2')]
    expect((await anna.login('1')).data.data.actor).toMatchObject({ id: '1', displayName: base64('user1') })
    await ben.request('join', at('plain'))
    const joined = await anna.request('join', at('plain'))
    const users = joined.data.data.object.attachments[3].attachments
    expect(users.map(({ id }: { id: string }) => id)).toEqual(['2'])
    expect((await ben.next('gn_user_joined', ({ actor }) => actor.id === '1')).target.displayName).toBe(
      base64('plain room'),
    )
    await anna.next('gn_user_joined', ({ actor }) => actor.id === '1')
    const text = `héllo 😀 ${generation} ${transports}`
    const sent = await anna.request('message', to('plain', text))
    expect(await ben.next('message')).toEqual(sent.data.data)
    expect(await anna.next('message')).toEqual(sent.data.data)
    expect(await anna.next('gn_message')).toEqual(sent.data)
    await ben.request('message', to('plain', 'and back'))
    expect(plain((await anna.next('message', ({ actor }) => actor.id === '2')).object.content)).toBe('and back')
    const history = await anna.request('history', at('plain'))
    const texts = history.data.data.object.attachments.map(({ content }: { content: string }) => plain(content))
    expect(texts.slice(0, 2)).toEqual(['and back', text])
    expect((await anna.request('leave', at('plain'))).data).toEqual({ status_code: 200, data: null })
    expect((await ben.next('gn_user_left')).actor).toEqual({ id: '1', displayName: base64('user1') })
  })

  test('an event that nobody knows is acked without arguments', async () => {
    const client = await open(generation, transports)
    expect((await client.request('make_coffee', { verb: 'x' })).ack).toEqual([])
    // The old client keeps this name for itself.
    if (generation === 4) expect((await client.request('error', { verb: 'x' })).ack).toEqual([])
    expect(client.pushes.map(({ event }) => event)).toEqual(['gn_connect'])
  })
})

test('the message reaches the room before its sender is answered', async () => {
  const client = await loggedIn('1')
  await client.request('join', at('plain'))
  await client.request('message', to('plain', 'order'))
  const order = client.pushes.map(({ event }) => event).filter(event => event === 'message' || event === 'gn_message')
  expect(order).toEqual(['message', 'gn_message'])
})

test('a hundred messages sent at once arrive once each and in their order', async () => {
  const [anna, ben] = [await loggedIn('1'), await loggedIn('2', 2)]
  await anna.request('join', at('plain'))
  await ben.request('join', at('plain'))
  const wanted = Array.from({ length: 100 }, (_, n) => `${n}`)
  const replies = await Promise.all(wanted.map(text => anna.request('message', to('plain', text))))
  expect(new Set(replies.map(({ code }) => code))).toEqual(new Set([200]))
  await ben.settle()
  for (const client of [anna, ben])
    expect(client.named('message').map(({ object }) => plain(object.content))).toEqual(wanted)
})

test('what is sent while somebody joins is neither lost nor shown before the answer', async () => {
  const [anna, ben] = [await loggedIn('1'), await loggedIn('2')]
  await anna.request('join', at('second'))
  const sending = Array.from({ length: 40 }, (_, n) => anna.request('message', to('second', `during ${n}`)))
  const joined = await ben.request('join', at('second'))
  await Promise.all(sending)
  await ben.settle()
  const answer = ben.pushes.findIndex(({ event }) => event === 'gn_join')
  const first = ben.pushes.findIndex(
    ({ event, data }) => event === 'message' || (event === 'gn_user_joined' && data.target.id === server.rooms.second),
  )
  expect(answer).toBeLessThan(first)
  const before = joined.data.data.object.attachments[1].attachments.map(({ content }: { content: string }) => content)
  const after = ben.named('message').map(({ object }) => object.content)
  const seen = new Set([...before, ...after].map(plain).filter(text => text.startsWith('during')))
  expect(seen.size).toBe(40)
})

test('extra fields, a verb of its own and the client’s own id: the first two come back, the last does not', async () => {
  const [anna, ben] = [await loggedIn('1'), await loggedIn('2')]
  for (const client of [anna, ben]) await client.request('join', at('plain'))
  const more = {
    verb: 'shout',
    id: 'mine',
    published: '2001-01-01T00:00:00Z',
    foo: { bar: [1, null] },
    actor: { id: '9', summary: 's' },
  }
  const { data } = await anna.request('message', to('plain', 'x', more))
  const push = await ben.next('message')
  expect(push).toEqual(data.data)
  expect(push).toMatchObject({
    verb: 'shout',
    foo: { bar: [1, null] },
    actor: { id: '1', summary: 's', displayName: base64('user1') },
  })
  expect(push.id).not.toBe('mine')
  expect(push.published).not.toBe('2001-01-01T00:00:00Z')
})

test('what a client claims about itself at log-in is not believed', async () => {
  const client = await open()
  const login = loginOf('1') as { actor: { attachments: object[] } }
  login.actor.attachments.push({ objectType: 'user_type', content: '9' }, { objectType: 'gender', content: 'm' })
  expect((await client.request('login', login)).code).toBe(200)
  await client.settle()
  expect(client.named('gn_user_joined')).toEqual([])
  await client.request('join', at('plain'))
  const { attachments } = (await client.next('gn_user_joined')).actor
  expect(attachments).toEqual([
    { objectType: 'user_name', content: base64('user1') },
    { objectType: 'gender', content: base64('w') },
    { objectType: 'avatar', content: base64('http://x/y.jpg') },
  ])
})

test('who meets the rules of an auto-join room is in it after logging in, under their own name', async () => {
  const client = await open()
  await client.login('2')
  const push = await client.next('gn_user_joined')
  expect(push.target.displayName).toBe(base64('auto room'))
  expect(push.actor.displayName).toBe(base64('user2'))
})

test('a name is the user’s own, not another’s, not the server’s, and is kept until it changes', async () => {
  const refused = async (name: string) => {
    const client = await open()
    return (await client.login('3', name)).code
  }
  expect([
    await refused('user1'),
    await refused('USER1'),
    await refused(' us\u200ber1 '),
    await refused('Admins'),
  ]).toEqual([705, 705, 705, 705])
  const client = await open()
  expect((await client.login('3', 'Dritte')).data.data.actor.displayName).toBe(base64('Dritte'))
  await client.request('join', at('plain'))
  expect((await client.next('gn_user_joined')).actor.displayName).toBe(base64('Dritte'))
  const umlaut = await open()
  expect((await umlaut.login('8', 'Müller')).code).toBe(200)
})

test('a failed log-in is answered, then the namespace is closed', async () => {
  const client = await open(2)
  expect((await client.login('1', 'user1', 'wrong')).code).toBe(705)
  expect(client.disconnected).toBe(false)
  expect(await until(() => client.disconnected || undefined)).toBe(true)
})

test('a banned user is told so and may not log in', async () => {
  const client = await open()
  const { data } = await client.login('7')
  expect(data.status_code).toBe(703)
  const { object, target } = await client.next('gn_banned')
  expect(target).toEqual({ objectType: 'global' })
  expect(object.content).toBe(base64('spam'))
  expect(object.summary).toBeGreaterThan(1_000_000)
})

test('a muted user gets 703 with the mute under data and error, and a banned one the same at the door', async () => {
  const client = await loggedIn('6')
  await client.request('join', at('muted'))
  const { data } = await client.request('message', to('muted', 'hey'))
  expect(data.status_code).toBe(703)
  expect(data.data).toMatchObject({
    verb: 'mute',
    object: { content: base64('too loud') },
    target: { objectType: 'room', id: server.rooms.muted, displayName: base64('muted room') },
  })
  expect(Number(data.data.object.summary)).toBeGreaterThan(1_000_000)
  expect(data.error).toEqual(data.data)
  const joined = await client.request('join', at('banned'))
  expect([joined.code, joined.data.error.verb, joined.data.error.object.content]).toEqual([703, 'ban', ''])
})

test('a ban takes every session of the user out of the room at once', async () => {
  const [one, two, anna] = [await loggedIn('3'), await loggedIn('3', 2), await loggedIn('1')]
  for (const client of [one, two, anna]) await client.request('join', at('quarrel'))
  const sanctions = [{ kind: 'ban', user: '3', scope: 'room', target: 'quarrel', until: '2099-01-01T00:00:00Z' }]
  const file = `${server.data}.quarrel.json`
  await writeFile(file, JSON.stringify({ sanctions }))
  expect((await server.command('import', file)).err).toBe('')
  expect((await anna.next('gn_user_kicked')).object.id).toBe('3')
  const from = [one, two].map(client => client.pushes.length)
  await anna.request('message', to('quarrel', 'peace at last'))
  for (const [index, client] of [one, two].entries()) {
    await client.settle()
    expect(client.pushes.slice(from[index]).map(({ event }) => event)).toEqual([])
    expect((await client.request('message', to('quarrel', 'x'))).code).toBe(702)
    expect((await client.request('join', at('quarrel'))).code).toBe(703)
  }
})

test('a second session may send into the room its user is in, hears nothing until it joins, and leaves nobody behind', async () => {
  const [first, second, other] = [await loggedIn('1'), await loggedIn('1', 2), await loggedIn('3')]
  await first.request('join', at('plain'))
  await other.request('join', at('plain'))
  expect((await second.request('message', to('plain', 'from the second'))).code).toBe(200)
  expect(plain((await first.next('message')).object.content)).toBe('from the second')
  await second.settle()
  expect(second.named('message')).toEqual([])
  await second.request('join', at('plain'))
  first.close()
  await other.settle()
  await other.request('message', to('plain', 'still there?'))
  await second.next('message')
  expect(other.named('gn_user_left')).toEqual([])
  second.close()
  expect((await other.next('gn_user_left')).actor.id).toBe('1')
})

test('a private room is seen by its owners alone, and its messages reach them without joining', async () => {
  const [anna, ben, carl] = [await loggedIn('1'), await loggedIn('2', 2), await loggedIn('3')]
  const listed = async (client: DinoClient) => {
    const { data } = await client.request('list_rooms', { verb: 'list', object: { url: server.channels.c } })
    return data.data.object.attachments.map(({ displayName }: { displayName: string }) => plain(displayName))
  }
  expect(await listed(anna)).toContain('private room')
  expect(await listed(carl)).not.toContain('private room')
  expect((await carl.request('join', at('private'))).code).toBe(705)
  expect((await carl.request('history', at('private'))).code).toBe(705)
  expect((await carl.request('users_in_room', at('private'))).data.data.object.attachments).toEqual([])
  const target = { id: server.rooms.private, objectType: 'private' }
  expect((await carl.request('message', to('plain', 'x', { target }))).code).toBe(702)
  const { data } = await anna.request('message', to('plain', 'between us', { target }))
  for (const client of [anna, ben]) expect(await client.next('message')).toEqual(data.data)
  expect(data.data.target).toEqual({ id: server.rooms.private, objectType: 'private', displayName: '' })
  await carl.settle()
  expect(carl.named('message')).toEqual([])
})

test('two users talk by their ids, on every session of either, and read it again', async () => {
  const [anna, carl, again] = [await loggedIn('1'), await loggedIn('3'), await loggedIn('3', 2)]
  const private_ = (id: string) => ({ target: { id, objectType: 'private' } })
  const { data, code } = await anna.request('message', to('plain', 'just you', private_('3')))
  expect(code).toBe(200)
  for (const client of [anna, carl, again]) expect(await client.next('message')).toEqual(data.data)
  const back = await carl.request('message', to('plain', 'and you', private_('1')))
  expect(back.data.data.target.id).toBe(data.data.target.id)
  const { data: read } = await anna.request('history', { verb: 'list', target: { id: '3' } })
  expect(read.data.object.attachments.map(({ content }: { content: string }) => plain(content))).toEqual([
    'and you',
    'just you',
  ])
  expect((await anna.request('message', to('plain', 'x', private_('1')))).code).toBe(705)
  expect((await anna.request('message', to('plain', 'x', private_('424242')))).code).toBe(800)
})

test('a word that is not let through reaches its sender alone and is kept nowhere', async () => {
  const [anna, ben, su] = [await loggedIn('1'), await loggedIn('2'), await loggedIn('5')]
  for (const client of [anna, ben, su]) await client.request('join', at('second'))
  const { code } = await anna.request('message', to('second', 'what a bAdwOrd'))
  expect(code).toBe(200)
  expect(plain((await anna.next('message')).object.content)).toBe('what a bAdwOrd')
  await su.request('message', to('second', 'badword, says the superuser'))
  await ben.next('message', ({ object }) => plain(object.content).includes('superuser'))
  expect(ben.named('message')).toHaveLength(1)
  const { data } = await ben.request('history', at('second'))
  const texts = data.data.object.attachments.map(({ content }: { content: string }) => plain(content))
  expect(texts).not.toContain('what a bAdwOrd')
})

test('an ACL on messages refuses with its text', async () => {
  const client = await loggedIn('1')
  await client.request('join', at('silent'))
  const { data } = await client.request('message', to('silent', 'x'))
  expect(data).toMatchObject({
    status_code: 705,
    error: 'acl "disallow" did not validate for target acl "": not allowed',
  })
  expect(data.message).toBe(data.error)
})

test('rooms that share a name are told apart by the default room, or not at all', async () => {
  const client = await loggedIn('1')
  const byName = (id: string) => client.request('join', { verb: 'join', target: { id, objectType: 'name' } })
  expect((await byName('twin')).code).toBe(715)
  expect((await byName('MAIN')).data.data.target.id).toBe(server.rooms['main-b'])
  expect((await byName('no such room')).code).toBe(802)
  const gone = await client.request('leave', { verb: 'leave', target: { id: 'no such room', objectType: 'name' } })
  expect(gone.data).toEqual({ status_code: 200, data: null })
})

test('lists are sorted, count whom one may see, and an empty channel is a mix', async () => {
  const [anna, ben] = [await loggedIn('6'), await loggedIn('2')]
  await ben.request('join', at('plain'))
  const channels = (await anna.request('list_channels', { verb: 'list' })).data.data.object.attachments
  expect(channels.map(({ displayName }: { displayName: string }) => plain(displayName))).toEqual(['empty', 'channel'])
  expect(channels.map(({ objectType }: { objectType: string }) => objectType)).toEqual(['mix', 'mix'])
  const rooms = (await anna.request('list_rooms', { verb: 'list', object: { url: server.channels.c } })).data.data
    .object
  const sorts = rooms.attachments.map(({ url }: { url: number }) => url)
  expect(sorts).toEqual([...sorts].sort((a, b) => a - b))
  const plainRoom = rooms.attachments.find(({ id }: { id: string }) => id === server.rooms.plain)
  expect(plainRoom).toMatchObject({ summary: 1, objectType: 'static', content: '' })
})

test('who excludes somebody does not see them in a room', async () => {
  const [dora, carl] = [await loggedIn('4'), await loggedIn('3')]
  await carl.request('join', at('plain'))
  await dora.request('join', at('plain'))
  const { data } = await dora.request('users_in_room', at('plain'))
  expect(data.data.object.attachments.map(({ id }: { id: string }) => id)).toEqual(['4'])
})

test('an invisible user is seen by operators alone', async () => {
  const [ghost, ben, su] = [await open(), await loggedIn('2'), await loggedIn('5')]
  for (const client of [ben, su]) await client.request('join', at('plain'))
  const login = loginOf('1') as { actor: { content?: string } }
  login.actor.content = 'invisible'
  await ghost.request('login', login)
  await ghost.request('join', at('plain'))
  expect((await su.next('gn_user_joined', ({ actor }) => actor.id === '1')).actor.objectType).toBe('invisible')
  const seen = async (client: DinoClient) => {
    const { data } = await client.request('users_in_room', at('plain'))
    return data.data.object.attachments.map(
      ({ id, objectType }: { id: string; objectType: string }) => `${id} ${objectType}`,
    )
  }
  expect(await seen(su)).toContain('1 invisible')
  expect(await seen(ben)).not.toContain('1 invisible')
  expect(ben.named('gn_user_joined').map(({ actor }) => actor.id)).not.toContain('1')
  // It would outlast the session: whoever was invisible is so again at the next log-in.
  expect((await ghost.request('status', { verb: 'online' })).code).toBe(200)
})

test('a temporary room goes when its owner leaves, and everybody is told', async () => {
  const [anna, ben] = [await loggedIn('1'), await loggedIn('2')]
  for (const client of [anna, ben]) await client.request('join', at('fleeting'))
  expect((await anna.request('leave', at('fleeting'))).code).toBe(200)
  expect((await ben.next('gn_room_removed')).target).toMatchObject({
    id: server.rooms.fleeting,
    displayName: base64('fleeting room'),
    objectType: 'room',
    attachments: [{ id: '1', objectType: 'owner' }],
  })
  expect((await ben.request('message', to('fleeting', 'x'))).code).toBe(802)
  expect((await ben.request('join', at('fleeting'))).code).toBe(802)
})

test('a temporary room whose owner is cut off stays while others are inside, and goes with the last of them', async () => {
  const [anna, ben, carl] = [await loggedIn('1'), await loggedIn('2'), await loggedIn('3')]
  for (const client of [anna, ben]) await client.request('join', at('lost'))
  anna.close()
  await ben.next('gn_user_left')
  expect((await ben.request('message', to('lost', 'alone'))).code).toBe(200)
  ben.close()
  expect((await carl.next('gn_room_removed')).target.id).toBe(server.rooms.lost)
})

test('logging in again on the same socket works, as the same user and as another', async () => {
  const [anna, ben] = [await loggedIn('1'), await loggedIn('2')]
  for (const client of [anna, ben]) await client.request('join', at('plain'))
  expect((await anna.login('1')).code).toBe(200)
  expect((await anna.request('message', to('plain', 'still inside'))).code).toBe(200)
  expect((await anna.login('3')).code).toBe(200)
  expect((await ben.next('gn_user_left')).actor.id).toBe('1')
  expect((await anna.request('message', to('plain', 'as another'))).code).toBe(702)
})

test('a session ends with its token, with the packet that closes the namespace', async () => {
  const client = await open(2)
  await client.login('6', 'user6', 'alt6')
  const { out } = await server.command('token', 'list', '--user', '6')
  const tokens = out.match(/[0-9a-f]{16}/g) ?? []
  expect(tokens.length).toBeGreaterThan(0)
  for (const token of tokens) await server.command('token', 'revoke', token)
  expect(await until(() => client.disconnected || undefined)).toBe(true)
})
