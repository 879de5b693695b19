// Finding messages where no index leads to them: by id within a room, by sender. Long walks go in short steps, and
// between two of them the event loop runs; so nobody waits for a walk over a long log.
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { type EventId, LAST_MS, type RoomId, snowflake, type UserId, X_EPOCH_MS } from '@conclave/wire'
import { PAGE } from '../../limits.ts'
import type { RoomEvent } from '../../room/events.ts'
import type { Expired, MessagesQuery, Placed, Right } from '../store.ts'
import { all, type Columns, EVENT, eventOf, one, prepareRows, turn } from './rows.ts'
import { isHeard, isLasting, isMember, isSpanned, wasMemberAfter } from './sight.ts'

/** Entries of the log that one step looks at: some ms. */
const STEP = 2_000
/** ms by which an id may be ahead of its event's time, or behind it: a clock that was set back by an hour. */
const AHEAD = 60 * 60 * 1000

const PLACED = 'CAST(e.id AS TEXT), e.sequence, CAST(e.actor AS TEXT)'

const SQL = {
  located: `SELECT ${PLACED} FROM json_each(?2) j CROSS JOIN events e ON e.id = j.value
    WHERE e.room = ?1 AND e.class IN ('m', 'x')`,
  /** 3 reader. */
  locatedFor: `SELECT ${PLACED} FROM json_each(?2) j CROSS JOIN events e ON e.id = j.value
    WHERE e.room = ?1 AND e.class IN ('m', 'x') AND ${isMember('?1', '?3')} AND ${isSpanned('?1', '?3')} AND ${isHeard('?3')}`,
  rooms: `SELECT CAST(e.id AS TEXT), CAST(e.room AS TEXT) FROM json_each(?1) j CROSS JOIN events e ON e.id = j.value
    WHERE e.class IN ('m', 'x')`,
  newest: `SELECT ${PLACED} FROM events e INDEXED BY events_message WHERE e.room = ?1 AND e.class = 'm' AND e.sequence < ?2
    ORDER BY e.sequence DESC LIMIT ?3`,
  newestOf: `SELECT ${PLACED} FROM events e WHERE e.room = ?1 AND e.class = 'm' AND e.sequence < ?2 AND e.sequence >= ?4
    AND e.actor = ?5 ORDER BY e.sequence DESC LIMIT ?3`,
  sequence: 'SELECT sequence FROM rooms WHERE id = ?',
  /** The last id of one step. */
  stepped: `SELECT CAST(id AS TEXT) FROM events WHERE id > ?1 AND id <= ?2 ORDER BY events.id LIMIT 1 OFFSET ${STEP - 1}`,
  sent: `SELECT CAST(e.room AS TEXT), ${EVENT} FROM events e INDEXED BY events_id WHERE e.id > ?1 AND e.id <= ?2
    AND e.class = 'm' AND e.actor = ?3 AND e.at >= ?4 AND e.at < ?5 AND ${isLasting('?7')} ORDER BY e.id LIMIT ?6`,
  /** 2 user, 3 sequence: no row for who is no member now. */
  covered: `SELECT ${wasMemberAfter('?1', '?2', '?3')} WHERE ${isMember('?1', '?2')}`,
  control: 'SELECT control FROM rooms WHERE id = ?',
  epoch: 'SELECT sequence FROM epochs WHERE room = ? AND version = ?',
  expired: `SELECT CAST(e.room AS TEXT), CAST(e.id AS TEXT), e.sequence, json_extract(e.body, '$.messageId')
    FROM events e INDEXED BY events_expiring WHERE e.expires_at <= ? ORDER BY e.expires_at, e.room, e.sequence LIMIT ?`,
  nextExpiry: 'SELECT min(expires_at) FROM events INDEXED BY events_expiring WHERE expires_at IS NOT NULL',
} as const

export class Places {
  readonly #sql: Readonly<Record<keyof typeof SQL, StatementSync>>

  constructor(database: DatabaseSync) {
    const prepared = Object.entries(SQL).map(([name, sql]) => [name, prepareRows(database, sql)])
    this.#sql = Object.fromEntries(prepared) as Record<keyof typeof SQL, StatementSync>
  }

