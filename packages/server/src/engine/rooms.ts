// Room states in memory, versioned by control sequence. What stands here is the newest that this node knows;
// a decision made on it is written only if the store agrees (L3), so an old entry costs a retry, never a mistake. What is
// read for an answer is not older than BUS_POLL, whatever other nodes have written: the bus keeps the rooms that somebody
// here watches, the others are looked at again.
import type { RoomId } from '@conclave/wire'
import type { Bus } from '../bus/bus.ts'
import type { Clock } from '../clock.ts'
import { BUS_POLL, CACHED_ROOMS } from '../limits.ts'
import { fold } from '../room/apply.ts'
import type { RoomState } from '../room/state.ts'
import type { Store } from '../store/store.ts'

export class Rooms {
  readonly #store: Store
  readonly #bus: Pick<Bus, 'keeps' | 'alone'>
  readonly #clock: Clock
  readonly #states = new Map<RoomId, RoomState>()
  /** ms since 1970 when the store said so: of rooms that the bus does not keep. */
  readonly #seen = new Map<RoomId, number>()
  readonly #loading = new Map<RoomId, Promise<RoomState | undefined>>()

  constructor(store: Store, bus: Pick<Bus, 'keeps' | 'alone'>, clock: Clock) {
    this.#store = store
    this.#bus = bus
    this.#clock = clock
  }

  /** What is remembered, which may be old: for decisions, and for what the bus keeps. */
  peek(room: RoomId): RoomState | undefined {
    return this.#states.get(room)
  }

  /** What is remembered, where an answer may be given by it: no older than BUS_POLL. */
  current(room: RoomId): RoomState | undefined {
    const known = this.#states.get(room)
    return known && this.#isNew(room) ? known : undefined
  }

  /** What is remembered, where the bus keeps it: without a wait. */
  kept(room: RoomId): RoomState | undefined {
    return this.#bus.keeps(room) ? this.#states.get(room) : undefined
  }

  /** As the store has it now, where the bus does not keep it: whoever has changed something on another node finds it changed
   * here. */
  latest(room: RoomId): Promise<RoomState | undefined> {
    return this.#bus.keeps(room) ? this.load(room) : this.refresh(room)
  }

  /** The state from memory, else folded from the log. undefined: no such room. */
  load(room: RoomId): Promise<RoomState | undefined> {
    const current = this.current(room)
    if (current) return Promise.resolve(current)
    const loading = this.#loading.get(room)
    if (loading) return loading
    const load = this.#read(room, this.#states.get(room)).finally(() => this.#loading.delete(room))
    this.#loading.set(room, load)
    return load
  }

  /** Those that there are, in the order of the ids, as the store has them now: where other nodes write it is asked at once
   * which of those that are remembered have changed (what the bus keeps may be some milliseconds behind), and the others are
   * read. */
  async loadAll(rooms: readonly RoomId[]): Promise<RoomState[]> {
    if (!this.#bus.alone) await this.#renew(rooms.filter(room => this.#states.has(room)))
    const missing = rooms.filter(room => !this.#states.has(room))
    const found = new Map<RoomId, RoomState>()
    if (missing.length > 0) {
      for (const [room, events] of await this.#store.controls(missing)) {
        const state = fold(undefined, events)
        if (!state) continue
        this.#take(state)
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
      if (!oldest.done) this.forget(oldest.value)
    }
    this.#states.set(state.id, state)
  }

  forget(room: RoomId): void {
    this.#states.delete(room)
    this.#seen.delete(room)
  }

  clear(): void {
    this.#states.clear()
    this.#seen.clear()
  }

  #isNew(room: RoomId): boolean {
    return this.#bus.keeps(room) || (this.#seen.get(room) ?? 0) > this.#clock.now() - BUS_POLL
  }

  /** From the store. */
  #take(state: RoomState): void {
    this.set(state)
    if (!this.#bus.keeps(state.id)) this.#seen.set(state.id, this.#clock.now())
    else this.#seen.delete(state.id)
  }

  /** Of many at once: only those are read that have changed. */
  async #renew(rooms: readonly RoomId[]): Promise<void> {
    if (rooms.length === 0) return
    for (const { room, control } of await this.#store.heads(rooms)) {
      const known = this.#states.get(room)
      if (known && known.control < control) await this.refresh(room)
      else if (known) this.#take(known)
    }
  }

  async #read(room: RoomId, known: RoomState | undefined): Promise<RoomState | undefined> {
    const state = fold(known, await this.#store.control(room, known?.control ?? 0))
    if (state) this.#take(state)
    return this.#states.get(room) ?? state
  }
}
