// What was found out lately: kept for a while, and no more of it than fits.

export class Recent<Value> {
  readonly #most: number
  readonly #age: number
  readonly #kept = new Map<string, { readonly at: number; readonly value: Value }>()

  /** `age` in ms. */
  constructor(most: number, age: number) {
    this.#most = most
    this.#age = age
  }

  /** undefined for what is not known, or not known any more. */
  get(key: string, now: number): Value | undefined {
    const kept = this.#kept.get(key)
    // A clock may be set back.
    return kept && Math.abs(now - kept.at) < this.#age ? kept.value : undefined
  }

  set(key: string, value: Value, now: number): void {
    this.#kept.delete(key)
    this.#kept.set(key, { at: now, value })
    const oldest = this.#kept.keys().next()
    if (this.#kept.size > this.#most && !oldest.done) this.#kept.delete(oldest.value)
  }
}
