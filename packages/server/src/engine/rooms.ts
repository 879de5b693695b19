// Room states in memory, versioned by control sequence. What stands here is the newest that this node knows;
// a decision made on it is written only if the store agrees (L3), so an old entry costs a retry, never a mistake.
import type { RoomId } from '@conclave/wire'
import { CACHED_ROOMS } from '../limits.ts'
import { fold } from '../room/apply.ts'
import type { RoomState } from '../room/state.ts'
import type { Store } from '../store/store.ts'

export class Rooms {
  readonly #store: Store
  readonly #states = new Map<RoomId, RoomState>()
  readonly #loading = new Map<RoomId, Promise<RoomState | undefined>>()

  constructor(store: Store) {
    this.#store = store
  }

  peek(room: RoomId): RoomState | undefined {
    return this.#states.get(room)
  }

  /** The state from memory, else folded from the log. undefined: no such room. */
  load(room: RoomId): Promise<RoomState | undefined> {
    const known = this.#states.get(room)
    if (known) return Promise.resolve(known)
    const loading = this.#loading.get(room)
    if (loading) return loading
    const load = this.#read(room, undefined).finally(() => this.#loading.delete(room))
    this.#loading.set(room, load)
    return load
  }

  /** Those that there are, in the order of the ids: from memory, and all others from the store at once. */
  async loadAll(rooms: readonly RoomId[]): Promise<RoomState[]> {
    const missing = rooms.filter(room => !this.#states.has(room))
    const found = new Map<RoomId, RoomState>()
    if (missing.length > 0) {
      for (const [room, events] of await this.#store.controls(missing)) {
        const state = fold(undefined, events)
        if (!state) continue
        this.set(state)
        found.set(room, state)
      }
    }
    return rooms.flatMap(room => this.#states.get(room) ?? found.get(room) ?? [])
  }

  /** Reads what the log has beyond the state in memory. */
  refresh(room: RoomId): Promise<RoomState | undefined> {
    return this.#read(room, this.#states.get(room))
  }

  /** Takes over a newer state; an older one is ignored. */
  set(state: RoomState): void {
    const known = this.#states.get(state.id)
    if (known) {
      if (known.control >= state.control) return
      this.#states.delete(state.id)
    } else if (this.#states.size >= CACHED_ROOMS) {
      const oldest = this.#states.keys().next()
      if (!oldest.done) this.#states.delete(oldest.value)
    }
    this.#states.set(state.id, state)
  }

  forget(room: RoomId): void {
    this.#states.delete(room)
  }

  clear(): void {
    this.#states.clear()
  }

  async #read(room: RoomId, known: RoomState | undefined): Promise<RoomState | undefined> {
    const state = fold(known, await this.#store.control(room, known?.control ?? 0))
    if (state) this.set(state)
    return this.#states.get(room) ?? state
  }
}
