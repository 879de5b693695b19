// What the one writer of a database remembers of rows that nobody else can have changed since: bounded, the oldest goes
// first. It is told of what is on disk alone, so a batch that was rolled back leaves no trace in it.

export class Kept<K, V> {
  readonly #most: number
  readonly #entries = new Map<K, V>()

  constructor(most: number) {
    this.#most = most
  }

  get(key: K): V | undefined {
    return this.#entries.get(key)
  }

  /** Takes it out, for whoever will change it: it comes back by `set`, or not at all. */
  take(key: K): V | undefined {
    const value = this.#entries.get(key)
    if (value !== undefined) this.#entries.delete(key)
    return value
  }

  set(key: K, value: V): void {
    if (this.#entries.size >= this.#most && !this.#entries.has(key)) {
      const oldest = this.#entries.keys().next()
      if (!oldest.done) this.#entries.delete(oldest.value)
    }
    this.#entries.set(key, value)
  }
}
