// Messages of all plain rooms that are not private, for whoever hears them all: of each room in its order and without a gap,
// though its other events are not heard.
import type { RoomId } from '@conclave/wire'
import { BUS_PAGE, BUS_PUBLIC_ROOMS } from '../../limits.ts'
import type { RoomEvent } from '../../room/events.ts'
import type { Store } from '../../store/store.ts'
import { Lane } from './lane.ts'
import type { Soon } from './resolver.ts'

export interface PublicParts {
  readonly store: Pick<Store, 'page'>
  /** Of one that was read: looks up what belongs to it and delivers it. Rejects with StoreFailure. */
  tell(event: RoomEvent): Soon<void>
  failed(error: unknown): void
}

interface Heard {
  /** The newest message that was delivered, or of which it is not known whether there was one before. */
  last: number
  readonly lane: Lane
}

const NOTHING = (): void => {}

export class PublicRooms {
  readonly #parts: PublicParts
  /** In the order of use, the oldest first. */
  readonly #rooms = new Map<RoomId, Heard>()

  constructor(parts: PublicParts) {
    this.#parts = parts
  }

  /** An event of the room, of whatever node: what is missing before it comes first. `tell` null where it has to be read. */
  event(room: RoomId, sequence: number, tell: (() => Soon<void>) | null): void {
    const heard = this.#of(room, sequence - 1)
    const through = tell ? sequence - 1 : sequence
    const finish = (): void => {
      heard.last = Math.max(heard.last, sequence)
    }
    heard.lane.take(() => {
      if (sequence <= heard.last) return
      const filled = heard.last < through ? this.#fill(room, heard, through) : undefined
      const told = filled ? filled.then(() => tell?.()) : tell?.()
      return told instanceof Promise ? told.then(finish) : finish()
    }, NOTHING)
  }

  /** The room has events up to there. Of a room that is not known yet, those before were not for anybody here. */
  heard(room: RoomId, sequence: number): void {
    const heard = this.#of(room, sequence)
    if (sequence > heard.last)
      heard.lane.take(
        () => this.#fill(room, heard, sequence),
        () => {},
      )
  }

  /** What comes from now on is new. */
  forget(): void {
    this.#rooms.clear()
  }

  async #fill(room: RoomId, heard: Heard, through: number): Promise<void> {
    while (heard.last < through) {
      const bounds = { after: heard.last, before: through + 1, limit: BUS_PAGE }
      const query = { room, right: { by: 'server' }, select: 'messages', order: 'oldest', ...bounds } as const
      const events = (await this.#parts.store.page(query)) ?? []
      for (const event of events) {
        await this.#parts.tell(event)
        heard.last = Math.max(heard.last, event.sequence)
      }
      if (events.length < BUS_PAGE) heard.last = Math.max(heard.last, through)
    }
  }

  #of(room: RoomId, last: number): Heard {
    const known = this.#rooms.get(room)
    if (known) this.#rooms.delete(room)
    else if (this.#rooms.size >= BUS_PUBLIC_ROOMS) {
      const oldest = this.#rooms.keys().next()
      if (!oldest.done) this.#rooms.delete(oldest.value)
    }
    const heard = known ?? { last, lane: new Lane(this.#parts.failed) }
    this.#rooms.set(room, heard)
    return heard
  }
}
