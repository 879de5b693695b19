// Group commit (design 3): whatever is handed over in one turn of the event loop, and while a commit is being
// written, goes into the next transaction together. One sync, many answers. State in memory changes only after it.
import { BATCH_ITEMS } from '../limits.ts'
import type { RoomEvent } from '../room/events.ts'
import type { Item, Outcome, Store } from '../store/store.ts'
import { StoreFailure } from '../store/store.ts'

interface Waiting {
  readonly item: Item
  /** Called right after the commit, in the order of the batch, before anybody is answered. */
  readonly applied: ((events: readonly RoomEvent[]) => void) | null
  readonly resolve: (outcome: Outcome) => void
  readonly reject: (failure: StoreFailure) => void
}

export interface WriterEvents {
  /** A commit failed: nothing of it was applied. */
  failed(reason: StoreFailure): void
  /** The store takes writes again; whatever was kept of its content must be read anew. */
  recovered(): void
  /** One transaction is on disk. */
  committed(items: number, milliseconds: number): void
  /** `applied` threw: a bug, since the commit stands. */
  bug(error: unknown): void
}

/** ms between attempts to reopen a failed store: soon at first, then every second. */
const REOPEN_DELAYS = [50, 100, 250, 500, 1_000]

export class Writer {
  readonly #store: Store
  readonly #events: WriterEvents
  #queue: Waiting[] = []
  #scheduled = false
  #writing = false
  #failed: StoreFailure | null = null
  #closing = false
  #idle: (() => void)[] = []
  #reopenTimer: NodeJS.Timeout | null = null

  constructor(store: Store, events: WriterEvents) {
    this.#store = store
    this.#events = events
  }

  /** False from a failed commit until the store was opened anew. */
  get ready(): boolean {
    return this.#failed === null && !this.#closing
  }

  get waiting(): number {
    return this.#queue.length
  }

  /** Resolves after the commit. Rejects with StoreFailure when nothing of it was written. */
  readonly write = (item: Item, applied: ((events: readonly RoomEvent[]) => void) | null = null): Promise<Outcome> => {
    if (this.#failed) return Promise.reject(new StoreFailure(this.#failed.message))
    if (this.#closing) return Promise.reject(new StoreFailure('the server is stopping'))
    return new Promise((resolve, reject) => {
      this.#queue.push({ item, applied, resolve, reject })
      this.#schedule()
    })
  }

  /** Resolves when nothing is being written and nothing waits. */
  settled(): Promise<void> {
    if (this.#queue.length === 0 && !this.#writing) return Promise.resolve()
    return new Promise(resolve => this.#idle.push(resolve))
  }

  /** Finishes what is being written and what waits, then takes nothing more. */
  async close(): Promise<void> {
    await this.settled()
    this.#closing = true
    if (this.#reopenTimer) clearTimeout(this.#reopenTimer)
  }

  #schedule(): void {
    if (this.#scheduled || this.#writing || this.#queue.length === 0) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      void this.#flush()
    })
  }

  async #flush(): Promise<void> {
    const batch = this.#queue.length <= BATCH_ITEMS ? this.#queue : this.#queue.slice(0, BATCH_ITEMS)
    this.#queue = batch === this.#queue ? [] : this.#queue.slice(BATCH_ITEMS)
    this.#writing = true
    const started = performance.now()
    let outcomes: readonly Outcome[]
    try {
      outcomes = await this.#store.commit(batch.map(waiting => waiting.item))
    } catch (error) {
      this.#writing = false
      this.#fail(batch, error)
      return
    }
    this.#writing = false
    this.#events.committed(batch.length, performance.now() - started)
    for (const [index, waiting] of batch.entries()) {
      const outcome = outcomes[index] as Outcome
      if (outcome.outcome === 'committed' && waiting.applied) {
        try {
          waiting.applied(outcome.events)
        } catch (error) {
          this.#events.bug(error)
        }
      }
      waiting.resolve(outcome)
    }
    this.#schedule()
    this.#settle()
  }

  /** Answers everybody who waits with the failure and begins to reopen the store. */
  #fail(batch: readonly Waiting[], error: unknown): void {
    const failure = error instanceof StoreFailure ? error : new StoreFailure('the store failed')
    if (!(error instanceof StoreFailure)) this.#events.bug(error)
    const waiting = [...batch, ...this.#queue]
    this.#queue = []
    this.#failed = failure
    for (const one of waiting) one.reject(failure)
    this.#events.failed(failure)
    this.#settle()
    this.#reopen(0)
  }

  #reopen(attempt: number): void {
    const delay = REOPEN_DELAYS[Math.min(attempt, REOPEN_DELAYS.length - 1)] as number
    this.#reopenTimer = setTimeout(() => {
      this.#reopenTimer = null
      this.#store.reopen().then(
        () => {
          this.#failed = null
          this.#events.recovered()
        },
        () => {
          if (!this.#closing) this.#reopen(attempt + 1)
        },
      )
    }, delay)
    this.#reopenTimer.unref()
  }

  #settle(): void {
    if (this.#queue.length > 0 || this.#writing) return
    for (const resolve of this.#idle.splice(0)) resolve()
  }
}
