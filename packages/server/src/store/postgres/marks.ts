// Messages found by what was done to them: pinned, starred, named somebody, in a thread; and by their text. The right to
// read is part of every statement (L10). A search walks, so it goes in short steps with a turn of the event loop between.
import type { RoomId, UserId } from '@conclave/wire'
import { PAGE, SEARCH_SCAN } from '../../limits.ts'
import { idParameter } from '../../postgres/ids.ts'
import type { Pool, Value } from '../../postgres/pool.ts'
import type { RoomEvent } from '../../room/events.ts'
import type { MarkedPage, MarkedQuery, Right, SearchQuery } from '../store.ts'
import { EVENT, eventOf } from './rows.ts'
import { holdsAt, isHeard, isLasting, isMember, isSpanned, isUnhidden } from './sight.ts'

/** Events that one step of a search looks at: some ms. */
const STEP = 2_000

type Reader = Exclude<Right['by'], 'server'>

/** Statements bind: 1 room, 2 user, 3 now; 4 what is sought, or whatever else is named. The control sequence comes last. */
const [ROOM, USER, NOW] = ['$1::bigint', '$2::bigint', '$3::bigint']
const READS: Readonly<Record<Reader, string>> = {
  member: `${isSpanned(ROOM, USER)} AND ${isHeard(USER)} AND ${isLasting(NOW)} AND ${isUnhidden(ROOM, USER)}`,
  grant: `${isHeard(USER)} AND ${isLasting(NOW)}`,
}
const holds = (by: Reader, control: string): string => (by === 'grant' ? holdsAt(ROOM, control) : isMember(ROOM, USER))

const FOLLOWED = `${USER} = ANY (e.followers)`
const CURSOR = `coalesce((SELECT c.sequence FROM conclave.cursors c WHERE c.user = ${USER} AND c.room = ${ROOM}), 0)`

/** A table that leads to messages: each is looked up by itself, whatever the planner believes of how many there are. */
const through = (table: string): string => `${table} m CROSS JOIN LATERAL (SELECT * FROM conclave.events e
  WHERE e.room = m.room AND e.sequence = m.sequence OFFSET 0) e`

interface Marks {
  readonly from: string
  readonly where: string
  /** In what order, and those that are equal in it by their sequences. */
  readonly by: string
  readonly order: 'ASC' | 'DESC'
  readonly tie: 'ASC' | 'DESC'
}
const EVENTS = { from: 'conclave.events e', order: 'DESC', tie: 'DESC' } as const
const THREADS: Marks = { ...EVENTS, where: `e.room = ${ROOM} AND e.replied_at IS NOT NULL`, by: 'e.replied_at' }
const MARKS: Readonly<Record<MarkedQuery['of'], Marks>> = {
  pinned: { ...EVENTS, where: `e.room = ${ROOM} AND e.pinned_at IS NOT NULL`, by: 'e.pinned_at' },
  replies: { ...EVENTS, where: `e.room = ${ROOM} AND e.thread = $4`, by: 'e.sequence', order: 'ASC' },
  threads: THREADS,
  'threads followed': { ...THREADS, where: `${THREADS.where} AND ${FOLLOWED}` },
  'threads unread': { ...THREADS, where: `${THREADS.where} AND ${FOLLOWED} AND e.last_reply > ${CURSOR}` },
  starred: {
    from: through('conclave.stars'),
    where: `m.user = ${USER} AND m.room = ${ROOM}`,
    by: 'm.at',
    order: 'DESC',
    tie: 'ASC',
  },
  mentioning: {
    from: through('conclave.mentions'),
    where: `m.user = $4 AND m.room = ${ROOM}`,
    by: 'm.sequence',
    order: 'DESC',
    tie: 'DESC',
  },
}
/** Those of which something else is named than who reads. */
const SEEKING: ReadonlySet<MarkedQuery['of']> = new Set<MarkedQuery['of']>(['replies', 'mentioning'])

const SQL = {
  /** 3 sequences. */
  starred: `SELECT s.sequence FROM conclave.stars s WHERE s.user = ${USER} AND s.room = ${ROOM}
    AND s.sequence = ANY ($3::bigint[])`,
  countStarred: `SELECT count(*) FROM conclave.stars s WHERE s.user = ${USER} AND s.room = ${ROOM}`,
  countPinned: `SELECT count(*) FROM conclave.events e WHERE e.room = ${ROOM} AND e.pinned_at IS NOT NULL`,
} as const

/** `r`: a ReceiptRow of `star`. Reads the log, so what the batch has appended is written before. */
export const WRITES = `
CREATE OR REPLACE FUNCTION conclave.write_star(r jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  who bigint := (r ->> 'user')::bigint;
  at_room bigint := (r ->> 'room')::bigint;
  place bigint := CASE WHEN r ->> 'sequence' ~ '^[0-9]{1,18}$' THEN (r ->> 'sequence')::bigint END;
BEGIN
  IF (r ->> 'on')::boolean THEN
    INSERT INTO conclave.stars (room, "user", sequence, at)
    SELECT e.room, who, e.sequence, (r ->> 'at')::bigint FROM conclave.events e
      WHERE e.room = at_room AND e.sequence = place AND e.class = 'm'
    ON CONFLICT DO NOTHING;
  ELSE
    DELETE FROM conclave.stars s WHERE s.room = at_room AND s.user = who AND s.sequence = place;
  END IF;
END $$;
`

