// Finding messages where no index leads to them: by id within a room, by sender. Long walks go in steps, one statement each,
// so that none holds a connection for long over a long log.
import { type EventId, LAST_MS, type RoomId, snowflake, type UserId, X_EPOCH_MS } from '@conclave/wire'
import { PAGE } from '../../limits.ts'
import { idParameter, idParameters } from '../../postgres/ids.ts'
import type { Pool, Value } from '../../postgres/pool.ts'
import type { EventBody, RoomEvent } from '../../room/events.ts'
import type { Expired, MessagesQuery, Placed, Right } from '../store.ts'
import { type Columns, EVENT, eventOf } from './rows.ts'
import { holdsAt, isHeard, isLasting, isMember, isSpanned, NO_END, wasMemberAfter } from './sight.ts'

/** Entries of the log that one step looks at: some ms. */
const STEP = 5_000
/** ms by which an id may be ahead of its event's time, or behind it: a clock that was set back by an hour. */
const AHEAD = 60 * 60 * 1000

const PLACED = 'e.id, e.sequence, e.actor'

const SQL = {
  /** 1 room, 2 ids. */
  located: `SELECT ${PLACED} FROM conclave.events e WHERE e.id = ANY ($2::bigint[]) AND e.room = $1 AND e.class IN ('m', 'x')`,
  /** 3 reader. */
  locatedFor: `SELECT ${PLACED} FROM conclave.events e WHERE e.id = ANY ($2::bigint[]) AND e.room = $1
    AND e.class IN ('m', 'x') AND ${isMember('$1', '$3::bigint')} AND ${isSpanned('$1', '$3::bigint')} AND ${isHeard('$3::bigint')}`,
  /** 1 ids. */
  rooms: `SELECT e.id, e.room FROM conclave.events e WHERE e.id = ANY ($1::bigint[]) AND e.class IN ('m', 'x')`,
  /** 1 room, 2 before, 3 limit. */
  newest: `SELECT ${PLACED} FROM conclave.events e WHERE e.room = $1 AND e.class = 'm' AND e.sequence < $2
    ORDER BY e.sequence DESC LIMIT $3`,
  /** One step of the same; 4 sender. A row for each, beginning with where the step began; one of nulls where there is none. */
  newestOf: `SELECT f.before, p.* FROM
      (SELECT least($2::bigint, coalesce((SELECT r.sequence FROM conclave.rooms r WHERE r.id = $1), 0) + 1) AS before) f
    LEFT JOIN LATERAL (SELECT ${PLACED} FROM conclave.events e WHERE e.room = $1 AND e.class = 'm'
      AND e.sequence < f.before AND e.sequence >= f.before - ${STEP} AND e.actor = $4
      ORDER BY e.sequence DESC LIMIT $3) p ON TRUE
    ORDER BY p.sequence DESC`,
  /** One step up from id 1, to 2; 3 sender, 4 since, 5 until, 6 limit, 7 now. Each row begins with the step's last id, null
   * at the end; one of nulls where there is no message. */
  sent: `SELECT t.last, p.* FROM (SELECT (SELECT e.id FROM conclave.events e WHERE e.id > $1 AND e.id <= $2
      ORDER BY e.id LIMIT 1 OFFSET ${STEP - 1}) AS last) t
    LEFT JOIN LATERAL (SELECT e.room, ${EVENT} FROM conclave.events e WHERE e.id > $1 AND e.id <= coalesce(t.last, $2)
      AND e.class = 'm' AND e.actor = $3 AND e.at >= $4 AND e.at < $5 AND ${isLasting('$7')} ORDER BY e.id LIMIT $6) p ON TRUE
    ORDER BY p.id`,
  /** 1 room, 2 user, 3 sequence: no row for who is no member now. */
  covered: `SELECT ${wasMemberAfter('$1', '$2', '$3')} WHERE ${isMember('$1', '$2')}`,
  /** 1 room, 2 control sequence. */
  granted: `SELECT 1 WHERE ${holdsAt('$1', '$2')}`,
  /** 1 room, 2 version. */
  epoch: 'SELECT p.sequence FROM conclave.epochs p WHERE p.room = $1 AND p.version = $2',
  /** 1 now, 2 limit. */
  expired: `SELECT e.room, e.id, e.sequence, e.body FROM conclave.events e
    WHERE e.expires_at <= $1 ORDER BY e.expires_at, e.room, e.sequence LIMIT $2`,
  nextExpiry: 'SELECT min(e.expires_at) FROM conclave.events e WHERE e.expires_at IS NOT NULL',
} as const

