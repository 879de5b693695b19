// The requests of one socket, one after the other in the order in which they came, so that a client that does not wait
// for answers gets what it would have got by waiting. A request may say that it has taken its place (a message that is
// handed to the engine): those of the same kind behind it need not wait for its commit.
import { weightOf } from '../held.ts'

export interface Job {
  /** Does not wait for jobs that have taken their place. */
  readonly pipelined: boolean
  /** What came with it. */
  readonly payload?: unknown
  /** Never throws. It says here when it has taken its place, if it does, and when it has ended: at once or later. */
  begin(requests: Requests): void
}

/** Whose requests they are. */
export interface Asking {
  /** Asked before each job; who says no calls `next` when it may. */
  mayStart(): boolean
}

export class Requests {
  readonly #of: Asking
  #waiting: Job[] = []
  /** It has not taken its place yet. */
  #starting: Job | null = null
  #placed = 0
  /** Those that end at once are begun one after the other, not one inside of the other. */
  #beginning = false

  constructor(of: Asking) {
    this.#of = of
  }

  /** Waiting, running not counted. */
  get waiting(): number {
    return this.#waiting.length
  }

  /** Bytes of those, roughly. */
  get held(): number {
    return this.#waiting.reduce((sum, { payload }) => sum + weightOf(payload), 0)
  }

  add(job: Job): void {
    this.#waiting.push(job)
    this.next()
  }

  /** Forgets what has not begun: its socket is gone. */
  clear(): void {
    this.#waiting = []
  }

  /** Starts what may start. */
  next(): void {
    if (this.#beginning) return
    this.#beginning = true
    for (let job = this.#startable(); job; job = this.#startable()) {
      this.#waiting.shift()
      this.#starting = job
      job.begin(this)
    }
    this.#beginning = false
  }

  /** A job has taken its place: the next pipelined one may start. */
  placed(job: Job): void {
    if (this.#starting !== job) return
    this.#starting = null
    this.#placed += 1
    this.next()
  }

  /** Once for each job. */
  ended(job: Job): void {
    if (this.#starting === job) this.#starting = null
    else this.#placed -= 1
    this.next()
  }

  #startable(): Job | undefined {
    const job = this.#waiting[0]
    if (!job || this.#starting !== null || (this.#placed > 0 && !job.pipelined)) return undefined
    return this.#of.mayStart() ? job : undefined
  }
}
