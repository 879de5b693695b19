// First in, first out; `shift` of a long array is slow.
export class Line<T> {
  #entries: T[] = []
  #at = 0

  get size(): number {
    return this.#entries.length - this.#at
  }

  get first(): T | undefined {
    return this.#entries[this.#at]
  }

  push(entry: T): void {
    this.#entries.push(entry)
  }

  shift(): T | undefined {
    if (this.size === 0) return undefined
    const entry = this.#entries[this.#at]
    this.#at += 1
    if (this.#at * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#at)
      this.#at = 0
    }
    return entry
  }
}
