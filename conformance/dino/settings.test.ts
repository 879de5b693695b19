// The settings of Dino's wire (design 5), and what a stop leaves behind.
import { afterEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { startServer, type TestServer, type World } from '../server.ts'
import { base64, DinoClient, plain, until } from './client.ts'

const WORLD: World = {
  users: ['1', '2'].map(id => ({ id, username: `user${id}`, tokens: [`tok${id}`] })),
  channels: [{ ref: 'c', name: 'channel' }],
  rooms: [
    { ref: 'r', channel: 'c', name: 'the room' },
    { ref: 'fleeting', channel: 'c', name: 'fleeting', kind: 'temporary', owners: ['1'] },
  ],
}

const servers: TestServer[] = []
const clients: DinoClient[] = []
afterEach(async () => {
  for (const client of clients.splice(0)) client.close()
  for (const server of servers.splice(0)) await server.remove()
})

async function start(config: Record<string, unknown> = {}): Promise<TestServer> {
  const server = await startServer({ world: WORLD, config })
  servers.push(server)
  return server
}

async function open(server: TestServer, generation: 2 | 4 = 4): Promise<DinoClient> {
  const client = await DinoClient.open(server.url, { generation })
  clients.push(client)
  return client
}

function send(client: DinoClient, room: string | undefined, text: string) {
  const target = { id: room, objectType: 'room' }
  return client.request('message', { verb: 'send', target, object: { content: base64(text) } })
}

test('answers can come as acks alone, failed log-ins can stay, their codes can be the seed’s, names can be trusted', async () => {
  const dino = { emitResponses: false, disconnectOnFailedLogin: false, loginCodes: 'seed', trustNames: true }
  const server = await start({ dino })
  const client = await open(server)
  expect((await client.login('1', 'user1', 'wrong')).code).toBe(712)
  expect((await client.login('77')).code).toBe(713)
  await new Promise(resolve => setTimeout(resolve, 1_200))
  expect(client.disconnected).toBe(false)
  expect((await client.login('1', 'user2')).data.data.actor.displayName).toBe(base64('user2'))
  expect((await client.request('list_channels', { verb: 'list' })).code).toBe(200)
  expect(client.pushes.map(({ event }) => event)).toEqual(['gn_connect'])
})

test('a message has at most as many characters as the operator says, and may be blank where that is allowed', async () => {
  const server = await start({ dino: { limitMessageLength: { max: 5 }, noEmpty: false } })
  const client = await open(server)
  await client.login('1')
  await client.request('join', { verb: 'x', target: { id: server.rooms.r } })
  expect((await send(client, server.rooms.r, 'üüüüü')).code).toBe(200)
  expect((await send(client, server.rooms.r, 'üüüüüü')).code).toBe(714)
  expect((await send(client, server.rooms.r, '  ')).code).toBe(200)
})

test('a history is as long as the operator says', async () => {
  const server = await start({ dino: { history: { type: 'top', limit: 2 } } })
  const client = await open(server)
  await client.login('1')
  const room = { verb: 'x', target: { id: server.rooms.r } }
  await client.request('join', room)
  for (const text of ['one', 'two', 'three']) await send(client, server.rooms.r, text)
  const { data } = await client.request('history', room)
  const texts = data.data.object.attachments.map(({ content }: { content: string }) => plain(content))
  expect(texts).toEqual(['three', 'two'])
})

test('pages of other origins are refused, on both transports; programs without one are not', async () => {
  const server = await start({ origins: ['https://chat.example'] })
  const poll = (origin: string) => fetch(`${server.url}/socket.io/?EIO=4&transport=polling`, { headers: { origin } })
  expect((await poll('https://evil.example')).status).toBe(403)
  const allowed = await poll('https://chat.example')
  expect(allowed.status).toBe(200)
  expect(allowed.headers.get('access-control-allow-origin')).toBe('https://chat.example')
  const upgrade = (origin: string) =>
    new Promise<string>(resolve => {
      const url = `${server.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`
      const socket = new WebSocket(url, { origin })
      socket.on('open', () => resolve('open')).on('error', () => resolve('refused'))
      socket.on('open', () => socket.terminate())
    })
  expect(await upgrade('https://evil.example')).toBe('refused')
  expect(await upgrade('https://chat.example')).toBe('open')
  expect((await (await open(server)).login('1')).code).toBe(200)
})

test('a stop closes the namespace of every socket, and leaves messages and temporary rooms for the next start', async () => {
  const server = await start()
  const [old, young] = [await open(server, 2), await open(server)]
  await old.login('1')
  await young.login('2')
  for (const client of [old, young]) await client.request('join', { verb: 'x', target: { id: server.rooms.fleeting } })
  expect((await send(old, server.rooms.fleeting, 'before the stop')).code).toBe(200)
  expect(await server.stop()).toBe(0)
  expect(await until(() => (old.disconnected && young.disconnected) || undefined)).toBe(true)
  const again = await startServer({ data: server.data })
  servers.push(again)
  const client = await open(again)
  await client.login('1')
  const joined = await client.request('join', { verb: 'x', target: { id: server.rooms.fleeting } })
  expect(joined.code).toBe(200)
  expect(plain(joined.data.data.object.attachments[1].attachments[0].content)).toBe('before the stop')
})
