// Connections to PostgreSQL: a bounded number of them, a bounded line of statements that wait for one, and what its errors
// mean. Every text passes text.ts on its way; what was bound never stands in an error, nor does the address, which holds a
// password.
import pg from 'pg'
import { StoreFailure, StoreRefusal } from '../store/store.ts'
import { tally } from '../tally.ts'
import { fromStored, toStored } from './text.ts'

/** Statements that wait for a connection, beyond which the answer is that the store is busy: some ms of work for each. */
const WAITING = 1_000
/** ms for a connection, with the wait for a free one. */
const CONNECT_TIME = 5_000
/** ms for one statement, and within it for a lock: a page takes a few, a commit that waits for others some tens. */
const STATEMENT_TIME = 10_000
const LOCK_TIME = 5_000
/** ms after which a server that says nothing at all is given up, a little after it should have ended the statement itself. */
const ANSWER_TIME = STATEMENT_TIME + 2_000
/** ms without a byte before the system asks whether the other end is still there. */
const KEEPALIVE = 10_000
/** ms for which a connection that nobody needs is kept. */
const IDLE_TIME = 60_000
/** Different statements that each connection keeps prepared; ours are some two hundred. */
const PREPARED = 500

/** An array is one of PostgreSQL's; bytes are bytea, or a value in its binary form. */
export type Value = string | number | boolean | null | Uint8Array | readonly (string | number | null)[]

/** int8 and numeric are decimal text, as is jsonb (`fromStoredJson`). Arrays are as PostgreSQL writes them. */
export type Columns = readonly unknown[]

export type Query = (sql: string, values?: readonly Value[]) => Promise<readonly Columns[]>

export interface PoolOptions {
  /** `postgres://user:password@host:port/database`, with what node-postgres knows behind the question mark. */
  readonly url: string
  /** At most that many. */
  readonly connections: number
  /** What an operator sees of it in pg_stat_activity. */
  readonly name: string
  /** Settings of each connection, beside those below. */
  readonly settings?: Readonly<Record<string, string>>
}

/** L6 whatever the server's own default is; and the plans of short statements are never worth compiling. */
const SETTINGS = {
  synchronous_commit: 'on',
  default_transaction_isolation: 'read\\ committed',
  jit: 'off',
  search_path: 'conclave',
} as const

/** PostgreSQL refused a statement for a reason of its own: a bug, but where the code says otherwise (`isRace`). */
export class SqlError extends Error {
  override readonly name = 'SqlError'
  /** SQLSTATE. */
  readonly code: string
  /** Of errors that our own functions raise (`CV…`). */
  readonly detail: string | null

  constructor(code: string, message: string, detail: string | null) {
    super(message)
    this.code = code
    this.detail = detail
  }
}

/** Lost against another transaction: the same statement may well succeed when it is sent again. */
export function isRace(error: unknown): error is SqlError {
  return error instanceof SqlError && RACES.has(error.code)
}

/** Serialization failure, deadlock, a unique row that was written at the same time. */
const RACES: ReadonlySet<string> = new Set(['40001', '40P01', '23505'])
/** The plan of a prepared statement no longer fits the tables, or a proxy has given us another connection. */
const OUTDATED: ReadonlySet<string> = new Set(['0A000', '26000'])
/** Connection, resources (disk full, too many connections), a statement or a wait that took too long, shutdown, the
 * system, a damaged database, a server that only reads. */
const GONE = /^(?:08|53|57|58|XX|55P03|25006|28|3D)/

const NAMES = new Map<string, string>()

export class Pool {
  readonly name: string
  readonly #pool: pg.Pool
  #closed = false

