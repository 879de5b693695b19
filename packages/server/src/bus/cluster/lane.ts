// Messages that are looked up before they are delivered, one after another: what comes first is delivered first.
import type { Soon } from './resolver.ts'

export class Lane {
  #last: Promise<void> | null = null
  readonly #failed: (error: unknown) => void

  constructor(failed: (error: unknown) => void) {
    this.#failed = failed
  }

  /** At once where nothing is to be waited for. `then` must not throw. */
  take<T>(look: () => Soon<T>, then: (found: T) => void): void {
    if (this.#last === null) {
      let found: Soon<T>
      try {
        found = look()
      } catch (error) {
        this.#failed(error)
        return
      }
      if (!(found instanceof Promise)) {
        then(found)
        return
      }
      this.#follow(found, then)
      return
    }
    this.#follow(this.#last.then(look), then)
  }

  #follow<T>(found: Promise<T>, then: (found: T) => void): void {
    const last: Promise<void> = found
      .then(then)
      .catch(this.#failed)
      .then(() => {
        if (this.#last === last) this.#last = null
      })
    this.#last = last
  }
}
