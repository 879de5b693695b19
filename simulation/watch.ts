// A session that watches a room, as a gateway does it: follow, subscribe, read where the log ends, and take what comes.
// What it is handed is held against the log: in order, without gap or repeat, with the room as it was then (L10).
import type { RoomId, UserId } from '@conclave/wire'
import type { BusMessage, Unsubscribe } from '../packages/server/src/bus/bus.ts'
import { Broken } from './broken.ts'
import type { Judge } from './judge.ts'
import type { SimulatedNode } from './node.ts'

export class Watch {
  readonly room: RoomId
  readonly user: UserId
  readonly node: SimulatedNode
  readonly life: SimulatedNode['life']
  readonly #judge: Judge
  readonly #broken: (error: unknown) => void
  #unsubscribe: Unsubscribe | null = null
  /** Sequence up to which the log was read at the start; null before. */
  #baseline: number | null = null
  /** The newest that was handed over. */
  #last: number | null = null
  #lowest: number | null = null
  ended = false

  constructor(node: SimulatedNode, room: RoomId, user: UserId, judge: Judge, broken: (error: unknown) => void) {
    this.node = node
    this.life = node.life
    this.room = room
    this.user = user
    this.#judge = judge
    this.#broken = broken
  }

  get last(): number {
    return this.#last ?? this.#baseline ?? 0
  }

  /** Rejects where the store is not there. */
  async start(): Promise<void> {
    await this.node.bus.follow(`room:${this.room}`)
    this.#unsubscribe = this.node.bus.subscribe(`room:${this.room}`, message => this.#receive(message))
    try {
      const head = await this.node.core.store.head(this.room)
      this.#baseline = head?.sequence ?? 0
      this.#check()
    } catch (error) {
      this.end()
      throw error
    }
  }

  end(): void {
    this.ended = true
    this.#unsubscribe?.()
  }

  /** After everything was mended: everything that was written has come. */
  complete(): void {
    if (this.ended || !this.life.alive || this.#baseline === null) return
    const head = this.#judge.model.rooms.get(this.room)?.events.length ?? 0
    if (this.#misses(this.last, head + 1))
      throw new Broken('L10', `${this.user} at ${this.node.name} has ${this.room} up to ${this.last} of ${head}`)
  }

  #receive(message: BusMessage): void {
    if (message.kind !== 'event' || this.ended) return
    try {
      this.#take(message)
    } catch (error) {
      this.#broken(error)
    }
  }

  #take({ delivery }: Extract<BusMessage, { kind: 'event' }>): void {
    const { event, room } = delivery
    const told = `${this.user} at ${this.node.name} is handed ${event.sequence} of ${event.room}`
    if (event.room !== this.room || room.id !== this.room) throw new Broken('L10', `${told} for ${this.room}`)
    const { model } = this.#judge
    const held = model.rooms.get(this.room)
    const stored = held?.events[event.sequence - 1]
    if (!held || !stored) throw new Broken('L6', `${told} before it is written`)
    if (stored.id !== event.id || (!event.erased && JSON.stringify(stored.body) !== JSON.stringify(event.body)))
      throw new Broken('L10', `${told}, which is another in the log`)
    if (this.#last !== null && (event.sequence <= this.#last || this.#misses(this.#last, event.sequence)))
      throw new Broken('L10', `${told} after ${this.#last}`)
    this.#last = event.sequence
    this.#judge.delivered += 1
    this.#lowest ??= event.sequence
    this.#check()
    // Of an append of many events each may come with the room as it is after all of them.
    const least = held.rosters.findLast(({ from }) => from <= event.sequence)?.from ?? 0
    const most = held.ends[event.sequence - 1] ?? 0
    if (room.control < least || room.control > most)
      throw new Broken('L10', `${told} with the room at ${room.control}, not at ${least} to ${most}`)
    // What a gateway shows is decided by this roster.
    const shown = room.members.has(this.user)
    if (shown && !model.wasMember(held, this.user, room.control))
      throw new Broken('L10', `${told} and shown it without being a member`)
  }

  /** Between what was read and what came nothing is missing. */
  #check(): void {
    if (this.#baseline !== null && this.#lowest !== null && this.#misses(this.#baseline, this.#lowest))
      throw new Broken('L10', `${this.user} at ${this.node.name} misses ${this.#baseline + 1} of ${this.room}`)
  }

  /** Something between the two that is still there: of what is gone nobody needs to be told. */
  #misses(after: number, before: number): boolean {
    const erased = this.#judge.model.rooms.get(this.room)?.erased
    for (let sequence = after + 1; sequence < before; sequence++) if (!erased?.has(sequence)) return true
    return false
  }
}
