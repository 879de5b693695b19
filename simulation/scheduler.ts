// Time and order in one seed: everything that happens is an occurrence at a moment, belongs to a process (a node, or null
// for the store, the network and the world), and runs to the end of its microtasks before the next one. Two things at one
// moment come in the order in which they were planned; delays, which are drawn, make all other orders.

/** One life of a node: what it planned dies with it, and waits while it is stopped. */
export class Life {
  readonly name: string
  /** ms by which its clock is ahead of the store's. */
  readonly skew: number
  alive = true
  /** Virtual ms until which it stands still, as under SIGSTOP; 0: it runs. */
  stoppedUntil = 0
  /** Its next turn of the event loop is never before the last one. */
  turn = 0

  constructor(name: string, skew: number) {
    this.name = name
    this.skew = skew
  }
}

interface Occurrence {
  at: number
  readonly number: number
  readonly life: Life | null
  readonly run: () => void
  cancelled: boolean
}

/** What was planned; cancelled it does not happen. */
export type Planned = { cancelled: boolean }

/** Taken before anything replaces it: the microtasks of an occurrence end before it comes. */
const turn = globalThis.setImmediate
/** Turns that are asked for at once. Node looks at its sockets and files once for all of them, which costs more than an
 * occurrence does, and still ends the microtasks of each before the next. */
const BATCH = 16

export class Scheduler {
  /** ms since 1970. */
  now: number
  /** Whose code is running. */
  life: Life | null = null
  /** Occurrences that have happened. */
  happened = 0
  readonly #heap: Occurrence[] = []
  #numbers = 0

  constructor(now: number) {
    this.now = now
  }

  plan(life: Life | null, delay: number, run: () => void): Planned {
    const planned = { at: this.now + Math.max(0, delay), number: this.#numbers++, life, run, cancelled: false }
    this.#push(planned)
    return planned
  }

  /**
   * Everything that is planned before `until`, each with all its microtasks; then time is there. After each `settled` is
   * told whose it was, and says whether to go on.
   */
  run(until: number, settled: (life: Life | null) => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      let done = false
      let running: Occurrence | null = null
      const one = (): void => {
        if (done) return
        try {
          this.life = null
          done = running !== null && !settled(running.life)
          running = done ? null : this.#begin(until)
          if (running !== null) return
          done = true
          resolve()
        } catch (error) {
          done = true
          reject(error instanceof Error ? error : new Error(String(error)))
        }
      }
      const batch = (): void => {
        one()
        if (done) return
        for (let count = 0; count < BATCH; count++) turn(one)
        turn(batch)
      }
      turn(batch)
    })
  }

  /** Runs the next occurrence; null where there is none before `until`. */
  #begin(until: number): Occurrence | null {
    for (let next = this.#heap[0]; next && next.at <= until; next = this.#heap[0]) {
      this.#pop()
      const { life } = next
      if (next.cancelled || (life && !life.alive)) continue
      if (life && life.stoppedUntil > next.at) {
        next.at = life.stoppedUntil
        this.#push(next)
        continue
      }
      this.now = Math.max(this.now, next.at)
      this.life = life
      this.happened += 1
      next.run()
      return next
    }
    this.now = Math.max(this.now, until)
    return null
  }

  #push(one: Occurrence): void {
    const heap = this.#heap
    let at = heap.length
    heap.push(one)
    while (at > 0) {
      const above = (at - 1) >> 1
      const parent = heap[above] as Occurrence
      if (!before(one, parent)) break
      heap[at] = parent
      at = above
    }
    heap[at] = one
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop() as Occurrence
    if (heap.length === 0) return
    let at = 0
    for (;;) {
      let least = 2 * at + 1
      if (least >= heap.length) break
      const right = heap[least + 1]
      if (right && before(right, heap[least] as Occurrence)) least += 1
      const child = heap[least] as Occurrence
      if (!before(child, last)) break
      heap[at] = child
      at = least
    }
    heap[at] = last
  }
}

function before(a: Occurrence, b: Occurrence): boolean {
  return a.at === b.at ? a.number < b.number : a.at < b.at
}
