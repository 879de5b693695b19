// Group commit (design 3): whatever is handed over in one turn of the event loop, and while a commit is being
// written, goes into the next transaction together. One sync, many answers. State in memory changes only after it.
import { BATCH_ITEMS } from '../limits.ts'
import type { RoomEvent } from '../room/events.ts'
import type { Item, Outcome, Store } from '../store/store.ts'
import { StoreFailure } from '../store/store.ts'

/** Something to be written, and who is told what became of it: one of `settled` and `failed` is called, once. Nothing of
 * that may wait or throw. */
export interface Writing {
  readonly item: Item
  /** Right after the commit that wrote it, in the order of the batch, before anybody of the batch is answered. */
  applied(events: readonly RoomEvent[]): void
  /** After the commit, in the order of the batch. */
  settled(outcome: Outcome): void
  /** Nothing of it was written. */
  failed(failure: StoreFailure): void
}

export interface WriterEvents {
  /** A commit failed: nothing of it was applied. */
  failed(reason: StoreFailure): void
  /** The store takes writes again; whatever was kept of its content must be read anew. */
  recovered(): void
  /** One transaction is on disk. */
  committed(items: number, milliseconds: number): void
  /** `applied`, `settled` or `committed` threw, though the commit stands; or the store cannot take an item as it is. */
  bug(error: unknown): void
}

/** ms between attempts to reopen a failed store: soon at first, then every second. */
const REOPEN_DELAYS = [50, 100, 250, 500, 1_000]

export class Writer {
  readonly #store: Store
  readonly #events: WriterEvents
  #queue: Writing[] = []
  #scheduled = false
  #writing = false
  #failed: StoreFailure | null = null
  #closing = false
  /** How many were taken, and how many of them are answered: in the order in which they came. */
  #taken = 0
  #answered = 0
  #settlers: { readonly upTo: number; resolve(): void }[] = []
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
  readonly write = (item: Item): Promise<Outcome> =>
    new Promise((settled, failed) => this.put({ item, applied: nothing, settled, failed }))

  /** The same for whoever is told without a promise; a refusal comes before this returns. */
  put(writing: Writing): void {
    if (this.#failed) writing.failed(new StoreFailure(this.#failed.message))
    else if (this.#closing) writing.failed(new StoreFailure('the server is stopping'))
    else {
      this.#taken += 1
      this.#queue.push(writing)
      this.#schedule()
    }
  }

  /** Resolves when everything is answered that waits now. */
  settled(): Promise<void> {
    const upTo = this.#taken
    if (this.#answered >= upTo) return Promise.resolve()
    return new Promise(resolve => this.#settlers.push({ upTo, resolve }))
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
        else this.#refuse(part[0] as Writing, error)
        continue
      }
      this.#answer(part, outcomes, performance.now() - started)
    }
    this.#writing = false
    this.#schedule()
  }

  /** Everybody is told of everything before anybody is answered: what an answer stands behind is there by then. */
  #answer(part: readonly Writing[], outcomes: readonly Outcome[], milliseconds: number): void {
    this.#guarded(() => this.#events.committed(part.length, milliseconds))
    part.forEach((writing, index) => {
      const outcome = outcomes[index] as Outcome
      if (outcome.outcome === 'committed') this.#guarded(() => writing.applied(outcome.events))
    })
    part.forEach((writing, index) => {
      this.#guarded(() => writing.settled(outcomes[index] as Outcome))
    })
    this.#answeredAll(part.length)
  }

  #refuse(writing: Writing, error: unknown): void {
    this.#events.bug(error)
    this.#guarded(() => writing.failed(new StoreFailure('the store cannot take this')))
    this.#answeredAll(1)
  }

  /** What comes after a commit cannot undo it, and keeps nobody else waiting. */
  #guarded(run: () => void): void {
    try {
      run()
    } catch (error) {
      this.#events.bug(error)
    }
  }

  #answeredAll(count: number): void {
    this.#answered += count
    while (this.#settlers[0] && this.#settlers[0].upTo <= this.#answered) this.#settlers.shift()?.resolve()
  }

  /** Answers everybody who waits with the failure and begins to reopen the store. */
  #fail(batch: readonly Writing[], failure: StoreFailure): void {
    const waiting = [...batch, ...this.#queue]
    this.#queue = []
    this.#failed = failure
    this.#guarded(() => this.#events.failed(failure))
    for (const one of waiting) this.#guarded(() => one.failed(failure))
    this.#answeredAll(waiting.length)
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

function nothing(): void {}
