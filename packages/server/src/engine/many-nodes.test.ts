// Several nodes, each a whole core, with one store and one bus between them: their leases, presence and jobs are PostgreSQL's.
import { randomBytes } from 'node:crypto'
import type { RoomId, UserId } from '@conclave/wire'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { readAclRules } from '../acl-file.ts'
import { memoryBlobs } from '../blobs/memory.ts'
import type { Bus, BusMessage } from '../bus/bus.ts'
import { localBus } from '../bus/local.ts'
import { readConfig } from '../config.ts'
import { openLog } from '../log.ts'
import type { Nodes } from '../nodes/nodes.ts'
import { enterNode, nodesDatabase } from '../nodes/testing.ts'
import { importWorld } from '../operator/import-world.ts'
import type { Delivered, Outlet } from '../outlet/outlet.ts'
import { Pool } from '../postgres/pool.ts'
import type { TestDatabase } from '../postgres/testing.ts'
import { postgresPresence } from '../presence/postgres.ts'
import { localQuota } from '../quota/local.ts'
import { blankRoom } from '../room/commands/create-room.ts'
import { isRejection } from '../room/rejection.ts'
import { openSqliteStore } from '../store/sqlite/store.ts'
import type { Store } from '../store/store.ts'
import { append, fading, message } from '../store/testing/items.ts'
import { buildCore, type Core } from './core.ts'
import type { Session } from './sessions.ts'
import { roomOf } from './testing.ts'

const [owner, guest, watcher] = ['1000', '1001', '1002'] as [UserId, UserId, UserId]
const world = {
  users: [owner, guest, watcher].map(id => ({ id, username: `user${id}` })),
  channels: [{ ref: 'c', name: 'channel' }],
  rooms: [{ ref: 'r', channel: 'c', name: 'room', owners: [owner] }],
}

let database: TestDatabase
let pool: Pool
let store: Store
let bus: Bus
/** What the embedding site was told, by which node. */
let told: { readonly node: number; readonly id: string }[]
/** Holds every call up while it is there. */
let calls: Promise<unknown> | null
const opened: { readonly core: Core; readonly nodes: Nodes }[] = []

beforeAll(async () => {
  database = await nodesDatabase()
  pool = new Pool({ url: database.url, connections: 4, name: 'test' })
})
afterAll(async () => {
  await pool?.close()
  await database?.drop()
})
afterEach(async () => {
  for (const { core } of opened.splice(0)) await core.close()
  await store?.close()
  await pool.query('DELETE FROM conclave.nodes')
  await database.query(`TRUNCATE conclave.holds, conclave.presence_nodes, conclave.presence_sessions,
    conclave.presence_users, conclave.presence_places, conclave.presence_crowds, conclave.presence_rooms`)
})

async function begin(count: number, env: Record<string, string> = {}): Promise<Core[]> {
  told = []
  calls = null
  store = await openSqliteStore({ directory: ':memory:', node: 1, clock: { now: () => Date.now() } })
  bus = localBus()
  const cores: Core[] = []
  for (let node = 1; node <= count; node++) cores.push(await enter(node, env))
  // Of one that came and went between two looks nobody hears that it is lost.
  await vi.waitFor(() => expect(cores.every(({ nodes }) => nodes.live().length === count)).toBe(true))
  await importWorld(cores[0] as Core, world)
  return cores
}

async function enter(node: number, env: Record<string, string>): Promise<Core> {
  const nodes = await enterNode(database.url, node)
  const config = readConfig(env)
  const core = buildCore({
    config,
    acl: readAclRules(config.dino.acl),
    log: openLog('silent'),
    clock: nodes.clock,
    random: { bytes: count => randomBytes(count) },
    nodes,
    store: keptOpen(store),
    blobs: memoryBlobs(),
    bus: keptOpen(bus),
    presence: postgresPresence({ pool, instance: () => nodes.self.instance }),
    quota: localQuota(nodes.clock),
    outlet: outletOf(node),
  })
  opened.push({ core, nodes })
  await core.outgoing.start()
  await core.temporary.start()
  core.expiry.start()
  return core
}

/** Everybody's: it goes with the last. */
function keptOpen<T extends object>(shared: T): T {
  return new Proxy(shared, {
    get: (target, name) => {
      if (name === 'close') return async () => {}
      const found = Reflect.get(target, name) as unknown
      return typeof found === 'function' ? (found as () => unknown).bind(target) : found
    },
  })
}

