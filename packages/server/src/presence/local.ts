// Presence inside one process: plain maps, no timers, nothing per session but one small object.
import type { RoomId, UserId } from '@conclave/wire'
import { Few } from '../few.ts'
import type { Closed, EnteredAs, Presence, PresentSession, SessionRef, Status, Swept } from './presence.ts'

export function localPresence(): Presence {
  return new LocalPresence()
}

interface Place {
  session: PresentSession
  /** Rooms that the session is inside; null before the first. */
  rooms: Set<RoomId> | null
}

/** A user with at least one session. */
interface Person {
  /** In the order of opening. */
  readonly sessions: Few<string>
  status: Exclude<Status, 'invisible'>
  invisible: boolean
}

interface Crowd {
  /** In the order of entering. */
  readonly sessions: Map<string, PresentSession>
  /** How many sessions of a user are inside. */
  readonly users: Map<UserId, number>
  /** Those of them who are invisible. */
  readonly hidden: Set<UserId>
}

const NO_SESSIONS: readonly PresentSession[] = []

class LocalPresence implements Presence {
  readonly #places = new Map<string, Place>()
  readonly #people = new Map<UserId, Person>()
  readonly #crowds = new Map<RoomId, Crowd>()

  async open(session: SessionRef, status: Exclude<Status, 'offline'> = 'online'): Promise<{ readonly first: boolean }> {
    const { id, user, wire, token } = session
    const known = this.#places.get(id)
    if (known && known.session.user !== user) throw new Error('a session does not change its user')
    if (known) return { first: false }
    const before = this.#people.get(user)
    const person = before ?? personOf(status)
    this.#people.set(user, person)
    person.sessions.add(id)
    this.#places.set(id, { session: { id, user, wire, token, invisible: person.invisible }, rooms: null })
    return { first: before === undefined }
  }

  async close(sessionId: string): Promise<Closed> {
    const place = this.#places.get(sessionId)
    if (!place) return { rooms: [], last: null }
    const rooms: RoomId[] = []
    for (const room of place.rooms ?? []) if (this.#remove(room, place.session)) rooms.push(room)
    this.#places.delete(sessionId)
    const { user } = place.session
    const person = this.#people.get(user) as Person
    person.sessions.delete(sessionId)
    if (person.sessions.size > 0) return { rooms, last: null }
    this.#people.delete(user)
    return { rooms, last: statusOf(person) }
  }

  async present(most: number): Promise<readonly UserId[]> {
    const users: UserId[] = []
    for (const user of this.#people.keys()) {
      if (users.length >= most) break
      users.push(user)
    }
    return users
  }

  async enter(room: RoomId, sessionId: string, most: number | null = null): Promise<EnteredAs> {
    const place = this.#places.get(sessionId)
    if (!place || place.rooms?.has(room)) return { again: true, full: false }
    const { session } = place
    const there = this.#crowds.get(room)
    if (most !== null && there && there.users.size > most && !there.users.has(session.user))
      return { again: false, full: true }
    const crowd = there ?? { sessions: new Map(), users: new Map(), hidden: new Set() }
    this.#crowds.set(room, crowd)
    place.rooms ??= new Set()
    place.rooms.add(room)
    crowd.sessions.set(sessionId, session)
    if (session.invisible) crowd.hidden.add(session.user)
    const before = crowd.users.get(session.user) ?? 0
    crowd.users.set(session.user, before + 1)
    return { again: before > 0, full: false }
  }

  async leave(room: RoomId, sessionId: string): Promise<{ readonly last: boolean }> {
    const place = this.#places.get(sessionId)
    if (!place?.rooms?.delete(room)) return { last: false }
    return { last: this.#remove(room, place.session) }
  }

  async occupants(room: RoomId): Promise<readonly PresentSession[]> {
    const crowd = this.#crowds.get(room)
    return crowd ? [...crowd.sessions.values()] : NO_SESSIONS
  }

  async counts(rooms: readonly RoomId[]): Promise<ReadonlyMap<RoomId, number>> {
    return new Map(rooms.map(room => [room, seenIn(this.#crowds.get(room))]))
  }

  inside(room: RoomId, user: UserId): boolean {
    return this.#crowds.get(room)?.users.has(user) ?? false
  }

  async roomsOf(user: UserId): Promise<readonly RoomId[]> {
    const rooms = new Set<RoomId>()
    for (const place of this.#placesOf(user)) for (const room of place.rooms ?? []) rooms.add(room)
    return [...rooms]
  }

  async sessionsOf(user: UserId): Promise<readonly PresentSession[]> {
    return this.#placesOf(user).map(({ session }) => session)
  }

  async statusOf(user: UserId): Promise<Status> {
    const person = this.#people.get(user)
    return person ? statusOf(person) : 'offline'
  }

  async setStatus(user: UserId, status: Status): Promise<Status> {
    const person = this.#people.get(user)
    if (!person) return 'offline'
    const before = statusOf(person)
    person.status = status === 'invisible' ? 'online' : status
    if (status === 'online' || status === 'invisible') this.#show(user, person, status === 'invisible')
    return before
  }

  /** Its sessions are this process's own, and so is whoever takes them out of rooms. */
  async sweep(): Promise<readonly Swept[]> {
    return []
  }

  onPutOut(): void {}

  doubt(): void {}

  #show(user: UserId, person: Person, invisible: boolean): void {
    if (person.invisible === invisible) return
    person.invisible = invisible
    for (const place of this.#placesOf(user)) {
      place.session = { ...place.session, invisible }
      for (const room of place.rooms ?? []) {
        const crowd = this.#crowds.get(room)
        crowd?.sessions.set(place.session.id, place.session)
        if (invisible) crowd?.hidden.add(user)
        else crowd?.hidden.delete(user)
      }
    }
  }

  #placesOf(user: UserId): Place[] {
    const places: Place[] = []
    for (const id of this.#people.get(user)?.sessions ?? []) {
      const place = this.#places.get(id)
      if (place) places.push(place)
    }
    return places
  }

  /** Takes a session out of a room's crowd; true when it was its user's last one there. */
  #remove(room: RoomId, session: PresentSession): boolean {
    const crowd = this.#crowds.get(room)
    if (!crowd?.sessions.delete(session.id)) return false
    if (crowd.sessions.size === 0) this.#crowds.delete(room)
    const left = (crowd.users.get(session.user) ?? 1) - 1
    if (left > 0) crowd.users.set(session.user, left)
    else {
      crowd.users.delete(session.user)
      crowd.hidden.delete(session.user)
    }
    return left === 0
  }
}

function personOf(status: Exclude<Status, 'offline'>): Person {
  const invisible = status === 'invisible'
  return { sessions: new Few(), status: invisible ? 'online' : status, invisible }
}

function statusOf({ status, invisible }: Person): Status {
  return invisible && status !== 'offline' ? 'invisible' : status
}

function seenIn(crowd: Crowd | undefined): number {
  return crowd ? crowd.users.size - crowd.hidden.size : 0
}
