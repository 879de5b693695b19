// What is asked in one turn of the event loop goes into one statement, and while that one is under way what comes next waits
// for it together: so things happen in the order in which they were asked for, and a statement's cost is shared.
import { StoreFailure } from '../store/store.ts'

interface Waiting<Ask, Answer> {
  readonly ask: Ask
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: unknown) => void
}

export interface PerTurnOptions<Ask, Answer> {
  /** One answer for each, in order; an Error rejects that one alone. */
  run(asked: readonly Ask[]): Promise<readonly (Answer | Error)[]>
  /** Asked in one statement at most. */
  readonly together: number
  /** Asked at the same time at most; beyond it nobody is served. */
  readonly waiting: number
}

export class PerTurn<Ask, Answer> {
  readonly #options: PerTurnOptions<Ask, Answer>
  #waiting: Waiting<Ask, Answer>[] = []
  #scheduled = false
  #running = false

  constructor(options: PerTurnOptions<Ask, Answer>) {
    this.#options = options
  }

  /** Rejects with StoreFailure where too many wait. */
  ask(ask: Ask): Promise<Answer> {
    if (this.#waiting.length >= this.#options.waiting) return Promise.reject(new StoreFailure('the store is busy'))
    return new Promise((resolve, reject) => {
      this.#waiting.push({ ask, resolve, reject })
      this.#schedule()
    })
  }

  #schedule(): void {
    if (this.#scheduled || this.#running || this.#waiting.length === 0) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      void this.#flush()
    })
  }

  async #flush(): Promise<void> {
    const { run, together } = this.#options
    const batch = this.#waiting.splice(0, together)
    this.#running = true
    try {
      const answers = await run(batch.map(({ ask }) => ask))
      for (const [index, { resolve, reject }] of batch.entries()) {
        const answer = answers[index]
        if (answer instanceof Error) reject(answer)
        else resolve(answer as Answer)
      }
    } catch (error) {
      for (const { reject } of batch) reject(error)
    }
    this.#running = false
    this.#schedule()
  }
}
