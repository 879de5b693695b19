// Opening files: the database with what makes a commit durable, and the lock that keeps a second process out.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { StoreRefusal } from '../store.ts'
import { migrate } from './migrations.ts'

export const DATABASE_FILE = 'conclave.sqlite'
const LOCK_FILE = 'conclave.lock'
/** ms to wait for another connection's lock: our own checkpoints, an operator's sqlite3 or backup. */
export const BUSY_TIMEOUT = 2_000
/** KiB of pages in memory: what a thousand busy rooms change, and the upper levels of the indexes. Not more, for many commits
 * walk over all of it (decisions/0034), and the system keeps the rest. */
const PAGE_CACHE = 16 * 1024
/** SQLITE_BUSY. */
const BUSY = 5

/** Where a store lies: a directory, or the memory of this process (for tests). */
export type Place = string

export const MEMORY = ':memory:'

/** Keeps the directory for this process until `release` or the end of the process, however it ends. */
export function lock(directory: Place): { release(): void } {
  if (directory === MEMORY) return { release() {} }
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  // SQLite's own file lock, because the system drops it with the process; a file that merely exists would stay.
  const holder = new DatabaseSync(join(directory, LOCK_FILE))
  try {
    holder.exec('PRAGMA busy_timeout = 0')
    holder.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    holder.close()
    if (errorCode(error) !== BUSY) throw error
    throw new StoreRefusal(`The data directory ${directory} is in use by another Conclave process.`)
  }
  return { release: () => holder.close() }
}

/** A connection with the tables in their newest form. Throws when the database is not this node's or is newer. */
export function connect(directory: Place, node: number): DatabaseSync {
  const database = new DatabaseSync(directory === MEMORY ? MEMORY : join(directory, DATABASE_FILE))
  try {
    // FULL in WAL mode: a commit returns after the log is synced (L6). Checkpoints are run by checkpoint.ts.
    // secure_delete: what is erased is overwritten, not only unlinked; in the log, by checkpoint.ts. Rarely a copy is left where
    // SQLite has moved rows within a page (SECURITY.md).
    database.exec(`
      PRAGMA busy_timeout = ${BUSY_TIMEOUT}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
      PRAGMA foreign_keys = OFF; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -${PAGE_CACHE};
      PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY`)
    migrate(database)
    claimNode(database, node)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/** The extended result code of an error that SQLite gave; undefined for any other error. */
export function errorCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return undefined
  return error.errcode
}

/** Two nodes that give ids under one number would give the same ids; so a database stays with its number. */
function claimNode(database: DatabaseSync, node: number): void {
  const known = database.prepare('SELECT node FROM self').get()?.node
  if (known === undefined) {
    database.prepare("INSERT INTO self (one, node, probe) VALUES (1, ?, x'')").run(node)
  } else if (known !== node) {
    throw new StoreRefusal(`The database belongs to node ${known}, this process is configured as node ${node}.`)
  }
}
