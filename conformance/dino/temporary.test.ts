// The life of temporary rooms, with real clients: who makes one go, when, and who hears of it. What takes a grace time
// is proved with the clock in hand in engine/temporary.test.ts; here it is none, or one that nobody waits for.
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { Ddp } from '../rocketchat/ddp.ts'
import { startServer, type TestServer, type World } from '../server.ts'
import { base64, DinoClient } from './client.ts'

const WORLD: World = {
  users: ['1', '2', '3', '4', '5'].map(id => ({
    id,
    username: `user${id}`,
    tokens: [`tok${id}`],
    roles: id === '5' ? ['superuser'] : [],
  })),
  channels: [{ ref: 'c', name: 'channel' }],
}

/** One for each configuration: what a test makes there is its own. */
const servers = new Map<string, Promise<TestServer>>()
const clients: { close(): void }[] = []
afterEach(() => {
  for (const client of clients.splice(0)) client.close()
})
afterAll(async () => {
  for (const server of servers.values()) await (await server).remove()
})

function start(config: Record<string, unknown>, data?: string): Promise<TestServer> {
  const key = JSON.stringify([config, data])
  const known = servers.get(key) ?? startServer(data === undefined ? { world: WORLD, config } : { data, config })
  servers.set(key, known)
  return known
}

async function loggedIn(server: TestServer, id: string, generation: 2 | 4 = 4): Promise<DinoClient> {
  const client = await DinoClient.open(server.url, { generation })
  clients.push(client)
  expect((await client.login(id)).code).toBe(200)
  return client
}

let made = 0
async function create(server: TestServer, client: DinoClient, more: object = {}): Promise<string> {
  const target = { displayName: base64(`fleeting ${made++}`), ...more }
  const { data } = await client.request('create', { verb: 'create', target, object: { url: server.channels.c } })
  return data.data.target.id
}

const join = async (client: DinoClient, id: string): Promise<number> =>
  (await client.request('join', { verb: 'join', target: { id } })).code
const leave = (client: DinoClient, id: string) => client.request('leave', { verb: 'leave', target: { id } })
const removed = (client: DinoClient, id: string) => client.next('gn_room_removed', ({ target }) => target.id === id)
const speak = async (client: DinoClient, id: string): Promise<number> => {
  const target = { id, objectType: 'room' }
  return (await client.request('message', { verb: 'send', target, object: { content: base64('hello') } })).code
}

test('a room that was made goes when its maker leaves it, whoever else is inside; the others may go on to make one anew', async () => {
  const server = await start({ rooms: { grace: 600 } })
  const [anna, ben, carl] = [await loggedIn(server, '1'), await loggedIn(server, '2', 2), await loggedIn(server, '3')]
  const id = await create(server, anna)
  for (const client of [anna, ben]) expect(await join(client, id)).toBe(200)
  await leave(anna, id)
  for (const client of [anna, ben, carl]) {
    const { actor, target } = await removed(client, id)
    expect(actor).toEqual({ id: '0', displayName: '' })
    expect(target.attachments).toEqual([{ id: '1', objectType: 'owner', displayName: base64('user1') }])
  }
  expect([await join(ben, id), await speak(ben, id)]).toEqual([802, 802])
})

test('an owner who is cut off takes the room along when the grace time is over', async () => {
  const server = await start({ rooms: { grace: 0 } })
  const [anna, ben] = [await loggedIn(server, '1'), await loggedIn(server, '2')]
  const id = await create(server, anna)
  for (const client of [anna, ben]) expect(await join(client, id)).toBe(200)
  anna.close()
  await removed(ben, id)
})

test('an owner who comes back in the grace time keeps the room', async () => {
  const server = await start({ rooms: { grace: 3 } })
  const [anna, ben] = [await loggedIn(server, '1'), await loggedIn(server, '2')]
  const [kept, lost] = [await create(server, anna), await create(server, anna)]
  const other = await loggedIn(server, '3')
  const third = await create(server, other)
  for (const id of [kept, lost, third]) expect(await join(ben, id)).toBe(200)
  for (const id of [kept, lost]) expect(await join(anna, id)).toBe(200)
  expect(await join(other, third)).toBe(200)
  const back = await DinoClient.open(server.url)
  clients.push(back)
  anna.close()
  await ben.next('gn_user_left', ({ actor, target }) => actor.id === '1' && target.id === kept)
  expect((await back.login('1')).code).toBe(200)
  expect(await join(back, kept)).toBe(200)
  other.close()
  // Begun after the other, so that its end is behind what would have been theirs.
  await removed(ben, third)
  expect([await speak(ben, kept), await speak(ben, lost)]).toEqual([200, 200])
})

test('a session that is left keeps the room', async () => {
  const server = await start({ rooms: { grace: 0 } })
  const [anna, again, ben] = [await loggedIn(server, '1'), await loggedIn(server, '1'), await loggedIn(server, '2')]
  const [id, other] = [await create(server, anna), await create(server, ben)]
  for (const client of [anna, again, ben]) expect(await join(client, id)).toBe(200)
  anna.close()
  await join(ben, other)
  await leave(ben, other)
  await removed(again, other)
  expect(await speak(ben, id)).toBe(200)
  again.close()
  await removed(ben, id)
})