export class Places {
  readonly #pool: Pool

  constructor(pool: Pool) {
    this.#pool = pool
  }

  async locate(room: RoomId, ids: readonly EventId[], reader?: UserId): Promise<Map<EventId, Omit<Placed, 'id'>>> {
    const sought: readonly Value[] = [idParameter(room), idParameters(ids)]
    const rows =
      reader === undefined
        ? await this.#pool.query(SQL.located, sought)
        : await this.#pool.query(SQL.locatedFor, [...sought, idParameter(reader)])
    return new Map(rows.map(placedOf).map(({ id, sequence, sender }) => [id, { sequence, sender }]))
  }

  async roomsOfMessages(ids: readonly EventId[]): Promise<Map<EventId, RoomId>> {
    const rows = await this.#pool.query(SQL.rooms, [idParameters(ids)])
    return new Map(rows.map(([id, room]) => [id as EventId, room as RoomId]))
  }

  async messagesIn(room: RoomId, { sender, before = NO_END, limit: most }: MessagesQuery): Promise<Placed[]> {
    const limit = Math.min(most, PAGE)
    const of = idParameter(room)
    if (sender === undefined) return (await this.#pool.query(SQL.newest, [of, before, limit])).map(placedOf)
    const found: Placed[] = []
    for (let from = before; from > 1 && found.length < limit; ) {
      const bound = [of, from, limit - found.length, idParameter(sender)]
      const rows = await this.#pool.query(SQL.newestOf, bound)
      for (const [, ...row] of rows) if (row[0] !== null) found.push(placedOf(row))
      from = Number(rows[0]?.[0]) - STEP
    }
    return found
  }

  async sentBy({ user, since, until, now }: SentQuery, most: number): Promise<RoomEvent[]> {
    const limit = Math.min(most, PAGE)
    const last = idAround(until + AHEAD)
    const found: RoomEvent[] = []
    for (let after: string | null = idAround(since - AHEAD); after !== null && found.length < limit; ) {
      const bound: Value[] = [after, last, idParameter(user), since, until, limit - found.length, now]
      const rows: readonly Columns[] = await this.#pool.query(SQL.sent, bound)
      for (const [, room, ...row] of rows) if (room !== null) found.push(eventOf(room as RoomId, row))
      after = (rows[0]?.[0] ?? null) as string | null
    }
    return found
  }

  async covers(room: RoomId, sequence: number, right: Right): Promise<boolean | undefined> {
    if (right.by === 'server') return true
    const of = idParameter(room)
    if (right.by === 'grant') return (await this.#pool.query(SQL.granted, [of, right.control])).length > 0 || undefined
    const [row] = await this.#pool.query(SQL.covered, [of, idParameter(right.user), sequence])
    return row && row[0] === true
  }

  async epoch(room: RoomId, version: string): Promise<number | undefined> {
    const [row] = await this.#pool.query(SQL.epoch, [idParameter(room), version])
    return row && Number(row[0])
  }

  async expired(now: number, limit: number): Promise<Expired[]> {
    const rows = await this.#pool.query(SQL.expired, [now, limit])
    return rows.map(([room, id, sequence, body]) => ({
      room: room as RoomId,
      id: id as EventId,
      sequence: Number(sequence),
      messageId: messageIdOf(JSON.parse(body as string) as EventBody),
    }))
  }

  async nextExpiry(): Promise<number | null> {
    const [row] = await this.#pool.query(SQL.nextExpiry)
    return row?.[0] ? Number(row[0]) : null
  }
}

/** Times in ms since 1970. */
interface SentQuery {
  readonly user: UserId
  readonly since: number
  readonly until: number
  readonly now: number
}

/** An id of that time, or of the first or last time that ids know. */
function idAround(ms: number): string {
  return snowflake(Math.floor(Math.min(Math.max(ms, X_EPOCH_MS), LAST_MS)), 0, 0).toString()
}

function placedOf([id, sequence, sender]: Columns): Placed {
  return { id: id as EventId, sequence: Number(sequence), sender: sender as UserId | null }
}

function messageIdOf(body: EventBody): string | null {
  return body.type === 'message' ? body.messageId : null
}
