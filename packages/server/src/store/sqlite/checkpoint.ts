// Checkpoints: moving what the write-ahead log holds into the database file, so that the log stays small. They run
// in a turn of their own after answers have gone out, never inside a commit, and they are the reason for a bounded log.
import type { DatabaseSync, StatementSync } from 'node:sqlite'

/**
 * Pages in the log at which it is moved: 16 MiB. Small enough that one checkpoint holds the event loop for some
 * ten ms, large enough that pages which change with every commit (heads, the ends of indexes) are moved once for many.
 */
const PAGES = 4_096

/** A log that has grown to this because no turn has passed between commits is moved within one. */
const PAGES_AT_MOST = 2 * PAGES

export class Checkpoints {
  readonly #state: StatementSync
  readonly #move: StatementSync
  #scheduled: NodeJS.Immediate | null = null

  constructor(database: DatabaseSync) {
    this.#state = database.prepare('PRAGMA wal_checkpoint(NOOP)')
    // PASSIVE waits for nobody, be it a backup that reads; once all is moved the next commit begins the log anew.
    this.#move = database.prepare('PRAGMA wal_checkpoint(PASSIVE)')
  }

  /** After a commit, which stands whatever happens here: `failed` is told when the log could not be moved. */
  after(failed: (error: unknown) => void): void {
    try {
      const pages = this.#state.get()?.log as number
      if (pages < PAGES) return
      if (pages >= PAGES_AT_MOST) this.#run(failed)
      else this.#scheduled ??= setImmediate(() => this.#run(failed))
    } catch (error) {
      failed(error)
    }
  }

  stop(): void {
    if (this.#scheduled !== null) clearImmediate(this.#scheduled)
    this.#scheduled = null
  }

  #run(failed: (error: unknown) => void): void {
    this.stop()
    try {
      this.#move.get()
    } catch (error) {
      failed(error)
    }
  }
}
