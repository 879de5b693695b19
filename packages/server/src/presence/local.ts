// Presence inside one process: plain maps, no timers, nothing per session but one small object.
import type { RoomId, UserId } from '@conclave/wire'
import type { Presence, SessionRef } from './presence.ts'

export function localPresence(): Presence {
  return new LocalPresence()
}

interface Place {
  session: SessionRef
  /** Rooms that the session is inside; null before the first. */
  rooms: Set<RoomId> | null
}

interface Crowd {
  /** In the order of entering. */
  readonly sessions: Map<string, SessionRef>
  /** How many sessions of a user are inside, and how many of them are visible. */
  readonly users: Map<UserId, number>
  readonly visible: Map<UserId, number>
}

const NO_SESSIONS: readonly SessionRef[] = []

class LocalPresence implements Presence {
  readonly #places = new Map<string, Place>()
  readonly #ofUser = new Map<UserId, Set<string>>()
  readonly #crowds = new Map<RoomId, Crowd>()

  async open(session: SessionRef): Promise<void> {
    const known = this.#places.get(session.id)
    if (known && known.session.user !== session.user) throw new Error('a session does not change its user')
    if (known) {
      for (const room of known.rooms ?? []) this.#replace(room, known.session, session)
      known.session = session
      return
    }
    this.#places.set(session.id, { session, rooms: null })
    const sessions = this.#ofUser.get(session.user)
    if (sessions) sessions.add(session.id)
    else this.#ofUser.set(session.user, new Set([session.id]))
  }

  async close(sessionId: string): Promise<readonly RoomId[]> {
    const place = this.#places.get(sessionId)
    if (!place) return []
    const left: RoomId[] = []
    for (const room of place.rooms ?? []) if (this.#remove(room, place.session)) left.push(room)
    this.#places.delete(sessionId)
    const { user } = place.session
    const sessions = this.#ofUser.get(user)
    sessions?.delete(sessionId)
    if (sessions?.size === 0) this.#ofUser.delete(user)
    return left
  }

  async enter(room: RoomId, sessionId: string): Promise<{ readonly again: boolean }> {
    const place = this.#places.get(sessionId)
    if (!place || place.rooms?.has(room)) return { again: true }
    const { session } = place
    place.rooms ??= new Set()
    place.rooms.add(room)
    let crowd = this.#crowds.get(room)
    if (!crowd) {
      crowd = { sessions: new Map(), users: new Map(), visible: new Map() }
      this.#crowds.set(room, crowd)
    }
    crowd.sessions.set(sessionId, session)
    if (!session.invisible) count(crowd.visible, session.user, 1)
    return { again: count(crowd.users, session.user, 1) > 1 }
  }

  async leave(room: RoomId, sessionId: string): Promise<{ readonly last: boolean }> {
    const place = this.#places.get(sessionId)
    if (!place?.rooms?.delete(room)) return { last: false }
    return { last: this.#remove(room, place.session) }
  }

  async occupants(room: RoomId): Promise<readonly SessionRef[]> {
    const crowd = this.#crowds.get(room)
    return crowd ? [...crowd.sessions.values()] : NO_SESSIONS
  }

  async counts(rooms: readonly RoomId[]): Promise<ReadonlyMap<RoomId, number>> {
    return new Map(rooms.map(room => [room, this.#crowds.get(room)?.visible.size ?? 0]))
  }

  async inside(room: RoomId, user: UserId): Promise<boolean> {
    return this.#crowds.get(room)?.users.has(user) ?? false
  }

  async roomsOf(user: UserId): Promise<readonly RoomId[]> {
    const rooms = new Set<RoomId>()
    for (const id of this.#ofUser.get(user) ?? []) {
      for (const room of this.#places.get(id)?.rooms ?? []) rooms.add(room)
    }
    return [...rooms]
  }

  async sessionsOf(user: UserId): Promise<readonly SessionRef[]> {
    const sessions: SessionRef[] = []
    for (const id of this.#ofUser.get(user) ?? []) {
      const place = this.#places.get(id)
      if (place) sessions.push(place.session)
    }
    return sessions
  }

  /** Takes a session out of a room's crowd; true when it was its user's last one there. */
  #remove(room: RoomId, session: SessionRef): boolean {
    const crowd = this.#crowds.get(room)
    if (!crowd?.sessions.delete(session.id)) return false
    if (!session.invisible) count(crowd.visible, session.user, -1)
    const last = count(crowd.users, session.user, -1) === 0
    if (crowd.sessions.size === 0) this.#crowds.delete(room)
    return last
  }

  #replace(room: RoomId, old: SessionRef, session: SessionRef): void {
    const crowd = this.#crowds.get(room)
    if (!crowd) return
    crowd.sessions.set(session.id, session)
    if (!old.invisible) count(crowd.visible, old.user, -1)
    if (!session.invisible) count(crowd.visible, session.user, 1)
  }
}

/** Adds to a user's number and gives it; who stands at 0 is forgotten. */
function count(numbers: Map<UserId, number>, user: UserId, by: 1 | -1): number {
  const number = (numbers.get(user) ?? 0) + by
  if (number === 0) numbers.delete(user)
  else numbers.set(user, number)
  return number
}
