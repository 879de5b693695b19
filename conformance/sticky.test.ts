// Two server processes on one PostgreSQL and one NATS, behind a balancer that gives every request to the other one: real
// Socket.IO clients of both generations, which poll and go over to a WebSocket.
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Balancer, startBalancer } from '../engines/balancer.ts'
import { type Nats, startNats } from '../engines/nats.ts'
import { freePort } from '../engines/ports.ts'
import { suite } from '../engines/suite.ts'
import { type TestDatabase, testDatabase } from '../packages/server/src/postgres/testing.ts'
import { base64, DinoClient, type Generation, type Transport } from './dino/client.ts'
import { startServer, type TestServer } from './server.ts'

const WORLD = {
  users: ['1', '2', '3'].map(id => ({ id, username: `user${id}`, tokens: [`tok${id}`] })),
  channels: [{ ref: 'c', name: 'channel', owners: ['3'] }],
  rooms: [{ ref: 'room', channel: 'c', name: 'a room', owners: ['3'] }],
}
const SECRET = 'what both nodes know and nobody else does'

suite('postgres', 'nats')('two nodes behind a balancer that remembers nobody', () => {
  let database: TestDatabase
  let nats: Nats
  let balancer: Balancer
  let files: string
  const servers: TestServer[] = []
  beforeAll(async () => {
    database = await testDatabase()
    nats = await startNats()
    files = await mkdtemp(join(tmpdir(), 'conclave-files-'))
    for (const node of [0, 1]) {
      const port = await freePort()
      const env = {
        CONCLAVE_STORE: database.url,
        CONCLAVE_BUS: nats.url,
        CONCLAVE_NODE: String(node),
        CONCLAVE_PORT: String(port),
        CONCLAVE_PEERS_ADDRESS: `http://127.0.0.1:${port}`,
        CONCLAVE_PEERS_SECRET: SECRET,
      }
      // One folder for the files of both.
      const data = join(files, String(node))
      await mkdir(data, { recursive: true })
      if (node === 0) await mkdir(join(data, 'blobs'))
      else await symlink(join(files, '0', 'blobs'), join(data, 'blobs'))
      servers.push(await startServer({ data, env, ...(node === 0 ? { world: WORLD } : {}) }))
    }
    balancer = await startBalancer(() => servers.map(({ url }) => url))
  })
  afterAll(async () => {
    await balancer?.close()
    for (const server of servers) await server.remove()
    await nats?.stop()
    await database?.drop()
    await rm(files, { recursive: true, force: true })
  })

  test.each<[Generation, readonly Transport[]]>([
    [4, ['polling']],
    [2, ['polling']],
    [4, ['polling', 'websocket']],
    [2, ['polling', 'websocket']],
  ])('a client of generation %d over %j logs in, joins, sends, receives and leaves', async (generation, transports) => {
    const room = servers[0]?.rooms.room as string
    const target = { id: room, objectType: 'room' }
    // Whoever hears is on the other node than half of the others.
    const listeners = await Promise.all(servers.map(({ url }) => DinoClient.open(url)))
    for (const [n, listener] of listeners.entries()) {
      expect((await listener.login(String(n + 2), `user${n + 2}`)).code).toBe(200)
      expect((await listener.request('join', { verb: 'join', target: { id: room } })).code).toBe(200)
    }
    const before = balancer.counts.reduce((sum, count) => sum + count, 0)
    const client = await DinoClient.open(balancer.url, { generation, transports })
    expect((await client.login('1', 'user1')).code).toBe(200)
    expect((await client.request('join', { verb: 'join', target: { id: room } })).code).toBe(200)
    const sent: string[] = []
    for (let n = 0; n < 10; n++) {
      const content = base64(`${generation} ${transports.length} ${n}`)
      const answer = await client.request('message', { verb: 'send', target, object: { content } })
      expect(answer.code).toBe(200)
      sent.push(answer.data.data.id)
    }
    const heard = (at: DinoClient): string[] =>
      at.pushes.filter(({ event }) => event === 'message').map(({ data }) => (data as { id: string }).id)
    for (const listener of listeners)
      await expect.poll(() => heard(listener).filter(id => sent.includes(id))).toEqual(sent)
    const said = await (listeners[0] as DinoClient).request('message', {
      verb: 'send',
      target,
      object: { content: base64('and back') },
    })
    await expect.poll(() => heard(client)).toContain(said.data.data.id)
    if (transports.length > 1) await expect.poll(() => client.socket.io.engine.transport.name).toBe('websocket')
    // Its requests did go to both.
    expect(balancer.counts.reduce((sum, count) => sum + count, 0) - before).toBeGreaterThan(3)
    expect(Math.min(...balancer.counts)).toBeGreaterThan(0)
    client.close()
    for (const listener of listeners) listener.close()
    for (const { url } of servers)
      await expect
        .poll(
          async () =>
            /^conclave_sessions\{wire="dino"\} (\d+)$/m.exec(await (await fetch(`${url}/metrics`)).text())?.[1],
        )
        .toBe('0')
  })
})
