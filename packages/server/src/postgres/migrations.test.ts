import { afterEach, expect, test } from 'vitest'
import { StoreFailure, StoreRefusal } from '../store/store.ts'
import { migrate } from './migrations.ts'
import { Pool, SqlError } from './pool.ts'
import { STEPS } from './schema.ts'
import { type TestDatabase, testDatabase } from './testing.ts'

const opened: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each.close()
})

async function fresh(): Promise<{ database: TestDatabase; pool: Pool }> {
  const database = await testDatabase()
  opened.push({ close: () => database.drop() })
  return { database, pool: poolOf(database.url) }
}

function poolOf(url: string): Pool {
  const pool = new Pool({ url, connections: 2, name: 'test' })
  opened.push(pool)
  return pool
}

test('nodes that start together bring a new database to the newest form once', async () => {
  const { database, pool } = await fresh()
  await Promise.all([migrate(pool), migrate(poolOf(database.url)), migrate(poolOf(database.url))])
  expect(await pool.query('SELECT version FROM conclave.self')).toEqual([[STEPS.length]])
  await migrate(pool)
})

test('a database that is newer is refused in one sentence, and stays as it is', async () => {
  const { pool } = await fresh()
  await migrate(pool)
  await pool.query(`UPDATE conclave.self SET version = $1`, [STEPS.length + 1])
  await expect(migrate(pool)).rejects.toThrow(
    new StoreRefusal(
      `The database has schema version ${STEPS.length + 1}, this Conclave knows versions up to ${STEPS.length}: start a newer Conclave.`,
    ),
  )
  expect(await pool.query('SELECT version FROM conclave.self')).toEqual([[STEPS.length + 1]])
})

test('a database of another encoding is refused', async () => {
  const { database } = await fresh()
  const name = `${new URL(database.url).pathname.slice(1)}_latin`
  await database.query(`CREATE DATABASE ${name} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0`)
  opened.push({ close: async () => void (await database.query(`DROP DATABASE ${name} WITH (FORCE)`)) })
  const url = new URL(database.url)
  url.pathname = name
  await expect(migrate(poolOf(url.href))).rejects.toThrow('The database has to be one of encoding UTF8.')
})

test('what was bound and the password are in no error', async () => {
  const { database, pool } = await fresh()
  await migrate(pool)
  const secret = 'hunter2'
  const bad = await pool.query('SELECT $1::bigint', [secret]).catch((error: unknown) => error)
  expect(bad).toBeInstanceOf(SqlError)
  expect(inspected(bad)).not.toContain(secret)
  await pool.query(`INSERT INTO conclave.meta (key, value) VALUES ($1, '')`, [secret])
  const twice = await pool.query(`INSERT INTO conclave.meta (key, value) VALUES ($1, '')`, [secret]).catch(e => e)
  expect(twice).toMatchObject({ code: '23505' })
  expect(inspected(twice)).not.toContain(secret)
  const url = new URL(database.url)
  url.password = secret
  url.pathname = 'nowhere'
  const nowhere = await poolOf(url.href)
    .query('SELECT 1')
    .catch((error: unknown) => error)
  expect(nowhere).toBeInstanceOf(StoreFailure)
  expect(inspected(nowhere)).not.toContain(secret)
  expect(() => poolOf(`postgres//${secret}`)).toThrow(StoreRefusal)
  expect(() => poolOf(`mysql://a:${secret}@b/c`)).not.toThrow(secret)
})

function inspected(error: unknown): string {
  const fields = Object.getOwnPropertyNames(error).map(name => String((error as Record<string, unknown>)[name]))
  return [...fields, (error as { cause?: unknown }).cause].join('\n')
}

test('more statements than may wait are refused at once, and those that wait are answered', async () => {
  const { pool } = await fresh()
  const asked = Array.from({ length: 1_102 }, () => pool.query('SELECT pg_sleep(0.001)'))
  const settled = await Promise.allSettled(asked)
  const refused = settled.filter(each => each.status === 'rejected')
  expect(refused.length).toBe(100)
  for (const { reason } of refused) expect(reason).toEqual(new StoreFailure('the store is busy'))
})

test('a statement that takes too long, and a connection that ends, are failures of the store; the next one is served', async () => {
  const { database, pool } = await fresh()
  await expect(
    pool.transaction(async query => {
      await query(`SET LOCAL statement_timeout = 50`)
      await query('SELECT pg_sleep(60)')
    }),
  ).rejects.toThrow(new StoreFailure('the store cannot be reached: 57014'))
  const cut = pool.query('SELECT pg_sleep(60)').catch((error: unknown) => error)
  const others = `FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%sleep(60)%' AND pid <> pg_backend_pid()`
  await expect.poll(async () => (await database.query(`SELECT 1 ${others}`)).rowCount).toBe(1)
  await database.query(`SELECT pg_terminate_backend(pid) ${others}`)
  expect(await cut).toBeInstanceOf(StoreFailure)
  expect(await pool.query('SELECT 1')).toEqual([[1]])
})
