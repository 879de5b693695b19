// What stands in no room's log and must not be lost, read from the store's feed of changes: whether or not a message told
// of it, every node has learnt it by the next look.
import { BUS_CHANGES } from '../../limits.ts'
import type { Change, Feed } from '../feed.ts'
import type { Soon } from './resolver.ts'

export interface CatchUpParts {
  readonly feed: Feed
  /** Once or, where this rejects, again with the next look. */
  changed(change: Change): Soon<void>
  /** More has been missed than is kept. */
  missed(): Promise<void>
}

export class CatchUp {
  readonly #parts: CatchUpParts
  #cursor: string | null = null
  #running: Promise<void> | null = null
  #next: Promise<void> | null = null

  constructor(parts: CatchUpParts) {
    this.#parts = parts
  }

  /** Resolves when everything was told that stood in the feed as this was called. Rejects with StoreFailure. */
  look(): Promise<void> {
    if (!this.#running) return this.#start()
    // One that runs may have read already; whoever comes meanwhile shares the next.
    this.#next ??= this.#running
      .catch(() => {})
      .then(() => {
        this.#next = null
        return this.#start()
      })
    return this.#next
  }

  #start(): Promise<void> {
    const running = this.#read().finally(() => {
      if (this.#running === running) this.#running = null
    })
    this.#running = running
    return running
  }

  async #read(): Promise<void> {
    const { feed } = this.#parts
    if (this.#cursor === null) {
      this.#cursor = await feed.position()
      return
    }
    for (let more = true; more; ) {
      const read = await feed.read(this.#cursor, BUS_CHANGES)
      if (read.missed) await this.#parts.missed()
      for (const change of read.changes) await this.#parts.changed(change)
      this.#cursor = read.cursor
      more = read.more
    }
  }
}
