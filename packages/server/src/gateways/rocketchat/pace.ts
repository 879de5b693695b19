// How long requests hold the event loop: a slice, then everybody else's sockets are read and written, then the next slice.
// When thousands come back at once, those who are here go first, and those who arrive share what is left.
import { Line } from '../line.ts'
import { ARRIVALS, SLICE } from './limits.ts'

type Release = () => void

/** `here`: of a connection that has been served before. `arriving`: of one that is just coming. */
export type Standing = 'here' | 'arriving'

export class Pace {
  readonly #waiting: Readonly<Record<Standing, Line<Release>>> = { here: new Line(), arriving: new Line() }
  readonly #now: () => number
  /** When this slice began; null before anything has run in this turn. */
  #began: number | null = null
  #pumping = false
  #sinceArrival = 0

  /** `now`: ms that only grow. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** Resolves when there is time for one more request; null where there is time at once. */
  next(standing: Standing): Promise<void> | null {
    if (!this.#pumping && !this.#isOver()) return null
    const turn = new Promise<void>(resolve => this.#waiting[standing].push(resolve))
    if (!this.#pumping) this.#later()
    return turn
  }

  #isOver(): boolean {
    const now = this.#now()
    if (this.#began === null) {
      this.#began = now
      // Runs after the sockets that are ready have been read: the turn is over.
      setImmediate(() => {
        if (!this.#pumping) this.#began = null
      })
    }
    return now - this.#began >= SLICE
  }

  #later(): void {
    this.#pumping = true
    setImmediate(() => {
      this.#began = this.#now()
      this.#pump()
    })
  }

  /** One after the other, each to the end of what it does without waiting. */
  #pump(): void {
    const release = this.#take()
    if (!release) {
      this.#pumping = false
      this.#began = null
      return
    }
    release()
    // A tick that is asked for by a microtask runs when no microtask is left.
    queueMicrotask(() => process.nextTick(() => (this.#isOver() ? this.#later() : this.#pump())))
  }

  /** Those who are here first, but somebody who arrives after every few of them. */
  #take(): Release | undefined {
    const { here, arriving } = this.#waiting
    const first = this.#sinceArrival < ARRIVALS ? here : arriving
    const release = first.shift() ?? (first === here ? arriving : here).shift()
    this.#sinceArrival = first === here && arriving.size > 0 ? this.#sinceArrival + 1 : 0
    return release
  }
}
