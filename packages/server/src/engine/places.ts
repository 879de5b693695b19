// Where other nodes write too: which sessions of this node are inside which rooms. Whoever puts somebody out may crash, or
// lose the database's answer, before it has taken them out; so each node takes out its own by what it hears of the room.
import type { RoomId } from '@conclave/wire'
import type { Bus, BusMessage, Unsubscribe } from '../bus/bus.ts'
import type { SessionRef } from '../presence/presence.ts'

export interface Place {
  readonly session: SessionRef
  /** Control sequence of the room as it let the session in: what was before puts nobody out. */
  readonly since: number
}

interface Occupied {
  /** By session. */
  readonly places: Map<string, Place>
  readonly unsubscribe: Unsubscribe
}

export class Places {
  readonly #bus: Bus
  readonly #hear: (message: BusMessage) => void
  readonly #rooms = new Map<RoomId, Occupied>()
  readonly #sessions = new Map<string, Set<RoomId>>()

  /** `hear`: what is said of a room while somebody of this node is inside. */
  constructor(bus: Bus, hear: (message: BusMessage) => void) {
    this.#bus = bus
    this.#hear = hear
  }

  enter(room: RoomId, { session, since }: Place): void {
    const { id, user, wire, token } = session
    const occupied = this.#rooms.get(room) ?? this.#open(room)
    occupied.places.set(id, { session: { id, user, wire, token }, since })
    const rooms = this.#sessions.get(id) ?? new Set()
    this.#sessions.set(id, rooms.add(room))
  }

  leave(room: RoomId, session: string): void {
    const occupied = this.#rooms.get(room)
    if (!occupied?.places.delete(session)) return
    const rooms = this.#sessions.get(session)
    rooms?.delete(room)
    if (rooms?.size === 0) this.#sessions.delete(session)
    if (occupied.places.size > 0) return
    occupied.unsubscribe()
    this.#rooms.delete(room)
  }

  close(session: string): void {
    for (const room of [...(this.#sessions.get(session) ?? [])]) this.leave(room, session)
  }

  /** The room is gone. */
  vacate(room: RoomId): void {
    for (const { session } of this.of(room)) this.leave(room, session.id)
  }

  rooms(): readonly RoomId[] {
    return [...this.#rooms.keys()]
  }

  of(room: RoomId): readonly Place[] {
    return [...(this.#rooms.get(room)?.places.values() ?? [])]
  }

  #open(room: RoomId): Occupied {
    const occupied = { places: new Map(), unsubscribe: this.#bus.subscribe(`room:${room}`, this.#hear) }
    this.#rooms.set(room, occupied)
    return occupied
  }
}
