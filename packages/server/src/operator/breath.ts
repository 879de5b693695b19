// Lets the server go on with everything else in the middle of long work: an import of a hundred thousand users
// through a running server must not be felt by those who chat.
import { setImmediate } from 'node:timers/promises'

/** ms of work between two looks at everything else. */
const HELD = 5

export class Breath {
  #since = performance.now()

  /** Waits for one turn of the event loop when this work has held it long enough; else not at all. */
  take(): Promise<void> | undefined {
    return performance.now() - this.#since < HELD ? undefined : this.#wait()
  }

  async #wait(): Promise<void> {
    await setImmediate()
    this.#since = performance.now()
  }
}
