// The requests of one socket, one after the other in the order in which they came, so that a client that does not wait
// for answers gets what it would have got by waiting. A request may say that it has taken its place (a message that is
// handed to the engine): those of the same kind behind it need not wait for its commit.

export interface Job {
  /** Does not wait for jobs that have taken their place. */
  readonly pipelined: boolean
  /** Never rejects. `placed`: the next pipelined job may start. */
  run(placed: () => void): Promise<void>
}

/** Whose requests they are. */
export interface Asking {
  /** Asked before each job; who says no calls `next` when it may. */
  mayStart(): boolean
}

export class Requests {
  readonly #of: Asking
  #waiting: Job[] = []
  #starting = false
  #placed = 0

  constructor(of: Asking) {
    this.#of = of
  }

  /** Waiting, running not counted. */
  get waiting(): number {
    return this.#waiting.length
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
    if (this.#starting) return
    const job = this.#waiting[0]
    if (!job || (this.#placed > 0 && !job.pipelined) || !this.#of.mayStart()) return
    this.#waiting.shift()
    this.#starting = true
    let placed = false
    const place = (): void => {
      if (placed) return
      placed = true
      this.#starting = false
      this.#placed += 1
      this.next()
    }
    const ended = (): void => {
      if (placed) this.#placed -= 1
      else this.#starting = false
      this.next()
    }
    // A job that breaks its promise not to reject must not hold up the others.
    job.run(place).then(ended, ended)
  }
}
