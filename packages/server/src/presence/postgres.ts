// Presence of nodes that share a PostgreSQL. What this node's own sessions do is kept here as well: whoever asks for each
// message whether somebody is inside is answered from that, and a database that lost it all gets it back. Changes of one turn
// go into one statement; they and the database's answers pass in one order.
import type { RoomId, UserId } from '@conclave/wire'
import { PRESENCE_RETRY, PRESENCE_TOGETHER, PRESENCE_WAITING } from '../limits.ts'
import { PerTurn } from '../postgres/per-turn.ts'
import type { Pool } from '../postgres/pool.ts'
import { fromStoredJson, storedJson } from '../postgres/text.ts'
import { StoreFailure } from '../store/store.ts'
import type { Closed, EnteredAs, Presence, PresentSession, SessionRef, Status, Swept, Wire } from './presence.ts'

export interface PostgresPresenceOptions {
  readonly pool: Pick<Pool, 'query'>
  /** Of this node's registration; all of its sessions go with it. */
  readonly instance: () => string
}

export function postgresPresence(options: PostgresPresenceOptions): Presence {
  return new SharedPresence(options)
}

type Step =
  | { readonly do: 'open'; readonly session: SessionRef; readonly status: Exclude<Status, 'offline'> }
  | { readonly do: 'close'; readonly id: string }
  | { readonly do: 'enter'; readonly room: RoomId; readonly id: string; readonly most: number | null }
  | { readonly do: 'leave'; readonly room: RoomId; readonly id: string }
  | { readonly do: 'status'; readonly user: UserId; readonly status: Status }
  | { readonly do: 'look' }

type Result = boolean | string | null | Closed

/** A session of this node. */
interface Place {
  readonly session: SessionRef
  /** In the order of entering. */
  readonly rooms: Set<RoomId>
  status: Status
}

interface Applied {
  readonly results: readonly Result[]
  readonly out: readonly (readonly [session: string, room: RoomId])[]
}

class SharedPresence implements Presence {
  readonly #options: PostgresPresenceOptions
  readonly #places = new Map<string, Place>()
  /** How many of a user's own sessions are in a room. */
  readonly #inside = new Map<RoomId, Map<UserId, number>>()
  readonly #listeners: ((room: RoomId, session: SessionRef) => void)[] = []
  /** Whether what is in the database may be another thing than what is here. */
  #unsure = true
  #instance: string

  readonly #steps: PerTurn<Step, Result>
  readonly #crowds: PerTurn<RoomId, readonly PresentSession[]>
  readonly #counts: PerTurn<readonly RoomId[], ReadonlyMap<RoomId, number>>
  readonly #insides: PerTurn<readonly [RoomId, UserId], boolean>
  readonly #roomsOf: PerTurn<UserId, readonly RoomId[]>
  readonly #sessionsOf: PerTurn<UserId, readonly PresentSession[]>
  readonly #statuses: PerTurn<UserId, Status>

  constructor(options: PostgresPresenceOptions) {
    this.#options = options
    this.#instance = options.instance()
    this.#steps = perTurn(steps => this.#apply(steps))
    this.#crowds = perTurn(rooms => this.#readCrowds(rooms))
    this.#counts = perTurn(asked => this.#readCounts(asked))
    this.#insides = perTurn(pairs => this.#readInside(pairs))
    this.#roomsOf = perTurn(users => this.#readRoomsOf(users))
    this.#sessionsOf = perTurn(users => this.#readSessionsOf(users))
    this.#statuses = perTurn(users => this.#readStatuses(users))
  }

  doubt(room: RoomId, user: UserId): void {
    const users = this.#inside.get(room)
    if (!users?.delete(user)) return
    if (users.size === 0) this.#inside.delete(room)
    // What is not learned now is at the next sweep.
    this.#steps.ask({ do: 'look' }).catch(() => {})
  }

  onPutOut(listener: (room: RoomId, session: SessionRef) => void): void {
    this.#listeners.push(listener)
  }

  async open(session: SessionRef, status: Exclude<Status, 'offline'> = 'online'): Promise<{ readonly first: boolean }> {
    const { id, user, wire, token } = session
    const first = await this.#steps.ask({ do: 'open', session: { id, user, wire, token }, status })
    return { first: first as boolean }
  }

