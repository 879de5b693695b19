// How much is read in one turn of the event loop: a slice, then everybody is written to, then the next slice. Whoever has sent
// more than fits into one waits, behind those who sent a little; so a thousand clients that pour things in take the server's
// time from each other, and not from the others. What waits is raw and small, for its socket is not read meanwhile.
import { INTAKE_EACH, INTAKE_FRESH, INTAKE_SLICE } from '../limits.ts'
import { Line } from './line.ts'

/** A socket with messages that were read and not yet taken. */
export interface Waiting {
  /** Takes one of them; false when there are no more. */
  takeOne(): boolean
}

export class Intake {
  /** The turn of the event loop, for whoever counts by it. */
  turn = 0
  /** Those who wait for the first time, and those who have had some of theirs taken and have more. */
  readonly #fresh = new Line<Waiting>()
  readonly #behind = new Line<Waiting>()
  #sinceBehind = 0
  /** When this slice began; null before anything was read in this turn. */
  #began: number | null = null
  #pumping = false
  readonly #now: () => number
  readonly #ended = (): void => {
    if (this.#pumping) return
    this.#next()
  }

  /** `now`: ms that only grow. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** Sockets that wait. */
  get waiting(): number {
    return this.#fresh.size + this.#behind.size
  }

  /** Whether a message may be taken at once from a socket that has had so many taken in this turn. */
  admits(taken: number): boolean {
    if (this.#pumping) return false
    const now = this.#now()
    if (this.#began === null) {
      this.#began = now
      // Runs after the sockets that are ready have been read: the turn is over.
      setImmediate(this.#ended)
    }
    return taken < INTAKE_EACH && now - this.#began < INTAKE_SLICE
  }

  /** It has a message that was not admitted. */
  wait(socket: Waiting): void {
    this.#fresh.push(socket)
    if (this.#began === null && !this.#pumping) {
      this.#began = this.#now()
      setImmediate(this.#ended)
    }
  }

  #next(): void {
    this.turn++
    if (this.waiting === 0) {
      this.#pumping = false
      this.#began = null
      return
    }
    this.#pumping = true
    this.#began = this.#now()
    this.#pump()
  }

  /** One message after the other, each to the end of what is done for it without waiting. */
  #pump(): void {
    const socket = this.#first()
    if (socket === undefined) {
      this.#pumping = false
      this.#began = null
      return
    }
    if (socket.takeOne()) this.#behind.push(socket)
    // A tick that is asked for by a microtask runs when no microtask is left.
    queueMicrotask(() => process.nextTick(this.#goOn))
  }

  readonly #goOn = (): void => {
    if (this.#now() - (this.#began as number) < INTAKE_SLICE) this.#pump()
    else setImmediate(() => this.#next())
  }

  /** Those who have sent little first, but one of the others after every few of them. */
  #first(): Waiting | undefined {
    if (this.#behind.size === 0 || (this.#fresh.size > 0 && this.#sinceBehind < INTAKE_FRESH)) {
      this.#sinceBehind++
      return this.#fresh.shift()
    }
    this.#sinceBehind = 0
    return this.#behind.shift()
  }
}
