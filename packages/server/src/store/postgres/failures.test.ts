// What becomes of a commit when the database, the way to it or this node's own standing fails: an error and never a false
// ack, nothing half written (L6), and writing goes on when it is there again.
import { afterEach, expect, test, vi } from 'vitest'
import { type Postgres, startPostgres } from '../../../../../engines/postgres.ts'
import type { RoomEvent } from '../../room/events.ts'
import { type Store, StoreFailure } from '../store.ts'
import { account, append, committed, created, logOf, message, NOW, room, rows, user } from '../testing/items.ts'
import { openPostgresStore } from './store.ts'
import { type FreshStores, freshStores } from './testing.ts'

const ROOM = room('2070276095283454999')
const clock = { now: () => NOW }

const ends: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

async function fresh(): Promise<FreshStores> {
  const stores = await freshStores()
  ends.push(() => stores.close())
  return stores
}

/** Until it takes writes again, as the engine's writer does it. */
async function reopened(store: Store): Promise<void> {
  await expect
    .poll(
      () =>
        store
          .reopen()
          .then(() => true)
          .catch(() => false),
      { timeout: 20_000 },
    )
    .toBe(true)
}

test('connections that are cut in the middle of commits give failures, and no false ack (L6, L7)', async () => {
  const stores = await fresh()
  const store = await stores.open({ node: 1, clock })
  await committed(store, append(ROOM, 0, [created()]))
  let isOver = false
  const cutting = (async () => {
    while (!isOver) {
      await stores.database.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE '%commits' AND datname = current_database()`,
      )
      await new Promise(resolve => setTimeout(resolve, 3 + Math.random() * 20))
    }
  })()
  const acked: RoomEvent[] = []
  const unknown = new Set<string>()
  for (let n = 0; unknown.size < 15 && n < 2_000; n++) {
    const key = { key: `key ${n}`, digest: 'd', by: user('1') }
    const items = [append(ROOM, 1, [message(`${n}`)], { messageKeys: [key] }), rows(account(`${n + 10}`))]
    try {
      const [events = []] = await committed(store, ...items)
      acked.push(...events)
    } catch (error) {
      expect(error).toBeInstanceOf(StoreFailure)
      unknown.add(`${n}`)
      await expect(store.commit(items)).rejects.toBeInstanceOf(StoreFailure)
      await reopened(store)
      // What a client repeats is there once, whatever became of it.
      const repeated = await store.commit(items.slice(0, 1)).catch(() => [])
      const [outcome] = repeated
      if (outcome?.outcome === 'committed') acked.push(...outcome.events)
      else if (outcome) expect(outcome).toMatchObject({ outcome: 'exists', room: ROOM })
      else await reopened(store)
    }
  }
  isOver = true
  await cutting
  expect(unknown.size).toBe(15)
  await reopened(store)
  const log = await logOf(store, ROOM)
  expect(log.map(({ sequence }) => sequence)).toEqual(log.map((_, index) => index + 1))
  const ids = new Map(log.map(event => [event.id, event]))
  for (const event of acked) expect(ids.get(event.id)).toEqual(event)
  const texts = log.flatMap(({ body }) =>
    body.type === 'message' && body.content.suite === 'none' ? body.content.text : [],
  )
  expect(new Set(texts).size).toBe(texts.length)
  // An item that is there is there whole with its batch.
  for (const text of texts) {
    if (!unknown.has(text)) expect(await store.account(user(`${Number(text) + 10}`))).toBeDefined()
  }
})

test('a room that another transaction keeps gives a failure in time, and nothing is written', async () => {
  const stores = await fresh()
  const store = await stores.open({ node: 1, clock })
  await committed(store, append(ROOM, 0, [created()]))
  const { Client } = (await import('pg')).default
  const other = new Client({ connectionString: stores.database.url })
  await other.connect()
  await other.query(`BEGIN; SELECT * FROM conclave.rooms FOR UPDATE`)
  await expect(store.commit([append(ROOM, 1, [message('a')])])).rejects.toThrow(
    new StoreFailure('the store cannot be reached: 55P03'),
  )
  await other.end()
  await reopened(store)
  await committed(store, append(ROOM, 1, [message('b')]))
  expect((await logOf(store, ROOM)).length).toBe(2)
})

test('a node whose number another one has taken writes nothing more, and says so', async () => {
  const stores = await fresh()
  const store = await stores.open({ node: 1, clock })
  await committed(store, append(ROOM, 0, [created()]))
  const next = await stores.open({ node: 1, clock })
  await expect(store.commit([append(ROOM, 1, [message('from the dead')])])).rejects.toThrow(
    new StoreFailure('this node does not count any more'),
  )
  await expect(store.reopen()).rejects.toBeInstanceOf(StoreFailure)
  await expect(store.commit([rows(account('1'))])).rejects.toBeInstanceOf(StoreFailure)
  await committed(next, append(ROOM, 1, [message('from its heir')]))
  expect((await logOf(next, ROOM)).length).toBe(2)
})

test('who asks under which registration a commit goes is asked each time, and told when it is refused', async () => {
  const stores = await fresh()
  await stores.open({ node: 1, clock })
  let instance = 'another'
  const out = vi.fn<() => void>()
  const store = await openPostgresStore({ url: stores.database.url, node: 1, clock, instance: () => instance, out })
  ends.push(() => store.close())
  await expect(store.commit([append(ROOM, 0, [created()])])).rejects.toBeInstanceOf(StoreFailure)
  expect(out).toHaveBeenCalledTimes(1)
  const { rows: found } = await stores.database.query('SELECT instance FROM conclave.nodes WHERE node = 1')
  instance = found[0].instance
  await store.reopen()
  await committed(store, append(ROOM, 0, [created()]))
})

test('a database that crashes and comes back has what was acked, and is written on (L6)', async () => {
  const server: Postgres = await startPostgres({ fsync: true })
  ends.push(() => server.stop())
  vi.stubEnv('CONCLAVE_TEST_POSTGRES', server.url)
  const stores = await fresh()
  ends.push(async () => void vi.unstubAllEnvs())
  const store = await stores.open({ node: 1, clock })
  await committed(store, append(ROOM, 0, [created()]))
  const acked: RoomEvent[] = []
  const writing = (async () => {
    for (;;) {
      const [events = []] = await committed(store, append(ROOM, 1, [message('a'), message('b')]))
      acked.push(...events)
    }
  })().catch((error: unknown) => error)
  await expect.poll(() => acked.length).toBeGreaterThan(40)
  await server.kill('crash')
  expect(await writing).toBeInstanceOf(StoreFailure)
  await expect(store.reopen()).rejects.toBeInstanceOf(StoreFailure)
  await expect(store.head(ROOM)).rejects.toBeInstanceOf(StoreFailure)
  await server.start()
  await reopened(store)
  const log = await logOf(store, ROOM)
  expect(log.map(({ sequence }) => sequence)).toEqual(log.map((_, index) => index + 1))
  const ids = new Map(log.map(event => [event.id, event]))
  for (const event of acked) expect(ids.get(event.id)).toEqual(event)
})
