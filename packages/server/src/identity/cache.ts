// What this node remembers of the store's rows, by id (design 3): bounded, and never newer than the store. An old
// entry costs a retry, never a mistake, since every write names the version that it was decided on (L3).
import { ATTEMPTS, CACHED_ACCOUNTS } from '../limits.ts'

export type Read<V> = (id: string) => Promise<V | undefined>

export class Cache<V> {
  readonly #read: Read<V>
  readonly #size: number
  /** In the order of use, the oldest first; while less than half full in the order of coming, for nothing goes soon. */
  readonly #entries = new Map<string, V>()
  readonly #loading = new Map<string, Promise<V | undefined>>()

  constructor(read: Read<V>, size: number = CACHED_ACCOUNTS) {
    this.#read = read
    this.#size = size
  }

  get size(): number {
    return this.#entries.size
  }

  /** What is remembered, without a look into the store. */
  peek(id: string): V | undefined {
    const value = this.#entries.get(id)
    if (value !== undefined && this.#entries.size > this.#size / 2) {
      this.#entries.delete(id)
      this.#entries.set(id, value)
    }
    return value
  }

  /**
   * From memory, else from the store. What is not there is asked for again the next time. `read` stands in for the
   * cache's own reading where the row is found by more than the id.
   */
  load(id: string, read = this.#read): Promise<V | undefined> {
    const known = this.peek(id)
    if (known !== undefined) return Promise.resolve(known)
    return this.#loading.get(id) ?? this.#start(id, read, ATTEMPTS)
  }

  /** From the store; what is remembered stays until then. */
  renew(id: string): Promise<V | undefined> {
    return this.#start(id, this.#read, ATTEMPTS)
  }

  set(id: string, value: V): void {
    this.#loading.delete(id)
    this.#keep(id, value)
  }

  forget(id: string): void {
    this.#loading.delete(id)
    this.#entries.delete(id)
  }

  /** Forgets every entry that the test picks. */
  forgetWhere(picks: (value: V) => boolean): void {
    this.#loading.clear()
    for (const [id, value] of this.#entries) if (picks(value)) this.#entries.delete(id)
  }

  clear(): void {
    this.#loading.clear()
    this.#entries.clear()
  }

  #start(id: string, read: Read<V>, attempts: number): Promise<V | undefined> {
    const load = this.#run(id, read, attempts, () => this.#loading.get(id) === load)
    this.#loading.set(id, load)
    return load
  }

  /** A load that `set` or `forget` overtook may hold what was true before: it is not kept, and reads again. */
  async #run(id: string, read: Read<V>, attempts: number, isCurrent: () => boolean): Promise<V | undefined> {
    let value: V | undefined
    try {
      value = await read(id)
    } catch (error) {
      if (isCurrent()) this.#loading.delete(id)
      throw error
    }
    if (isCurrent()) {
      this.#loading.delete(id)
      if (value !== undefined) this.#keep(id, value)
      return value
    }
    const newer = this.peek(id)
    if (newer !== undefined) return newer
    if (attempts <= 1) return value
    return this.#loading.get(id) ?? this.#start(id, read, attempts - 1)
  }

  #keep(id: string, value: V): void {
    this.#entries.delete(id)
    if (this.#entries.size >= this.#size) {
      const oldest = this.#entries.keys().next()
      if (!oldest.done) this.#entries.delete(oldest.value)
    }
    this.#entries.set(id, value)
  }
}
