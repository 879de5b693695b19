// Telling a failed disk from a mistake, and learning whether a disk that failed may be written again.
import type { DatabaseSync } from 'node:sqlite'
import { errorCode } from './open.ts'

/** SQLITE_ERROR, TOOBIG, CONSTRAINT, MISMATCH, MISUSE, RANGE: what only our own statements and values can cause. */
const BUGS = new Set([1, 18, 19, 20, 21, 25])
/** Bytes written to learn whether the disk takes writes: as much as a commit of some hundred messages. */
const PROBE_BYTES = 256 * 1024
/** Files up to this size are checked whole, which takes about a tenth of a second. */
const CHECKED_WHOLE = 64 * 1024 * 1024
/** Newest events that are checked in a larger file. */
const CHECKED_EVENTS = 1_000

/** True where the disk is not to blame and the next commit may well succeed. */
export function isBug(error: unknown): boolean {
  const code = errorCode(error)
  return code === undefined || BUGS.has(code & 0xff)
}

/** What failed, in SQLite's or the system's words; never a value of a statement. */
export function reasonOf(error: unknown): string {
  const code = errorCode(error)
  if (code !== undefined) return `the store cannot write: ${(error as { errstr?: string }).errstr} (${code})`
  return `the store cannot write: ${(error as NodeJS.ErrnoException).code ?? (error as Error).name}`
}

/** Writes and syncs a row and takes it away again. Throws what the disk says. */
export function probe(database: DatabaseSync): void {
  database.exec(`BEGIN IMMEDIATE; UPDATE self SET probe = randomblob(${PROBE_BYTES}); COMMIT`)
  database.exec("BEGIN IMMEDIATE; UPDATE self SET probe = x''; COMMIT")
  // Also proves that the database file takes writes, and gives the log's space back unless somebody reads it.
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
}

/**
 * Throws on a damaged database. A large file is not read whole, for that takes minutes in which nobody is served,
 * and it is not needed: pages that a failed checkpoint tore are still in the log, which has checksums, and are
 * written again. What remains is the end of the log, so the newest events are held against their heads.
 */
export function check(database: DatabaseSync): void {
  const size = database.prepare('SELECT page_count * page_size AS bytes FROM pragma_page_count, pragma_page_size').get()
  if ((size?.bytes as number) <= CHECKED_WHOLE) {
    const found = database.prepare('PRAGMA quick_check(1)').get()
    if (found?.quick_check !== 'ok') throw new Error('the database is damaged')
    return
  }
  const wrong = database
    .prepare(
      `SELECT count(*) AS events FROM (SELECT * FROM events ORDER BY id DESC LIMIT ${CHECKED_EVENTS}) e
       LEFT JOIN rooms r ON r.id = e.room
       WHERE r.id IS NULL OR r.sequence < e.sequence OR r.last_id < e.id OR NOT json_valid(e.body)`,
    )
    .get()
  if (wrong?.events !== 0) throw new Error('the database is damaged')
}
