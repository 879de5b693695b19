// Checkpoints: moving what the write-ahead log holds into the database file, so that the log stays small. They run
// in a turn of their own after answers have gone out, never inside a commit, and they are the reason for a bounded log.
// What is erased is overwritten in the database file, but stays in the log until that is emptied: so it is, a while
// after each commit, however few there are.
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { BUSY_TIMEOUT } from './open.ts'

/**
 * Pages in the log at which it is moved: 2 MiB. Small enough that one checkpoint holds the event loop for 3 ms, large enough
 * that pages which change with every commit (heads, the ends of indexes) are moved once for many.
 */
const PAGES = 512

/** A log that has grown to this because no turn has passed between commits is moved within one. */
const PAGES_AT_MOST = 2 * PAGES

/** ms after a commit in which the log is emptied: so long it may hold what somebody has had erased. Rare enough to cost
 * nothing beside the moves that a busy log needs anyway. */
export const EMPTIED = 60_000

export class Checkpoints {
  readonly #database: DatabaseSync
  readonly #state: StatementSync
  readonly #move: StatementSync
  #emptying: NodeJS.Timeout | null = null
  #scheduled: NodeJS.Immediate | null = null
  /** The last commit was long, and so the log stayed where it is. */
  #putOff = false

  constructor(database: DatabaseSync) {
    this.#database = database
    this.#state = database.prepare('PRAGMA wal_checkpoint(NOOP)')
    // PASSIVE waits for nobody, be it a backup that reads; once all is moved the next commit begins the log anew.
    this.#move = database.prepare('PRAGMA wal_checkpoint(PASSIVE)')
  }

  /** After a commit, which stands whatever happens here: `failed` is told when the log could not be moved. `wasLong`: whoever
   * waits has waited for that, and the log is moved after the next one. */
  after(wasLong: boolean, failed: (error: unknown) => void): void {
    try {
      const pages = this.#state.get()?.log as number
      if (pages > 0) this.#emptySoon(failed)
      if (pages < PAGES) return
      this.#putOff = wasLong && !this.#putOff
      if (pages < PAGES_AT_MOST && this.#putOff) return
      if (pages >= PAGES_AT_MOST && this.#scheduled !== null) this.#run(failed)
      else this.#scheduled ??= setImmediate(() => this.#run(failed))
    } catch (error) {
      failed(error)
    }
  }

  stop(): void {
    if (this.#scheduled !== null) clearImmediate(this.#scheduled)
    this.#scheduled = null
    if (this.#emptying !== null) clearTimeout(this.#emptying)
    this.#emptying = null
  }

  #emptySoon(failed: (error: unknown) => void): void {
    this.#emptying ??= setTimeout(() => this.#empty(failed), EMPTIED).unref()
  }

  /** Whoever reads now, as a backup does, is not waited for: then it is tried again. */
  #empty(failed: (error: unknown) => void): void {
    this.#emptying = null
    try {
      this.#database.exec('PRAGMA busy_timeout = 0')
      const { busy } = this.#database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get() ?? {}
      this.#database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT}`)
      if (busy !== 0) this.#emptySoon(failed)
    } catch (error) {
      failed(error)
    }
  }

  #run(failed: (error: unknown) => void): void {
    if (this.#scheduled !== null) clearImmediate(this.#scheduled)
    this.#scheduled = null
    try {
      this.#move.get()
    } catch (error) {
      failed(error)
    }
  }
}
