// Brings a database to the newest form: every step that it lacks and every function, in one transaction. Nodes that start
// together do it one after the other.
import { createHash } from 'node:crypto'
import { StoreRefusal } from '../store/store.ts'
import { FUNCTIONS } from './functions.ts'
import type { Pool, Query } from './pool.ts'
import { STEPS } from './schema.ts'

/** Names the lock under which it is done: any number that nothing else takes. */
const LOCK = 4_200_001
/** ms for one step, or for the wait for the steps of another node: an index over a year's log. */
const TIME = 60 * 60 * 1_000

/**
 * Functions that are installed anew whenever their text is another one, so a change of theirs is no step of the schema. Nodes of
 * two versions call them at the same time while one is replaced by the other: what changes its arguments gets another name.
 */
export interface Functions {
  /** Whose. */
  readonly of: string
  readonly texts: readonly string[]
}

const NONE: Functions = { of: 'nobody', texts: [] }

/** `own`: functions beside those that every node needs. Throws StoreRefusal on a newer database, or one that does not keep
 * texts as UTF-8. `newest`: an older form, for tests. */
export async function migrate(pool: Pool, own = NONE, newest = STEPS.length): Promise<void> {
  await pool.transaction(async query => {
    // A step may take longer than a statement of every day, and so may the wait for another node's.
    await query('SET LOCAL statement_timeout = 0')
    await query('SET LOCAL lock_timeout = 0')
    await query('SET LOCAL idle_in_transaction_session_timeout = 0')
    await query(`SELECT pg_advisory_xact_lock(${LOCK})`)
    const [encoding] = await query(`SELECT current_setting('server_encoding')`)
    if (encoding?.[0] !== 'UTF8') throw new StoreRefusal('The database has to be one of encoding UTF8.')
    await query(`CREATE SCHEMA IF NOT EXISTS conclave`)
    await query(
      `CREATE TABLE IF NOT EXISTS conclave.self (one integer PRIMARY KEY CHECK (one = 1), version integer NOT NULL)`,
    )
    await query('CREATE TABLE IF NOT EXISTS conclave.functions (of text PRIMARY KEY, digest text NOT NULL)')
    await query('INSERT INTO conclave.self (one, version) VALUES (1, 0) ON CONFLICT DO NOTHING')
    const [self] = await query('SELECT version FROM conclave.self')
    const version = Number(self?.[0])
    if (version > STEPS.length) {
      throw new StoreRefusal(
        `The database has schema version ${version}, this Conclave knows versions up to ${STEPS.length}: start a newer Conclave.`,
      )
    }
    for (const step of STEPS.slice(version, newest)) await query(step)
    if (newest > version) await query('UPDATE conclave.self SET version = $1', [newest])
    if (newest < STEPS.length) return
    for (const functions of [FUNCTIONS, own]) await install(query, functions)
  }, TIME)
}

async function install(query: Query, { of, texts }: Functions): Promise<void> {
  const text = texts.join('\n')
  if (text === '') return
  const digest = createHash('sha256').update(text).digest('hex')
  const [known] = await query('SELECT digest FROM conclave.functions WHERE of = $1', [of])
  if (known?.[0] === digest) return
  // They name each other, in no order.
  await query('SET LOCAL check_function_bodies = off')
  await query(text)
  await query(
    'INSERT INTO conclave.functions (of, digest) VALUES ($1, $2) ON CONFLICT (of) DO UPDATE SET digest = excluded.digest',
    [of, digest],
  )
}