export class MarkRows {
  readonly #pool: Pool

  constructor(pool: Pool) {
    this.#pool = pool
  }

  async starred(room: RoomId, user: UserId, sequences: readonly number[]): Promise<Set<number>> {
    const whole = sequences.filter(Number.isSafeInteger)
    const rows = await this.#pool.query(SQL.starred, [idParameter(room), idParameter(user), whole])
    return new Set(rows.map(([sequence]) => Number(sequence)))
  }

  async countStarred(room: RoomId, user: UserId): Promise<number> {
    const [row] = await this.#pool.query(SQL.countStarred, [idParameter(room), idParameter(user)])
    return Number(row?.[0])
  }

  async countPinned(room: RoomId): Promise<number> {
    const [row] = await this.#pool.query(SQL.countPinned, [idParameter(room)])
    return Number(row?.[0])
  }

  /** undefined when the right does not hold. */
  async marked(query: MarkedQuery, now: number): Promise<MarkedPage | undefined> {
    const { room, right, of, sought, offset, limit } = query
    const bound: Value[] = [idParameter(room), idParameter(right.user), now]
    if (SEEKING.has(of)) bound.push(typeof sought === 'string' ? idParameter(sought) : (sought ?? null))
    bound.push(Math.min(limit, PAGE), offset)
    if (right.by === 'grant') bound.push(right.control)
    const rows = await this.#pool.query(markedSql(right.by, of, query.newest ?? false), bound)
    const [first] = rows
    if (first === undefined) return undefined
    const events = rows.filter(([, sequence]) => sequence !== null).map(([, ...row]) => eventOf(room, row))
    return { events, total: Number(first[0]) }
  }

  async search(query: SearchQuery, now: () => number): Promise<RoomEvent[] | undefined> {
    const { room, right, sender, matches } = query
    const limit = Math.min(query.limit, PAGE)
    const found: RoomEvent[] = []
    let end: number | null = null
    for (let before: number | null = null; ; ) {
      const rows = await this.#pool.query(SEARCHES[right.by], [
        ...[idParameter(room), idParameter(right.user), now(), before],
        ...[sender === undefined ? null : idParameter(sender), sender !== undefined],
        ...(right.by === 'grant' ? [right.control] : []),
      ])
      const [first] = rows
      if (first === undefined) return undefined
      end ??= Number(first[0])
      for (const [, ...row] of rows) {
        if (row[0] === null || found.length >= limit) break
        const event = eventOf(room, row)
        if (event.body.type === 'message' && event.body.content.suite === 'none' && matches(event)) found.push(event)
      }
      before = (before ?? end) - STEP
      if (found.length >= limit || before <= 1 || end - before >= SEARCH_SCAN) return found
    }
  }
}

/** The number of all and a row for each of the page; one of that number and nulls where there is none; none where the right
 * does not hold. */
function markedSql(right: Reader, of: MarkedQuery['of'], newest: boolean): string {
  const next = SEEKING.has(of) ? 5 : 4
  const { from, where, by, ...marks } = MARKS[of]
  const { order, tie } = newest ? EVENTS : marks
  const all = `FROM ${from} WHERE ${where} AND e.class = 'm' AND ${READS[right]}`
  return `SELECT (SELECT count(*) ${all}), p.* FROM (SELECT 1 WHERE ${holds(right, `$${next + 2}`)}) held
    LEFT JOIN (SELECT ${EVENT}, ${by} AS by ${all} ORDER BY ${by} ${order}, e.sequence ${tie}
      LIMIT $${next}::int OFFSET $${next + 1}::int) p ON TRUE ORDER BY p.by ${order}, p.sequence ${tie}`
}

/** One step down from 4 (null: from the end); 5 sender, 6 whether they are named; 7 control sequence. A row for each message,
 * beginning with one past the room's newest sequence; one of nulls where there is none. */
const searchSql = (right: Reader): string => `SELECT end_of.room, p.*
  FROM (SELECT coalesce((SELECT r.sequence FROM conclave.rooms r WHERE r.id = ${ROOM}), 0) + 1 AS room
    WHERE ${holds(right, '$7')}) end_of
  LEFT JOIN LATERAL (SELECT ${EVENT} FROM conclave.events e WHERE e.room = ${ROOM} AND e.class = 'm'
    AND e.sequence < coalesce($4::bigint, end_of.room) AND e.sequence >= coalesce($4::bigint, end_of.room) - ${STEP}
    AND (NOT $6::boolean OR e.actor = $5::bigint) AND ${READS[right]} ORDER BY e.sequence DESC) p ON TRUE
  ORDER BY p.sequence DESC`
const SEARCHES: Readonly<Record<Reader, string>> = { member: searchSql('member'), grant: searchSql('grant') }
