import { connect, createServer, type Server, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { StoreFailure } from '../store/store.ts'
import { Pool } from './pool.ts'
import { type TestDatabase, testDatabase } from './testing.ts'

let database: TestDatabase
let pool: Pool
/** What stands between the pool and PostgreSQL. */
let way: Server
const sockets = new Set<Socket>()

beforeAll(async () => {
  database = await testDatabase()
  const url = new URL(database.url)
  const target = Number(url.port)
  way = createServer(near => {
    const far = connect(target, url.hostname)
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from)
      from.on('error', () => {})
      from.on('close', () => to.destroy())
      from.pipe(to)
    }
  })
  await new Promise<void>(resolve => way.listen(0, '127.0.0.1', resolve))
  url.hostname = '127.0.0.1'
  url.port = String((way.address() as { port: number }).port)
  pool = new Pool({ url: url.href, connections: 2, name: 'a test' })
})
afterAll(async () => {
  await pool?.close()
  way?.close()
  await database?.drop()
})

/** Every connection ends without a word. */
function end(): void {
  for (const socket of sockets) socket.destroy()
  sockets.clear()
}

test('a connection that is lost under a statement fails it, and nothing else: the next one has another', async () => {
  // An error that nobody listens to would end the process, which fails this run.
  const failed = pool.query('SELECT pg_sleep(20)').catch((error: unknown) => error)
  const asleep = async (): Promise<number> =>
    (await database.query("SELECT 1 FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'"))
      .rowCount ?? 0
  await expect.poll(asleep).toBeGreaterThan(0)
  end()
  expect(await failed).toBeInstanceOf(StoreFailure)
  expect(await pool.query('SELECT 1')).toEqual([[1]])
})

test('one that is lost while nobody uses it is no failure', async () => {
  await pool.query('SELECT 1')
  end()
  await expect.poll(() => pool.query('SELECT 2').catch(() => null)).toEqual([[2]])
})
