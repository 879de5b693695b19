// One watched room: whatever node an event comes from, and whatever became of it on the way, it leaves here in the order of
// the room's log, once, with the room as it stood after it. What has not come is read from the store before anything later
// is delivered.

import type { RoomId } from '@conclave/wire'
import type { Timers } from '../../clock.ts'
import { BUS_AGAIN, BUS_GAP, BUS_HELD, BUS_PAGE, BUS_WAITING } from '../../limits.ts'
import { apply, fold } from '../../room/apply.ts'
import { isControl, type RoomEvent } from '../../room/events.ts'
import type { RoomState } from '../../room/state.ts'
import { type Store, StoreFailure } from '../../store/store.ts'
import { tally } from '../../tally.ts'
import type { BusMessage, Delivery } from '../bus.ts'
import type { ToldEvent, ToldOther } from './codec.ts'
import { type Resolver, type Soon, together } from './resolver.ts'

type EventMessage = Extract<BusMessage, { kind: 'event' }>
type OtherMessage = Exclude<BusMessage, { kind: 'event' }>

export interface QueueParts {
  readonly store: Pick<Store, 'page' | 'control'>
  readonly timers: Timers
  /** Asked for when something is to be looked up. */
  resolver(): Resolver
  /** An event, for the room's subscribers; `foreign`: for all others whom it concerns, too. */
  event(message: EventMessage, foreign: boolean): void
  other(room: RoomId, message: OtherMessage): void
  onError(error: unknown): void
}

/** By which of the three it is known is all the same: `own` was committed here, `told` came over the bus, else it was read. */
interface Waiting {
  readonly event: RoomEvent
  readonly own: EventMessage | null
  readonly told: ToldEvent | null
}

interface Held {
  /** Delivered once this one was. */
  readonly after: number
  readonly own: OtherMessage | null
  readonly told: ToldOther | null
}

export class RoomQueue {
  readonly room: RoomId
  readonly #parts: QueueParts
  /** The newest event that was delivered; null until the room's head is known. */
  #last: number | null = null
  /** The newest that is known to be there. */
  #newest = 0
  /** As of the last event, or newer; undefined: not known, or there is no room yet. */
  #state: RoomState | undefined
  readonly #waiting = new Map<number, Waiting>()
  #held: Held[] = []
  /** Something is looked up for the next one. */
  #busy = false
  #reading = false
  #callOff: (() => void) | null = null
  #closed = false

  constructor(room: RoomId, parts: QueueParts) {
    this.room = room
    this.#parts = parts
  }

  /** The newest event that was delivered; null while that is not known. */
  get last(): number | null {
    return this.#last
  }

