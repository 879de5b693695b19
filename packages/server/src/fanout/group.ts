// All sockets of one wire that get the same frames: a room, or a user's sessions. In each turn a group collects one
// batch; it is joined once and that Buffer is what every member writes. Members pay once a turn, not once a frame.

import { Batch, OPEN } from './batch.ts'
import type { Outlet } from './outlet.ts'
import type { Turn } from './turn.ts'

export class Group {
  readonly #turn: Turn
  readonly #members = new Set<Outlet>()
  #batch: Batch | undefined

  constructor(turn: Turn) {
    this.#turn = turn
  }

  /** Members now; with 0 an event need not be encoded. */
  get size(): number {
    return this.#members.size
  }

  has(outlet: Outlet): boolean {
    return this.#members.has(outlet)
  }

  /** Frames written from now on also go to this outlet. */
  join(outlet: Outlet): void {
    if (outlet.closed || this.#members.has(outlet)) return
    this.#members.add(outlet)
    if (this.#batch !== undefined) outlet.add({ batch: this.#batch, start: this.#batch.frames.length, end: OPEN })
  }

  /** Frames written from now on do not go to this outlet; those of this turn so far still do. */
  leave(outlet: Outlet): void {
    if (this.#members.delete(outlet) && this.#batch !== undefined) outlet.cut(this.#batch)
  }

  /** One frame, encoded once, to every member. */
  write(frame: Buffer): void {
    const place = this.#turn.place()
    if (this.#batch !== undefined) {
      this.#batch.append(frame, place)
      return
    }
    const batch = new Batch(frame, place)
    for (const outlet of this.#members) {
      if (outlet.closed) this.#members.delete(outlet)
      else outlet.add(batch)
    }
    if (this.#members.size === 0) return
    this.#batch = batch
    this.#turn.opened(this)
  }

  /** For Turn: the batch is complete; the next frame begins a new one. */
  seal(): void {
    this.#batch = undefined
  }
}
