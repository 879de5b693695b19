// The database's clock, shown by this machine's count of time since it started, which nobody sets. Each answer of the database
// says within which bounds its clock lies; as long as ours lies there too, it is left alone, so it goes evenly.
import type { Clock } from '../../clock.ts'

export class FollowingClock implements Clock {
  readonly #monotonic: () => number
  /** What is added to the count, in ms; null before the first answer. */
  #offset: number | null = null

  /** `monotonic` in ms from any beginning. */
  constructor(monotonic: () => number = () => performance.now()) {
    this.#monotonic = monotonic
  }

  /** The other clock showed `now` (ms since 1970) at some moment between the two counts. */
  follow(now: number, asked: number, answered: number): void {
    const [least, most] = [now - answered, now - asked]
    if (this.#offset === null) this.#offset = (least + most) / 2
    else this.#offset = Math.min(Math.max(this.#offset, least), most)
  }

  now(): number {
    if (this.#offset === null) throw new Error('this clock has followed none yet')
    return Math.floor(this.#monotonic() + this.#offset)
  }
}