function outletOf(node: number): Outlet {
  const deliver = async (event: { readonly id: string }): Promise<Delivered> => {
    await calls
    told.push({ node, id: event.id })
    return { delivered: 'taken' }
  }
  return { destinations: [{ name: 'site', width: 4, wants: () => true }], deliver, close: async () => {} }
}

/** Others have found its lease ended, as when it stood still for a while. */
async function lose(core: Core): Promise<void> {
  await pool.query('UPDATE conclave.nodes SET instance = NULL WHERE instance = $1', [core.nodes.self.instance])
}

function session(core: Core, user: UserId, end: () => void = () => {}): Promise<Session> {
  return core.sessions.open({ user, wire: 'dino', token: null, expiresAt: null, address: '', end })
}

async function inside(core: Core, room: RoomId, user: UserId, end?: () => void): Promise<Session> {
  const live = await session(core, user, end)
  const entered = await core.occupancy.enter(live, room, null)
  if (isRejection(entered)) throw new Error(entered.rejected)
  return live
}

function heard(topic: 'all' | `room:${string}`): BusMessage[] {
  const messages: BusMessage[] = []
  bus.subscribe(topic, message => void messages.push(message))
  return messages
}

async function temporary(core: Core): Promise<RoomId> {
  const [channel] = await core.store.channels()
  const room = blankRoom({ suite: 'none', kind: 'temporary', name: 'for now', members: [owner], owners: [owner] })
  const command = { command: 'create-room', actor: owner, room, claimName: true, slot: null, epoch: null } as const
  const id = core.store.newId() as RoomId
  const done = await core.engine.submit({ room: id, channel: channel?.id as string, command, session: null, bytes: 0 })
  if (isRejection(done)) throw new Error(done.rejected)
  return id
}

function tell(core: Core, id: string, room: RoomId | null = null): void {
  core.outgoing.tell({ verb: 'send', body: JSON.stringify({ id, verb: 'send', actor: { id: owner } }), room })
}

const ids = () => told.map(({ id }) => id)

describe('sessions of a node that is lost', () => {
  test('are told of once by the others, and cut where they are', async () => {
    const [one, lost, third] = (await begin(3)) as [Core, Core, Core]
    const room = await roomOf(one, 'r')
    const ended: UserId[] = []
    await inside(one, room, watcher)
    await inside(third, room, owner)
    await inside(lost, room, guest, () => void ended.push(guest))
    await inside(lost, room, owner, () => void ended.push(owner))
    const [inRoom, everywhere] = [heard(`room:${room}`), heard('all')]
    await lose(lost)
    await vi.waitFor(() => expect(ended).toEqual([guest, owner]))
    await vi.waitFor(() => expect(one.nodes.live()).toHaveLength(3))
    const left = (): unknown[] => inRoom.flatMap(each => (each.kind === 'left' ? [each.session.user] : []))
    await vi.waitFor(() => expect(left()).toEqual([guest]))
    expect((await one.occupancy.occupants(room)).map(({ user }) => user)).toEqual([watcher, owner])
    expect(everywhere.filter(each => each.kind === 'presence' && each.user === guest)).toHaveLength(1)
    expect(await third.statuses.of(guest)).toBe('offline')
    await Promise.all([one, third].map(core => core.occupancy.sweep()))
    expect(left()).toEqual([guest])
  })

  test('a room that its owner made there goes when they do not come back in time', async () => {
    const [one, lost] = (await begin(2, { CONCLAVE_ROOMS_GRACE: '0' })) as [Core, Core]
    const room = await temporary(lost)
    await inside(lost, room, owner)
    await inside(one, room, guest)
    await lose(lost)
    await vi.waitFor(async () => expect((await one.rooms.load(room))?.removed).toBe(true))
  })

  test('a room that a node waits for is waited for by another when that one is gone', async () => {
    const [one, lost] = (await begin(2, { CONCLAVE_ROOMS_GRACE: '1' })) as [Core, Core]
    const room = await temporary(one)
    await inside(one, room, guest)
    const live = await inside(lost, room, owner)
    await lost.occupancy.close(live)
    expect(lost.temporary.waiting).toBe(1)
    // It stops while it waits, and takes the room's time with it.
    opened.splice(1, 1)
    await lost.close()
    await vi.waitFor(async () => expect((await one.rooms.load(room))?.removed).toBe(true))
  })

  test('nobody who comes to a node that counts no more is let in', async () => {
    const [one, lost] = (await begin(2)) as [Core, Core]
    const room = await roomOf(one, 'r')
    const live = await inside(lost, room, guest)
    const before = lost.nodes.self.instance
    await lose(lost)
    await expect(lost.occupancy.leave(live, room)).rejects.toThrow('this node counts no more')
    await vi.waitFor(() => expect(lost.nodes.self.instance).not.toBe(before))
    await vi.waitFor(() => expect(lost.nodes.serving).toBe(true))
    await inside(lost, room, watcher)
    expect((await one.occupancy.occupants(room)).map(({ user }) => user)).toContain(watcher)
  })
})

