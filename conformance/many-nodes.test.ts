// Several server processes on one PostgreSQL and one NATS, as clients and the embedding site see them: what each node knows
// of its own alone is true for all of them, and a node that is killed takes nobody's place with it.

import { mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { testDatabase } from '@conclave/server/postgres/testing'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { type Nats, startNats } from '../engines/nats.ts'
import { suite } from '../engines/suite.ts'
import { DinoClient } from './dino/client.ts'
import { type Site, site } from './dino/http.ts'
import { startServer, type TestServer, type World } from './server.ts'

const WORLD: World = {
  users: [
    { id: '0', username: 'Admin', roles: ['superuser'] },
    { id: '1', username: 'ann', tokens: ['tok1'] },
    { id: '2', username: 'bob', tokens: ['tok2'] },
    { id: '3', username: 'cat', tokens: ['tok3'] },
    { id: '4', username: 'dan', password: 'right' },
    { id: '9', username: 'sue', tokens: ['tok9'], roles: ['superuser'] },
  ],
  channels: [{ ref: 'c', name: 'channel', owners: ['3'] }],
  rooms: [
    { ref: 'plain', channel: 'c', name: 'plain room', owners: ['3'] },
    { ref: 'temp', channel: 'c', name: 'temp room', kind: 'temporary', owners: ['2'] },
    { ref: 'help', channel: 'c', name: 'help', admin: true },
  ],
}
const NAMES: Readonly<Record<string, string>> = { 1: 'ann', 2: 'bob', 3: 'cat', 9: 'sue' }

suite('nats')('nodes that serve together', () => {
  let nats: Nats
  let database: Awaited<ReturnType<typeof testDatabase>>
  let one: TestServer
  let two: TestServer
  let service: Site
  const open: DinoClient[] = []
  const servers: TestServer[] = []
  let files: string

  async function start(node: number, world?: World): Promise<TestServer> {
    const data = await mkdtemp(join(tmpdir(), 'conclave-node-'))
    // One folder of files for all of them, as on a shared disk.
    await symlink(files, join(data, 'blobs'))
    const server = await startServer({
      data,
      ...(world ? { world } : {}),
      env: {
        CONCLAVE_STORE: database.url,
        CONCLAVE_BUS: nats.servers[0]?.url ?? '',
        CONCLAVE_NODE: String(node),
      },
      config: { dino: { singleSession: true, polling: false }, rooms: { grace: 0 } },
    })
    servers.push(server)
    return server
  }

  beforeAll(async () => {
    nats = await startNats()
    database = await testDatabase()
    files = await mkdtemp(join(tmpdir(), 'conclave-files-'))
    one = await start(1, WORLD)
    two = await start(2)
    const made = await one.command('token', 'create', '--service')
    service = site(two.url, (JSON.parse(made.out) as { token: string }).token)
  })
  afterEach(() => {
    for (const client of open.splice(0)) client.close()
  })
  afterAll(async () => {
    for (const server of servers) await server.remove()
    await database?.drop()
    await nats?.stop()
    if (files) await rm(files, { recursive: true, force: true })
  })

  async function login(server: TestServer, user: string): Promise<DinoClient> {
    const client = await DinoClient.open(server.url)
    open.push(client)
    expect((await client.login(user, NAMES[user] as string)).code).toBe(200)
    return client
  }

  async function inside(server: TestServer, user: string, ref = 'plain'): Promise<DinoClient> {
    const client = await login(server, user)
    expect((await client.request('join', { verb: 'join', target: { id: one.rooms[ref] } })).code).toBe(200)
    return client
  }

  const told = (client: DinoClient, event: string, user: string): number =>
    client.pushes.filter(push => push.event === event && push.data.actor?.id === user).length

  test('the site takes a user into a room and out of it, on whatever node they are', async () => {
    const watcher = await inside(two, '3')
    const ann = await login(one, '1')
    const taken = await service.call('POST', '/join', { user_ids: ['1', '2'], room_id: one.rooms.plain })
    expect(taken.data).toMatchObject({ success: 1, failures: 1 })
    await vi.waitFor(() => expect(told(watcher, 'gn_user_joined', '1')).toBe(1))
    const said = { verb: 'send', target: { id: one.rooms.plain, objectType: 'room' }, object: { content: 'aGk=' } }
    expect((await ann.request('message', said)).code).toBe(200)
    await vi.waitFor(() => expect(told(watcher, 'message', '1')).toBe(1))
    expect((await service.call('POST', '/leave', { user_ids: ['1'], room_id: one.rooms.plain })).code).toBe(200)
    await vi.waitFor(() => expect(told(watcher, 'gn_user_left', '1')).toBe(1))
    expect((await ann.request('message', said)).code).not.toBe(200)
  })

  test('help is there when an operator is, on whatever node', async () => {
    const bob = await inside(two, '2')
    const ask = { verb: 'request', target: { id: one.rooms.plain }, object: { content: 'aGVscA==' } }
    expect((await bob.request('request_admin', ask)).code).toBe(805)
    const sue = await inside(one, '9', 'help')
    expect((await bob.request('request_admin', ask)).code).toBe(200)
    await vi.waitFor(() => expect(sue.pushes.map(({ event }) => event)).toContain('gn_admin_requested'))
  })

  test('of one user’s sessions the newest stays, on whatever node it is', async () => {
    const first = await login(one, '1')
    await login(two, '1')
    await vi.waitFor(() => expect(first.disconnected).toBe(true))
    expect(first.pushes.map(({ event }) => event)).toContain('gn_disconnect')
  })

  test('wrong passwords are counted on all nodes together', async () => {
    const attempt = async (server: TestServer): Promise<number> => {
      const headers = { 'content-type': 'application/json' }
      const body = JSON.stringify({ user: 'dan', password: 'wrong' })
      return (await fetch(`${server.url}/api/v1/login`, { method: 'POST', headers, body })).status
    }
    const statuses: number[] = []
    for (let n = 0; n < 30; n++) statuses.push(await attempt(n % 2 ? one : two))
    expect(statuses.slice(0, 20).every(status => status === 401)).toBe(true)
    expect(new Set(statuses.slice(20)).has(401)).toBe(false)
  })

  test('a second node of the same number does not start, and says why in one line', async () => {
    const failure = await start(2).then(
      () => 'it started',
      (error: unknown) => String(error),
    )
    expect(failure).toContain('Another node with the number 2 is running')
  })

  test('who was on a node that is killed has left everywhere, and its temporary rooms end', async () => {
    const third = await start(3)
    const watcher = await inside(two, '3')
    await inside(third, '1')
    expect((await watcher.request('join', { verb: 'join', target: { id: one.rooms.temp } })).code).toBe(200)
    await inside(third, '2', 'temp')
    await third.kill()
    await vi.waitFor(() => expect(told(watcher, 'gn_user_left', '1')).toBe(1), { timeout: 60_000 })
    const gone = (): boolean => watcher.pushes.some(({ event }) => event === 'gn_room_removed')
    await vi.waitFor(() => expect(gone()).toBe(true), { timeout: 60_000 })
    expect((await fetch(`${two.url}/ready`)).status).toBe(200)
  }, 180_000)
})