  /** From which event on it is delivered: after the room's head as the store had it when everything new had begun to arrive. */
  begin(head: number): void {
    if (this.#last !== null) return
    // What this node committed meanwhile was published after its subscription.
    let first = head + 1
    for (const [sequence, { own }] of this.#waiting) if (own && sequence < first) first = sequence
    this.#last = first - 1
    this.#newest = Math.max(this.#newest, head)
    for (const sequence of this.#waiting.keys()) if (sequence < first) this.#waiting.delete(sequence)
    this.#go()
  }

  /** Committed by this node. In its order it is delivered before this returns. */
  own(message: EventMessage): void {
    const { event, room } = message.delivery
    const { sequence } = event
    if (this.#last !== null && sequence <= this.#last) return
    if (sequence - 1 === this.#last && !this.#busy) {
      this.#last = sequence
      this.#state = room
      this.#parts.event(message, false)
      if (this.#newest > sequence || this.#held.length > 0) this.#go()
      return
    }
    this.#keep({ event, own: message, told: null })
    this.#go()
  }

  /** Committed by another node. */
  told(told: ToldEvent): void {
    const { event, sequence } = told
    if (this.#last !== null && sequence <= this.#last) return
    this.#newest = Math.max(this.#newest, sequence, told.room.control)
    if (event && !this.#waiting.has(sequence)) this.#keep({ event, own: null, told })
    this.#go()
  }

  /** That event is there, wherever it is. */
  heard(sequence: number): void {
    if (sequence <= this.#newest) return
    this.#newest = sequence
    this.#go()
  }

  /** What is no event of the log: behind those that came before it. */
  ownOther(message: OtherMessage): void {
    if (this.#held.length === 0 && !this.#busy && this.#waiting.size === 0) this.#parts.other(this.room, message)
    else this.#hold({ after: this.#newestWaiting(), own: message, told: null })
  }

  toldOther(told: ToldOther): void {
    const control = 'room' in told && told.room !== null && typeof told.room === 'object' ? told.room.control : 0
    this.#newest = Math.max(this.#newest, control)
    this.#hold({ after: Math.max(control, this.#newestWaiting()), own: null, told })
    this.#go()
  }

  close(): void {
    this.#closed = true
    this.#callOff?.()
  }

  #newestWaiting(): number {
    let newest = this.#last ?? 0
    for (const sequence of this.#waiting.keys()) if (sequence > newest) newest = sequence
    return newest
  }

  #keep(waiting: Waiting): void {
    const { sequence } = waiting.event
    this.#newest = Math.max(this.#newest, sequence)
    if (this.#waiting.size < BUS_WAITING || sequence - 1 === this.#last) this.#waiting.set(sequence, waiting)
  }

  #hold(held: Held): void {
    if (this.#held.length < BUS_HELD) this.#held.push(held)
  }

  /** Delivers what may be delivered, as far as nothing has to be waited for. */
  #go(): void {
    while (!this.#closed && !this.#busy && this.#last !== null) {
      const [held] = this.#held
      if (held && held.after <= this.#last) {
        this.#held.shift()
        this.#tellOther(held)
        continue
      }
      const next = this.#waiting.get(this.#last + 1)
      if (!next || !this.#isWhole(next)) break
      this.#waiting.delete(this.#last + 1)
      this.#tell(next)
    }
    if (!this.#closed && !this.#busy && this.#last !== null && this.#newest > this.#last) this.#await(BUS_GAP)
  }

  /** Events of one append are told with the room after all of them: the others have to be here. */
  #isWhole({ event, told }: Waiting): boolean {
    for (let next = event.sequence + 1; next <= (told?.room.control ?? 0); next++)
      if (!this.#waiting.has(next)) return false
    return true
  }

  #tell(waiting: Waiting): void {
    const { event, own } = waiting
    if (own) {
      this.#last = event.sequence
      this.#state = own.delivery.room
      this.#parts.event(own, false)
      return
    }
    this.#when(
      () => this.#delivery(waiting),
      delivery => {
        this.#last = event.sequence
        this.#state = delivery.room
        // Nobody needs to be told of what is gone; its end is an event of its own, or was told.
        if (!event.erased) this.#parts.event({ kind: 'event', delivery }, true)
      },
      {
        again: () => this.#waiting.set(event.sequence, waiting),
        // A bug, which holds up nothing that comes after.
        skip: () => {
          this.#last = event.sequence
          this.#state = undefined
        },
      },
    )
  }

  #tellOther({ own, told }: Held): void {
    if (own) this.#parts.other(this.room, own)
    else if (told)
      this.#when(
        () => this.#parts.resolver().other(told) as Soon<OtherMessage>,
        message => this.#parts.other(this.room, message),
        { again: () => {}, skip: () => {} },
      )
  }

  /** `then` with what `look` gives, and the queue stands still as long as that takes; `again` where the store does not answer,
   * `skip` what cannot be told. */
  #when<T>(look: () => Soon<T>, then: (found: T) => void, { again, skip }: { again(): void; skip(): void }): void {
    let found: Soon<T>
    try {
      found = look()
    } catch (error) {
      this.#parts.onError(error)
      skip()
      return
    }
    if (!(found instanceof Promise)) {
      then(found)
      return
    }
    this.#busy = true
    const settle = (): boolean => {
      this.#busy = false
      return !this.#closed
    }
    found.then(
      value => {
        if (!settle()) return
        then(value)
        this.#go()
      },
      (error: unknown) => {
        if (!settle()) return
        if (error instanceof StoreFailure) {
          again()
          this.#await(BUS_AGAIN)
          return
        }
        this.#parts.onError(error)
        skip()
        this.#go()
      },
    )
  }

  #delivery(waiting: Waiting): Soon<Delivery> {
    const before = this.#state ?? this.#stateFor(waiting)
    return before instanceof Promise ? before.then(room => this.#build(room, waiting)) : this.#build(before, waiting)
  }

  /** The room before the event, or with it in it. */
  #stateFor({ event, told }: Waiting): Soon<RoomState | undefined> {
    if (event.body.type === 'room.created') return undefined
    const known = told && this.#parts.resolver().known.rooms.peek(this.room)
    const fits = known && known.control >= told.room.control
    // What this node has written meanwhile does not belong to it yet.
    if (fits && known.control <= Math.max(event.sequence, told.room.control)) return known
    return this.#stateBefore(event.sequence)
  }

  async #stateBefore(sequence: number): Promise<RoomState | undefined> {
    const events = await this.#parts.store.control(this.room, 0)
    return fold(
      undefined,
      events.filter(event => event.sequence < sequence),
    )
  }

  #build(before: RoomState | undefined, waiting: Waiting): Soon<Delivery> {
    const { event, told } = waiting
    const resolver = this.#parts.resolver()
    const room = this.#after(before, waiting)
    if (room !== before) resolver.known.rooms.set(room)
    const formerName = told ? told.formerName : event.body.type === 'room.renamed' ? (before?.name ?? null) : null
    const channel = resolver.channel(told?.channel ?? { id: room.channel, version: 0 })
    const actor = event.actor === null ? null : resolver.actor(told?.actor ?? { id: event.actor, version: 0 })
    const origin = told?.origin ?? null
    return together([channel, actor], (channel, actor) => ({ event, room, formerName, channel, actor, origin }))
  }

  /** The room after the event or, as on the node that wrote it, after all that were appended with it. */
  #after(before: RoomState | undefined, { event, told }: Waiting): RoomState {
    let room = applied(before, event)
    for (let next = event.sequence + 1; next <= (told?.room.control ?? 0); next++) {
      const waiting = this.#waiting.get(next)
      if (!waiting) break
      room = applied(room, waiting.event)
    }
    return room
  }

  /** What is missing comes within that time, or is read. */
  #await(milliseconds: number): void {
    if (this.#callOff || this.#reading) return
    this.#callOff = this.#parts.timers.after(milliseconds, () => {
      this.#callOff = null
      void this.#read()
    })
  }

  async #read(): Promise<void> {
    if (this.#closed || this.#busy || this.#last === null || this.#newest <= this.#last) return
    const next = this.#waiting.get(this.#last + 1)
    if (next && this.#isWhole(next)) return this.#go()
    this.#reading = true
    const after = this.#last
    try {
      const query = {
        room: this.room,
        right: { by: 'server' },
        select: 'all',
        order: 'oldest',
        limit: BUS_PAGE,
      } as const
      const events = (await this.#parts.store.page({ ...query, after })) ?? []
      this.#reading = false
      tally.busGaps += 1
      tally.busHealed += events.length
      // The store knows best: what it has not got is not there.
      if (events.length === 0) this.#newest = after
      for (const event of events)
        if (event.sequence > (this.#last ?? 0) && !this.#waiting.has(event.sequence))
          this.#waiting.set(event.sequence, { event, own: null, told: null })
      this.#go()
    } catch (error) {
      this.#reading = false
      if (!(error instanceof StoreFailure)) this.#parts.onError(error)
      if (!this.#closed) this.#await(BUS_AGAIN)
    }
  }
}

function applied(before: RoomState | undefined, event: RoomEvent): RoomState {
  if (before && (before.control >= event.sequence || !isControl(event.body))) return before
  return apply(before, event)
}
