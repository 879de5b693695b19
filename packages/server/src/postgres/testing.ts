// A database of its own for a test, on the PostgreSQL that all tests of a run share (engines/), or on that of
// CONCLAVE_TEST_POSTGRES (postgres://…, of a user that may create databases).
import { randomBytes } from 'node:crypto'
import pg from 'pg'

export interface TestDatabase {
  readonly url: string
  /** As the server's superuser, in this database. */
  query(sql: string, values?: readonly unknown[]): Promise<pg.QueryResult>
  /** Ends every connection to it and drops it. */
  drop(): Promise<void>
}

/** Empty, and another one each time. */
export async function testDatabase(): Promise<TestDatabase> {
  const server = await serverUrl()
  const name = `test_${randomBytes(8).toString('hex')}`
  await once(server, `CREATE DATABASE ${name}`)
  const url = new URL(server)
  url.pathname = name
  return {
    url: url.href,
    query: (sql, values) => once(url.href, sql, values),
    drop: async () => {
      await once(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
    },
  }
}

async function serverUrl(): Promise<string> {
  const given = process.env.CONCLAVE_TEST_POSTGRES
  if (given) return given
  const engines = process.env.CONCLAVE_TEST_ENGINES
  if (!engines) throw new Error('No PostgreSQL for tests: run them by vitest, or set CONCLAVE_TEST_POSTGRES.')
  const answer = await fetch(engines)
  const text = await answer.text()
  if (!answer.ok) throw new Error(text)
  return text
}

async function once(url: string, sql: string, values: readonly unknown[] = []): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  try {
    return await client.query(sql, [...values])
  } finally {
    await client.end()
  }
}
