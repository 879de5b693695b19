// A server that stops while clients are on it: it says so to balancers first, serves on meanwhile, and then closes sessions
// so that clients come back by themselves, to whatever server is there then.
import { once } from 'node:events'
import { afterEach, describe, expect, test } from 'vitest'
import { base64, DinoClient, type Generation, type Transport } from './dino/client.ts'
import { startServer, type TestServer } from './server.ts'

const WORLD = {
  users: [{ id: '1', username: 'ann', tokens: ['tok1'] }],
  channels: [{ ref: 'c', name: 'channel', owners: ['1'] }],
  rooms: [{ ref: 'room', channel: 'c', name: 'a room', owners: ['1'] }],
}

let server: TestServer | undefined
afterEach(() => server?.remove())

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise(resolve => setTimeout(resolve, 20))
}

describe('a server that drains', () => {
  test('says 503 on /ready, serves everybody meanwhile, then ends', async () => {
    server = await startServer({ world: WORLD, config: { drain: 5 } })
    const { url } = server
    const client = await DinoClient.open(url)
    await client.login('1', 'ann')
    await client.request('join', { verb: 'join', target: { id: server.rooms.room } })
    const stopped = server.stop()
    await until(async () => (await fetch(`${url}/ready`)).status === 503)
    expect(await (await fetch(`${url}/ready`)).json()).toEqual({ status: 'stopping' })
    // Old sessions and new ones.
    const target = { id: server.rooms.room, objectType: 'room' }
    const said = await client.request('message', { verb: 'send', target, object: { content: base64('words') } })
    expect(said.code).toBe(200)
    const late = await DinoClient.open(url)
    expect((await late.login('1', 'ann')).code).toBe(200)
    expect(await stopped).toBe(0)
  })

  test.each<[Generation, Transport]>([
    [2, 'websocket'],
    [2, 'polling'],
    [4, 'websocket'],
    [4, 'polling'],
  ])('is come back to by a client of generation %d over %s', async (generation, transport) => {
    server = await startServer({ world: WORLD })
    const { data, port } = server
    const client = await DinoClient.open(server.url, { generation, transports: [transport], reconnection: true })
    await server.stop()
    const again = once(client.socket as never, 'connect')
    server = await startServer({ data, env: { CONCLAVE_PORT: String(port) } })
    await again
    expect((await client.login('1', 'ann')).code).toBe(200)
    client.close()
  })
})
