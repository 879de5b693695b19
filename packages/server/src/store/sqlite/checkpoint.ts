// Checkpoints: moving what the write-ahead log holds into the database file, so that the log stays small. They run
// in a turn of their own after answers have gone out, never inside a commit, and they are the reason for a bounded log.
import type { DatabaseSync, StatementSync } from 'node:sqlite'

/**
 * Pages in the log at which it is moved: 16 MiB. Small enough that one checkpoint holds the event loop for some
 * ten ms, large enough that pages which change with every commit (heads, the ends of indexes) are moved once for many.
 */
const PAGES = 4_096

export class Checkpoints {
  readonly #state: StatementSync
  readonly #move: StatementSync
  #scheduled: NodeJS.Immediate | null = null

  constructor(database: DatabaseSync) {
    this.#state = database.prepare('PRAGMA wal_checkpoint(NOOP)')
    this.#move = database.prepare('PRAGMA wal_checkpoint(RESTART)')
  }

  /** After a commit: `failed` is told when the move that may follow fails; the commit stands all the same. */
  after(failed: (error: unknown) => void): void {
    if (this.#scheduled !== null || (this.#state.get()?.log as number) < PAGES) return
    this.#scheduled = setImmediate(() => {
      this.#scheduled = null
      try {
        this.#move.get()
      } catch (error) {
        failed(error)
      }
    })
  }

  stop(): void {
    if (this.#scheduled !== null) clearImmediate(this.#scheduled)
    this.#scheduled = null
  }
}
