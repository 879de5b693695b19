// Answers of one connection that are under way at the same time: they leave in the order of the requests, whichever is known
// first, so that a client that does not wait for answers hears what it would have heard by waiting.
import { Line } from '../line.ts'

/** Of one request. */
export interface Place<T> {
  /** null: not known so far. */
  answer: T | null
}

export class Answers<T> {
  readonly #line = new Line<Place<T>>()
  readonly #leave: (answer: T) => void
  /** Somebody who waits until no more than so many are under way. */
  #waiting: { readonly most: number; resume(): void } | null = null

  constructor(leave: (answer: T) => void) {
    this.#leave = leave
  }

  /** Under way. */
  get size(): number {
    return this.#line.size
  }

  /** Behind all that are under way. */
  place(): Place<T> {
    const place: Place<T> = { answer: null }
    this.#line.push(place)
    return place
  }

  give(place: Place<T>, answer: T): void {
    place.answer = answer
    for (let first = this.#line.first; first && first.answer !== null; first = this.#line.first) {
      this.#line.shift()
      this.#leave(first.answer)
    }
    if (this.#waiting === null || this.#line.size > this.#waiting.most) return
    const { resume } = this.#waiting
    this.#waiting = null
    resume()
  }

  /** Resolves when at most so many are under way; null where that is so. For one who waits at a time. */
  atMost(most: number): Promise<void> | null {
    if (this.#line.size <= most) return null
    return new Promise(resume => {
      this.#waiting = { most, resume }
    })
  }
}
