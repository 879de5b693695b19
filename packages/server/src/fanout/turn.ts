// One turn of the event loop: who has something pending, and the flush at its end. One Turn serves a process. The
// flush is a setImmediate, which runs after all sockets that were ready have been read: under load frames are joined,
// without load nothing waits. Never a timer.

import type { Span } from './batch.ts'
import type { Group } from './group.ts'
import type { Outlet } from './outlet.ts'

export class Turn {
  /** Writes to transports since the start; with `flushes` what metrics and tests count. */
  writes = 0
  /** Flushes that had something to write. */
  flushes = 0
  #place = 0
  #scheduled = false
  #settling = false
  #outlets: Outlet[] = []
  #groups: Group[] = []
  readonly #run = (): void => {
    this.#scheduled = false
    this.flush()
  }
  readonly #settled = (): void => {
    this.#settling = false
    this.flush()
  }

  /**
   * Flushes once the promise continuations that are ready now have run, instead of at the end of the next turn. For
   * whoever runs in a setImmediate itself and has just published all there is: the group commit.
   */
  settle(): void {
    if (this.#settling) return
    this.#settling = true
    process.nextTick(this.#settled)
  }

  /** Writes everything pending: one write per socket. Callbacks run after the last write. */
  flush(): void {
    const outlets = this.#outlets
    if (outlets.length === 0) return
    this.#outlets = []
    for (const group of this.#groups) group.seal()
    this.#groups = []
    this.#place = 0
    this.flushes++
    const taken: (Span | Span[] | undefined)[] = []
    for (const outlet of outlets) outlet.take(taken)
    let overflowed: Outlet[] | undefined
    for (let i = 0; i < outlets.length; i++) {
      const first = taken[2 * i] as Span | undefined
      if (first === undefined || outlets[i]!.send(first, taken[2 * i + 1] as Span[] | undefined)) continue
      overflowed ??= []
      overflowed.push(outlets[i]!)
    }
    if (overflowed !== undefined) for (const outlet of overflowed) outlet.owner.onOverflow(outlet)
  }

  /** For Outlet: it has something pending. */
  pending(outlet: Outlet): void {
    this.#outlets.push(outlet)
    if (this.#scheduled || this.#settling) return
    this.#scheduled = true
    setImmediate(this.#run)
  }

  /** For Group: it has begun a batch. */
  opened(group: Group): void {
    this.#groups.push(group)
  }

  /** For Outlet and Group: the next place in the order of this turn's calls. */
  place(): number {
    return this.#place++
  }
}
