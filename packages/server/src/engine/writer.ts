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
  /** `applied` or `committed` threw, though the commit stands; or the store cannot take an item as it is. */
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
  /** The newest write; those before it are answered before it. */
  #last: Promise<unknown> = Promise.resolve()
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
    const written = new Promise<Outcome>((resolve, reject) => {
      this.#queue.push({ item, applied, resolve, reject })
      this.#schedule()
    })
    this.#last = written
    return written
  }

  /** Resolves when everything is answered that waits now. */
  settled(): Promise<void> {
    return this.#last.then(
      () => {},
      () => {},
    )
  }

  /** Takes nothing more, and finishes what is being written and what waits. */
  async close(): Promise<void> {
    this.#closing = true
    await this.settled()
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
    // One part, unless an item is such that the store cannot take it: then halves, so that it fails alone.
    const parts = [batch]
    for (let part = parts.shift(); part; part = parts.shift()) {
      const started = performance.now()
      let outcomes: readonly Outcome[]
      try {
        outcomes = await this.#store.commit(part.map(waiting => waiting.item))
      } catch (error) {
        if (error instanceof StoreFailure) {
          this.#writing = false
          this.#fail([part, ...parts].flat(), error)
          return
        }
        const middle = Math.ceil(part.length / 2)
        if (part.length > 1) parts.unshift(part.slice(0, middle), part.slice(middle))
        else this.#refuse(part[0] as Waiting, error)
        continue
      }
      this.#answer(part, outcomes, performance.now() - started)
    }
    this.#writing = false
    this.#schedule()
  }

  #answer(part: readonly Waiting[], outcomes: readonly Outcome[], milliseconds: number): void {
    this.#guarded(() => this.#events.committed(part.length, milliseconds))
    for (const [index, { applied, resolve }] of part.entries()) {
      const outcome = outcomes[index] as Outcome
      if (outcome.outcome === 'committed' && applied) this.#guarded(() => applied(outcome.events))
      resolve(outcome)
    }
  }

  #refuse({ reject }: Waiting, error: unknown): void {
    this.#events.bug(error)
    reject(new StoreFailure('the store cannot take this'))
  }

  /** What comes after a commit cannot undo it, and keeps nobody else waiting. */
  #guarded(run: () => void): void {
    try {
      run()
    } catch (error) {
      this.#events.bug(error)
    }
  }

  /** Answers everybody who waits with the failure and begins to reopen the store. */
  #fail(batch: readonly Waiting[], failure: StoreFailure): void {
    const waiting = [...batch, ...this.#queue]
    this.#queue = []
    this.#failed = failure
    for (const one of waiting) one.reject(failure)
    this.#events.failed(failure)
    this.#reopen(0)
  }

  #reopen(attempt: number): void {
    const delay = REOPEN_DELAYS[Math.min(attempt, REOPEN_DELAYS.length - 1)] as number
    this.#reopenTimer = setTimeout(() => {
      this.#reopenTimer = null
      this.#store.reopen().then(
        () => {
          if (this.#closing) return
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
}
