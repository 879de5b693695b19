// Lets what has the same key run one after another, so that a count is read and written by one at a time.

export class Turns {
  readonly #most: number
  readonly #lines = new Map<string, { last: Promise<unknown>; length: number }>()

  /** @param most how many may stand in one line, the one that runs included */
  constructor(most: number) {
    this.#most = most
  }

  /** undefined when the line is full. `rest`: ms for which the line stands still after the work. */
  run<T>(key: string, work: () => Promise<T>, rest = 0): Promise<T> | undefined {
    const length = this.#lines.get(key)?.length ?? 0
    return length < this.#most ? this.wait(key, work, rest) : undefined
  }

  /** However long the line is: for what nobody may keep away by filling it. */
  wait<T>(key: string, work: () => Promise<T>, rest = 0): Promise<T> {
    const line = this.#lines.get(key) ?? { last: Promise.resolve(), length: 0 }
    line.length += 1
    const turn = line.last.then(work)
    const done = (): void => {
      line.length -= 1
      if (line.length === 0) this.#lines.delete(key)
    }
    line.last = turn
      .catch(() => {})
      .then(() => (rest > 0 ? pause(rest) : undefined))
      .then(done)
    this.#lines.set(key, line)
    return turn
  }
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => {
    setTimeout(resolve, ms).unref()
  })
}
