// The first of very many in an order, where only a part is asked for: neither all of them are held, nor sorted in one piece.

/** Sorted at once; a few ms. */
const LEAST = 1_000

export class Foremost<T> {
  readonly #most: number
  readonly #compare: (a: T, b: T) => number
  #kept: T[] = []
  #total = 0

  /** @param most how many of them are wanted */
  constructor(most: number, compare: (a: T, b: T) => number) {
    this.#most = most
    this.#compare = compare
  }

  /** How many there were. */
  get total(): number {
    return this.#total
  }

  add(item: T): void {
    this.#total += 1
    if (this.#kept.push(item) >= this.#most * 2 + LEAST) this.#cut()
  }

  /** Those that are wanted, in their order; equals in the order in which they came. */
  first(): readonly T[] {
    this.#cut()
    return this.#kept
  }

  #cut(): void {
    this.#kept = this.#kept.sort(this.#compare).slice(0, this.#most)
  }
}