  /** Does not fail: what cannot be written down now is written later, before anybody is told that the session has gone. */
  async close(sessionId: string): Promise<Closed> {
    while (this.#places.has(sessionId)) {
      try {
        return (await this.#steps.ask({ do: 'close', id: sessionId })) as Closed
      } catch (error) {
        if (!(error instanceof StoreFailure)) throw error
        await new Promise(resolve => setTimeout(resolve, PRESENCE_RETRY).unref())
      }
    }
    return { rooms: [], last: null }
  }

  async enter(room: RoomId, sessionId: string, most: number | null = null): Promise<EnteredAs> {
    if (!this.#places.has(sessionId)) return { again: true, full: false }
    const entered = await this.#steps.ask({ do: 'enter', room, id: sessionId, most })
    return { again: entered !== 'new' && entered !== 'full', full: entered === 'full' }
  }

  async leave(room: RoomId, sessionId: string): Promise<{ readonly last: boolean }> {
    return { last: (await this.#steps.ask({ do: 'leave', room, id: sessionId })) as boolean }
  }

  async setStatus(user: UserId, status: Status): Promise<Status> {
    return ((await this.#steps.ask({ do: 'status', user, status })) as Status | null) ?? 'offline'
  }

  occupants(room: RoomId): Promise<readonly PresentSession[]> {
    return this.#crowds.ask(room)
  }

  async counts(rooms: readonly RoomId[]): Promise<ReadonlyMap<RoomId, number>> {
    return rooms.length === 0 ? new Map() : this.#counts.ask(rooms)
  }

  inside(room: RoomId, user: UserId): boolean | Promise<boolean> {
    return this.#inside.get(room)?.has(user) || this.#insides.ask([room, user])
  }

  roomsOf(user: UserId): Promise<readonly RoomId[]> {
    return this.#roomsOf.ask(user)
  }

  sessionsOf(user: UserId): Promise<readonly PresentSession[]> {
    return this.#sessionsOf.ask(user)
  }

  statusOf(user: UserId): Promise<Status> {
    return this.#statuses.ask(user)
  }

  async present(most: number): Promise<readonly UserId[]> {
    const rows = await this.#options.pool.query('SELECT user_id FROM conclave.presence_users LIMIT $1', [most])
    return rows.map(([user]) => user as UserId)
  }

  async sweep(most: number): Promise<readonly Swept[]> {
    await this.#steps.ask({ do: 'look' })
    const swept = (await this.#ask('SELECT conclave.presence_sweep($1)', [most])) as readonly (SessionRef & Closed)[]
    return swept.map(({ id, user, wire, token, rooms, last }) => ({ session: { id, user, wire, token }, rooms, last }))
  }

  async #apply(steps: readonly Step[]): Promise<readonly (Result | Error)[]> {
    const instance = this.#options.instance()
    if (instance !== this.#instance) {
      // The sessions of the registration that was lost are others' to take away.
      this.#places.clear()
      this.#inside.clear()
      this.#unsure = true
      this.#instance = instance
    }
    if (this.#unsure) await this.#restore()
    let applied: Applied
    try {
      applied = await this.#send(steps)
    } catch (error) {
      // It may have been done all the same.
      this.#unsure = true
      throw error
    }
    if (instance !== this.#options.instance()) throw COUNTS_NO_MORE
    // Before these steps.
    for (const [id, room] of applied.out) this.#putOut(room, id)
    return steps.map((step, index) => this.#follow(step, applied.results[index] ?? null))
  }

  async #send(steps: readonly Step[]): Promise<Applied> {
    for (let again = true; ; again = false) {
      const answer = await this.#ask('SELECT conclave.presence_apply($1, $2)', [this.#instance, jsonOf(steps)])
      if (answer === null) throw COUNTS_NO_MORE
      if (!('lost' in (answer as object))) return answer as Applied
      if (!again) throw new StoreFailure('the database loses what is written')
      await this.#restore()
    }
  }

  async #restore(): Promise<void> {
    const own = [...this.#places.values()].map(({ session, rooms, status }) => ({
      ...session,
      rooms: [...rooms],
      status,
    }))
    const counts = await this.#ask('SELECT to_jsonb(conclave.presence_restore($1, $2))', [
      this.#instance,
      storedJson(own),
    ])
    if (!counts) throw COUNTS_NO_MORE
    this.#unsure = false
  }

  /** What a step that was done changes here. */
  #follow(step: Step, result: Result): Result | Error {
    switch (step.do) {
      case 'open':
        if (result === 'taken') return new Error('a session does not change its user')
        if (!this.#places.has(step.session.id))
          this.#places.set(step.session.id, { session: step.session, rooms: new Set(), status: step.status })
        return result
      case 'enter':
        if (result === 'new' || result === 'again') this.#enter(step.room, step.id)
        return result
      case 'leave':
        this.#leave(step.room, step.id)
        return result
      case 'close':
        for (const room of this.#places.get(step.id)?.rooms ?? []) this.#leave(room, step.id)
        this.#places.delete(step.id)
        return result
      case 'status':
        for (const place of this.#places.values()) if (place.session.user === step.user) place.status = step.status
        return result
      case 'look':
        return null
    }
  }

  #enter(room: RoomId, id: string): void {
    const place = this.#places.get(id)
    if (!place || place.rooms.has(room)) return
    place.rooms.add(room)
    const users = this.#inside.get(room) ?? new Map<UserId, number>()
    this.#inside.set(room, users.set(place.session.user, (users.get(place.session.user) ?? 0) + 1))
  }

  #leave(room: RoomId, id: string): boolean {
    const place = this.#places.get(id)
    const users = this.#inside.get(room)
    if (!users || !place?.rooms.delete(room)) return false
    const left = (users.get(place.session.user) ?? 1) - 1
    if (left > 0) users.set(place.session.user, left)
    else users.delete(place.session.user)
    if (users.size === 0) this.#inside.delete(room)
    return true
  }

  #putOut(room: RoomId, id: string): void {
    const place = this.#places.get(id)
    if (place && this.#leave(room, id)) for (const listener of this.#listeners) listener(room, place.session)
  }

  async #readCrowds(rooms: readonly RoomId[]): Promise<readonly (readonly PresentSession[])[]> {
    const rows = await this.#options.pool.query(
      `SELECT p.room, s.id, s.user_id, s.wire, s.token, u.invisible
        FROM conclave.presence_places p JOIN conclave.presence_sessions s ON s.id = p.session
        JOIN conclave.presence_users u ON u.user_id = s.user_id WHERE p.room = ANY ($1) ORDER BY p.number`,
      [distinct(rooms)],
    )
    const crowds = Map.groupBy(rows, ([room]) => room as RoomId)
    return rooms.map(room => (crowds.get(room) ?? []).map(sessionOf))
  }

  async #readCounts(asked: readonly (readonly RoomId[])[]): Promise<readonly ReadonlyMap<RoomId, number>[]> {
    const rows = await this.#options.pool.query(
      'SELECT room, users - hidden FROM conclave.presence_rooms WHERE room = ANY ($1)',
      [distinct(asked.flat())],
    )
    const counted = new Map(rows.map(([room, users]) => [room as RoomId, users as number]))
    return asked.map(rooms => new Map(rooms.map(room => [room, counted.get(room) ?? 0])))
  }

  async #readInside(pairs: readonly (readonly [RoomId, UserId])[]): Promise<readonly boolean[]> {
    const rows = await this.#options.pool.query(
      `SELECT c.room, c.user_id FROM unnest($1::bigint[], $2::bigint[]) AS a (room, user_id)
        JOIN conclave.presence_crowds c USING (room, user_id)`,
      [pairs.map(([room]) => room), pairs.map(([, user]) => user)],
    )
    const inside = new Set(rows.map(([room, user]) => `${room} ${user}`))
    return pairs.map(([room, user]) => inside.has(`${room} ${user}`))
  }

  async #readRoomsOf(users: readonly UserId[]): Promise<readonly (readonly RoomId[])[]> {
    const rows = await this.#options.pool.query(
      'SELECT user_id, room FROM conclave.presence_crowds WHERE user_id = ANY ($1)',
      [distinct(users)],
    )
    const rooms = Map.groupBy(rows, ([user]) => user as UserId)
    return users.map(user => (rooms.get(user) ?? []).map(([, room]) => room as RoomId))
  }

  async #readSessionsOf(users: readonly UserId[]): Promise<readonly (readonly PresentSession[])[]> {
    const rows = await this.#options.pool.query(
      `SELECT NULL, s.id, s.user_id, s.wire, s.token, u.invisible
        FROM conclave.presence_sessions s JOIN conclave.presence_users u USING (user_id)
        WHERE s.user_id = ANY ($1) ORDER BY s.number`,
      [distinct(users)],
    )
    const sessions = Map.groupBy(rows.map(sessionOf), ({ user }) => user)
    return users.map(user => sessions.get(user) ?? [])
  }

  async #readStatuses(users: readonly UserId[]): Promise<readonly Status[]> {
    const rows = await this.#options.pool.query(
      `SELECT user_id, conclave.presence_status(status, invisible) FROM conclave.presence_users WHERE user_id = ANY ($1)`,
      [distinct(users)],
    )
    const statuses = new Map(rows.map(([user, status]) => [user as UserId, status as Status]))
    return users.map(user => statuses.get(user) ?? 'offline')
  }

  async #ask(sql: string, values: Parameters<Pool['query']>[1]): Promise<unknown> {
    const [row] = await this.#options.pool.query(sql, values)
    const json = row?.[0] as string | null
    return json === null ? null : fromStoredJson(json)
  }
}

const COUNTS_NO_MORE = new StoreFailure('this node counts no more')

function perTurn<Ask, Answer>(
  run: (asked: readonly Ask[]) => Promise<readonly (Answer | Error)[]>,
): PerTurn<Ask, Answer> {
  return new PerTurn({ run, together: PRESENCE_TOGETHER, waiting: PRESENCE_WAITING })
}

function jsonOf(steps: readonly Step[]): string {
  return storedJson(
    steps.flatMap(step => (step.do === 'open' ? { ...step.session, do: 'open', status: step.status } : step)),
  )
}

function sessionOf(columns: readonly unknown[]): PresentSession {
  const [, id, user, wire, token, invisible] = columns as [null, string, UserId, Wire, string | null, boolean]
  return { id, user, wire, token, invisible }
}

function distinct<T>(values: readonly T[]): T[] {
  return values.length > 1 ? [...new Set(values)] : [...values]
}