  /** Throws StoreRefusal where the address is none. Connects when first asked. */
  constructor({ url, connections, name, settings = {} }: PoolOptions) {
    requireAddress(url)
    this.name = name
    const options = Object.entries({ ...SETTINGS, ...settings }).map(([key, value]) => `-c ${key}=${value}`)
    this.#pool = new pg.Pool({
      connectionString: url,
      application_name: name,
      options: options.join(' '),
      max: connections,
      connectionTimeoutMillis: CONNECT_TIME,
      idleTimeoutMillis: IDLE_TIME,
      allowExitOnIdle: true,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEPALIVE,
      statement_timeout: STATEMENT_TIME,
      lock_timeout: LOCK_TIME,
      idle_in_transaction_session_timeout: STATEMENT_TIME,
      types: { getTypeParser },
    })
    // Of a connection that nobody uses: the pool has dropped it already. Of one that is used the statement fails too.
    this.#pool.on('error', () => {})
    this.#pool.on('connect', client => client.on('error', () => {}))
    tally.pools.add(this)
  }

  /** Statements that wait for a connection now. */
  get waiting(): number {
    return this.#pool.waitingCount
  }

  get use(): { readonly busy: number; readonly idle: number; readonly waiting: number } {
    const { totalCount, idleCount: idle, waitingCount: waiting } = this.#pool
    return { busy: totalCount - idle, idle, waiting }
  }

  /** One statement, prepared. Rejects with StoreFailure where nothing can be said of it, else with SqlError. */
  readonly query: Query = async (sql, values = []) => {
    for (let again = true; ; again = false) {
      const client = await this.#connect()
      let lost = true
      try {
        const rows = await run(client, sql, values)
        lost = false
        return rows
      } catch (error) {
        const outdated = error instanceof SqlError && OUTDATED.has(error.code)
        lost = outdated || error instanceof StoreFailure
        if (!outdated || !again) throw error
      } finally {
        client.release(lost)
      }
    }
  }

  /** Statements of one transaction, which is rolled back where one of them or `body` fails. Only for what is not hot: it
   * keeps its locks from one statement to the next. `time`: ms after which an answer to one of them is given up. */
  async transaction<T>(body: (query: Query) => Promise<T>, time = ANSWER_TIME): Promise<T> {
    const client = await this.#connect()
    let lost = true
    try {
      await run(client, 'BEGIN', [])
      const result = await body(async (sql, values = []) => run(client, sql, values, time))
      await run(client, 'COMMIT', [])
      lost = false
      return result
    } catch (error) {
      lost = await run(client, 'ROLLBACK', []).then(
        () => false,
        () => true,
      )
      throw error
    } finally {
      client.release(lost)
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    tally.pools.delete(this)
    await this.#pool.end().catch(() => {})
  }

  async #connect(): Promise<pg.PoolClient> {
    if (this.#closed) throw new StoreFailure('the store is closed')
    if (this.#pool.waitingCount >= WAITING) throw new StoreFailure('the store is busy')
    try {
      return await this.#pool.connect()
    } catch (error) {
      throw new StoreFailure(reasonOf(error))
    }
  }
}

async function run(
  client: pg.PoolClient,
  sql: string,
  values: readonly Value[],
  time = ANSWER_TIME,
): Promise<Columns[]> {
  const query = { text: sql, values: values.map(bound), rowMode: 'array' as const, query_timeout: time, ...named(sql) }
  try {
    return (await client.query(query)).rows
  } catch (error) {
    throw failureOf(error)
  }
}

/** What is sent once, a script of several statements among them, is not prepared. */
function named(sql: string): { name?: string } {
  let name = NAMES.get(sql)
  if (name === undefined) {
    if (NAMES.size >= PREPARED || !/^\s*(?:SELECT|INSERT|UPDATE|DELETE|WITH)\b/.test(sql)) return {}
    name = `s${NAMES.size}`
    NAMES.set(sql, name)
  }
  return { name }
}

function bound(value: Value): unknown {
  if (typeof value === 'string') return toStored(value)
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  return Array.isArray(value) ? value.map(each => (typeof each === 'string' ? toStored(each) : each)) : value
}

const text = (value: string): string => value
const PARSERS: ReadonlyMap<number, (value: string) => unknown> = new Map<number, (value: string) => unknown>([
  [16, value => value === 't'],
  [17, value => Buffer.from(value.slice(2), 'hex')],
  [21, Number],
  [23, Number],
  [25, fromStored],
  [701, Number],
])

function getTypeParser(oid: number): never {
  return (PARSERS.get(oid) ?? text) as never
}

function failureOf(error: unknown): StoreFailure | SqlError {
  const { code, severity, message, detail, constraint } = error as Partial<pg.DatabaseError>
  // Without a severity it does not come from the server: the connection is lost, or nothing was answered in time.
  if (severity === undefined || code === undefined || GONE.test(code)) return new StoreFailure(reasonOf(error))
  if (code.startsWith('CV')) return new SqlError(code, `${message}`, detail ?? null)
  // Of a statement's form the message speaks of nothing but names; otherwise it may hold a value.
  const about = code.startsWith('42') || code === 'P0001' ? `: ${message}` : constraint ? `: ${constraint}` : ''
  return new SqlError(code, `PostgreSQL refused a statement (${code})${about}`, null)
}

/** What failed, in the system's or PostgreSQL's code; never its message, which may name what was bound. */
function reasonOf(error: unknown): string {
  const { code, errors } = error as { code?: unknown; errors?: readonly { code?: unknown }[] }
  const known = code ?? errors?.[0]?.code
  return `the store cannot be reached: ${typeof known === 'string' ? known : 'no answer'}`
}

function requireAddress(url: string): void {
  const parsed = URL.canParse(url) ? new URL(url) : null
  if (parsed === null || !/^postgres(?:ql)?:$/.test(parsed.protocol)) {
    throw new StoreRefusal('The store is no address of the form postgres://user:password@host:port/database.')
  }
}