describe('jobs that one node does', () => {
  test('what any node tells the site is brought once, in the order of its room', async () => {
    const all = await begin(3)
    const room = await roomOf(all[0] as Core, 'r')
    const expected: string[] = []
    for (let n = 0; n < 60; n++) {
      const core = all[n % 3] as Core
      // As when its clock shows a little more or less than the others'.
      const at = core.clock.now() + (n % 3) * 20
      const { outcome } = await core.writer.write({
        ...append(room, 1, [message(`${n}`)], { at }),
        rows: core.outgoing.rows({
          verb: 'send',
          body: JSON.stringify({ id: `${n}`, verb: 'send' }),
          at,
          room,
          event: 0,
        }),
      })
      expect(outcome).toBe('committed')
      expected.push(`${n}`)
    }
    await vi.waitFor(() => expect(told).toHaveLength(60))
    expect(ids()).toEqual(expected)
    expect(new Set(told.map(({ node }) => node)).size).toBe(1)
  })

  test('when the node that brings things stops another goes on, and nothing comes twice', async () => {
    const all = await begin(2)
    tell(all[1] as Core, 'first')
    await vi.waitFor(() => expect(ids()).toEqual(['first']))
    const [brings] = told.map(({ node }) => node) as [number]
    const stops = opened.findIndex(({ nodes }) => nodes.self.node === brings)
    const other = all[2 - brings] as Core
    const held = Promise.withResolvers<void>()
    calls = held.promise
    tell(other, 'under way')
    await new Promise(resolve => setTimeout(resolve, 200))
    const stopped = (opened.splice(stops, 1)[0] as (typeof opened)[number]).core.close()
    held.resolve()
    calls = null
    await stopped
    tell(other, 'after')
    await vi.waitFor(() => expect(ids()).toEqual(['first', 'under way', 'after']))
    expect(told.at(-1)?.node).toBe(3 - brings)
  })

  test('when the node that brings things is lost another brings what waits', async () => {
    const all = await begin(2)
    tell(all[0] as Core, 'first')
    await vi.waitFor(() => expect(told).toHaveLength(1))
    const [{ node }] = told as [(typeof told)[number]]
    const lost = all[node - 1] as Core
    calls = new Promise(() => {})
    // What it is about to bring never arrives, and its lease ends.
    tell(lost, 'waits')
    await lost.settled()
    await new Promise(resolve => setTimeout(resolve, 100))
    const other = all[2 - node] as Core
    calls = null
    await stand(lost)
    await vi.waitFor(() => expect(told.slice(1)).toEqual([{ node: other.nodes.self.node, id: 'waits' }]))
  })

  test('a message that ends is erased once, whichever node wrote it', async () => {
    const all = await begin(2)
    const room = await roomOf(all[0] as Core, 'r')
    const messages = heard(`room:${room}`)
    // By then one of them has looked, and found nothing.
    tell(all[0] as Core, 'first')
    await vi.waitFor(() => expect(told).toHaveLength(1))
    for (const core of all) {
      const { control } = (await core.rooms.load(room)) as { control: number }
      const at = core.clock.now()
      await core.writer.write(append(room, control, [fading('gone', at + 50)], { at }))
    }
    const expired = (): unknown[] => messages.flatMap(each => (each.kind === 'expired' ? each.messages : []))
    await vi.waitFor(() => expect(expired()).toHaveLength(2))
    expect(await store.expired(Number.MAX_SAFE_INTEGER, 10)).toEqual([])
  })
})

/** Ends a node as a power cut does: nothing of it runs any more, and nobody is told. */
async function stand(core: Core): Promise<void> {
  const index = opened.findIndex(each => each.core === core)
  const [{ nodes }] = opened.splice(index, 1) as [(typeof opened)[number]]
  await nodes.close()
}