  locate(room: RoomId, ids: readonly EventId[], reader?: UserId): Map<EventId, Omit<Placed, 'id'>> {
    const { located, locatedFor } = this.#sql
    const sought = JSON.stringify(ids)
    const rows = reader === undefined ? all(located, room, sought) : all(locatedFor, room, sought, reader)
    return new Map(rows.map(placedOf).map(({ id, sequence, sender }) => [id, { sequence, sender }]))
  }

  roomsOfMessages(ids: readonly EventId[]): Map<EventId, RoomId> {
    const rows = all(this.#sql.rooms, JSON.stringify(ids))
    return new Map(rows.map(([id, room]) => [id as EventId, room as RoomId]))
  }

  newest(room: RoomId, before: number, limit: number): Placed[] {
    return all(this.#sql.newest, room, before, limit).map(placedOf)
  }

  /** One step down from `before`; `next` is where the following one begins. */
  newestOf(room: RoomId, sender: UserId, before: number, limit: number): { placed: Placed[]; next: number } {
    const next = before - STEP
    return { placed: all(this.#sql.newestOf, room, before, limit, next, sender).map(placedOf), next }
  }

  /** One past the newest sequence of a room. */
  end(room: RoomId): number {
    return ((one(this.#sql.sequence, room)?.[0] as number | undefined) ?? 0) + 1
  }

  /** One step up from `after`; `next` is where the following one begins, null at the end. */
  sent(after: string, query: SentQuery, limit: number): { events: RoomEvent[]; next: string | null } {
    const last = idAround(query.until + AHEAD)
    const next = one(this.#sql.stepped, after, last)?.[0] as string | undefined
    const { user, since, until, now } = query
    const rows = all(this.#sql.sent, after, next ?? last, user, since, until, limit, now)
    return { events: rows.map(([room, ...event]) => eventOf(room as RoomId, event)), next: next ?? null }
  }

  covers(room: RoomId, sequence: number, right: Right): boolean | undefined {
    if (right.by === 'server') return true
    if (right.by === 'grant') return one(this.#sql.control, room)?.[0] === right.control || undefined
    const row = one(this.#sql.covered, room, right.user, sequence)
    return row && row[0] === 1
  }

  epoch(room: RoomId, version: string): number | undefined {
    return one(this.#sql.epoch, room, version)?.[0] as number | undefined
  }

  expired(now: number, limit: number): Expired[] {
    return all(this.#sql.expired, now, limit).map(([room, id, sequence, messageId]) => ({
      room: room as RoomId,
      id: id as EventId,
      sequence: sequence as number,
      messageId: messageId as string | null,
    }))
  }

  nextExpiry(): number | null {
    return (one(this.#sql.nextExpiry)?.[0] as number | null | undefined) ?? null
  }
}

/** Times in ms since 1970. */
interface SentQuery {
  readonly user: UserId
  readonly since: number
  readonly until: number
  readonly now: number
}

/** `places` gives those of the connection that is open now: it may be another one after each step. */
export async function messagesIn(places: () => Places, room: RoomId, query: MessagesQuery): Promise<Placed[]> {
  const limit = Math.min(query.limit, PAGE)
  let before = Math.min(query.before ?? Number.MAX_SAFE_INTEGER, places().end(room))
  if (query.sender === undefined) return places().newest(room, before, limit)
  const found: Placed[] = []
  while (before > 1 && found.length < limit) {
    const { placed, next } = places().newestOf(room, query.sender, before, limit - found.length)
    found.push(...placed)
    before = next
    await turn()
  }
  return found
}

/** The same of the messages that one user sent, by id. */
export async function sentBy(places: () => Places, query: SentQuery, most: number): Promise<RoomEvent[]> {
  const limit = Math.min(most, PAGE)
  const found: RoomEvent[] = []
  let after: string | null = idAround(query.since - AHEAD)
  while (after !== null && found.length < limit) {
    const { events, next } = places().sent(after, query, limit - found.length)
    found.push(...events)
    after = next
    await turn()
  }
  return found
}

/** An id of that time, or of the first or last time that ids know. */
function idAround(ms: number): string {
  return snowflake(Math.floor(Math.min(Math.max(ms, X_EPOCH_MS), LAST_MS)), 0, 0).toString()
}

function placedOf([id, sequence, sender]: Columns): Placed {
  return { id: id as EventId, sequence: sequence as number, sender: sender as UserId | null }
}