test('a room that is empty goes at once, also when only a connection was lost; a private one stays', async () => {
  const server = await start({ rooms: { grace: 600 } })
  const [anna, ben, carl] = [await loggedIn(server, '1'), await loggedIn(server, '2'), await loggedIn(server, '3')]
  const [left, lost] = [await create(server, anna), await create(server, anna)]
  const own = await create(server, anna, { objectType: 'private' })
  for (const id of [left, lost]) expect(await join(ben, id)).toBe(200)
  await leave(ben, left)
  await removed(carl, left)
  ben.close()
  await removed(carl, lost)
  await join(anna, own)
  await leave(anna, own)
  expect(await join(anna, own)).toBe(200)
})

test('with until-empty it stays while anybody is inside', async () => {
  const server = await start({ rooms: { temporary: 'until-empty', grace: 0 } })
  const [anna, ben, carl] = [await loggedIn(server, '1'), await loggedIn(server, '2'), await loggedIn(server, '3')]
  const [id, other] = [await create(server, anna), await create(server, carl)]
  for (const client of [anna, ben]) expect(await join(client, id)).toBe(200)
  await leave(anna, id)
  anna.close()
  await join(carl, other)
  await leave(carl, other)
  await removed(ben, other)
  expect(await speak(ben, id)).toBe(200)
  ben.close()
  await removed(carl, id)
})

test('with delayedRemoval an empty room waits', async () => {
  const server = await start({ dino: { delayedRemoval: true } })
  const [anna, ben] = [await loggedIn(server, '1'), await loggedIn(server, '2')]
  const id = await create(server, anna)
  expect(await join(ben, id)).toBe(200)
  await leave(ben, id)
  await anna.settle()
  expect(anna.named('gn_room_removed')).toEqual([])
  expect(await join(ben, id)).toBe(200)
})

describe('a kick and a ban', () => {
  test.each([
    ['kick', {}],
    ['ban', { summary: '5m' }],
  ])('%s: of the last owner ends the room for all, of the last one inside too', async (event, more) => {
    const server = await start({ rooms: { grace: 600 } })
    const [anna, ben, su] = [await loggedIn(server, '1'), await loggedIn(server, '2'), await loggedIn(server, '5')]
    const [owned, empty] = [await create(server, anna), await create(server, anna)]
    for (const client of [anna, ben]) expect(await join(client, owned)).toBe(200)
    expect(await join(ben, empty)).toBe(200)
    const out = (room: string, id: string) =>
      su.request(event, { verb: event, target: { id: room, objectType: 'room' }, object: { id, ...more } })
    expect((await out(owned, '1')).code).toBe(200)
    await removed(ben, owned)
    expect((await out(empty, '2')).code).toBe(200)
    await removed(ben, empty)
  })
})

test('a token that is taken away counts as a lost connection', async () => {
  const server = await start({ rooms: { grace: 0 } })
  const [dora, ben] = [await loggedIn(server, '4'), await loggedIn(server, '2')]
  const id = await create(server, dora)
  for (const client of [dora, ben]) expect(await join(client, id)).toBe(200)
  const { out } = await server.command('token', 'list', '--user', '4')
  for (const token of out.match(/[0-9a-f]{16}/g) ?? []) await server.command('token', 'revoke', token)
  await removed(ben, id)
})

test('somebody inside over Rocket.Chat keeps the room from being empty, and hears of its end', async () => {
  const server = await start({ rooms: { grace: 600 } })
  const [anna, ben] = [await loggedIn(server, '1'), await loggedIn(server, '2')]
  const id = await create(server, anna)
  const carl = await Ddp.connect(server.url)
  clients.push({ close: () => carl.ws.close() })
  await carl.call('login', { resume: 'tok3' })
  const { id: subscription, msg } = await carl.sub('stream-room-messages', id)
  expect(msg).toBe('ready')
  expect(await join(ben, id)).toBe(200)
  await leave(ben, id)
  await ben.settle()
  expect(ben.named('gn_room_removed')).toEqual([])
  expect(await join(ben, id)).toBe(200)
  await leave(ben, id)
  carl.send({ msg: 'unsub', id: subscription })
  await removed(anna, id)
})

test('what was left behind by a server that was killed goes after the next start, what has visitors does not', async () => {
  const first = await start({ rooms: { grace: 601 } })
  const [anna, ben] = [await loggedIn(first, '1'), await loggedIn(first, '2')]
  const [left, visited] = [await create(first, anna), await create(first, anna)]
  for (const id of [left, visited]) expect(await join(ben, id)).toBe(200)
  await first.kill()
  const second = await start({ rooms: { grace: 4 } }, first.data)
  const again = await loggedIn(second, '2')
  expect(await join(again, visited)).toBe(200)
  await removed(again, left)
  expect(await speak(again, visited)).toBe(200)
  expect(await join(again, left)).toBe(802)
})

test('many who come and go at once leave no ghost: whoever was let in hears of the end', async () => {
  const server = await start({ rooms: { grace: 0 } })
  const anna = await loggedIn(server, '1')
  const crowd = await Promise.all(
    Array.from({ length: 6 }, (_, n) => loggedIn(server, String(2 + (n % 2)), n % 2 ? 2 : 4)),
  )
  for (let round = 0; round < 10; round++) {
    const id = await create(server, anna)
    expect(await join(anna, id)).toBe(200)
    const leaving = leave(anna, id)
    const codes = await Promise.all(crowd.map(client => join(client, id)))
    await leaving
    for (const [index, client] of crowd.entries()) {
      expect([200, 802]).toContain(codes[index])
      if (codes[index] === 200) await removed(client, id)
      expect(await speak(client, id)).toBe(802)
    }
  }
  expect(server.output()).not.toMatch(/bug/)
})
