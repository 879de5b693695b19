// Which items of a batch may be written together: those that touch nothing in common but the end of a room's log. The others
// come in a later wave of the same statement, so that each sees what the items before it wrote.

export class Waves {
  readonly #read = new Map<string, number>()
  readonly #written = new Map<string, number>()

  /** The wave, from 0 on, of the next item. What it reads or appends to may be `shared` with others of its wave; what it
   * changes, `own`, may not. */
  next(shared: readonly string[], own: readonly string[]): number {
    let wave = 0
    // Not before the earlier ones that share it either: the order within a room is that of the batch.
    for (const name of shared) wave = Math.max(wave, this.#read.get(name) ?? 0, (this.#written.get(name) ?? -1) + 1)
    for (const name of own) {
      wave = Math.max(wave, (this.#read.get(name) ?? -1) + 1, (this.#written.get(name) ?? -1) + 1)
    }
    for (const name of shared) this.#read.set(name, wave)
    for (const name of own) this.#written.set(name, wave)
    return wave
  }
}
