// Reading logs. The right to read is part of every statement that reads for somebody (L10); a page is one statement, begins
// where it must and walks over nothing that it does not show, so it costs the same in a log of any length.
import type { EventId, RoomId } from '@conclave/wire'
import { PAGE } from '../../limits.ts'
import { idParameter, idParameters } from '../../postgres/ids.ts'
import type { Pool, Value } from '../../postgres/pool.ts'
import type { RoomEvent } from '../../room/events.ts'
import type { PageQuery, Right } from '../store.ts'
import { type Columns, EVENT, eventAs, eventOf, whole } from './rows.ts'
import { holdsAt, isHeard, isLasting, isMember, isSpanned, isUnhidden, NO_END } from './sight.ts'

type RightKind = Right['by']
type Order = PageQuery['order']

/** Statements bind: 1 room, then what is named beside each; the right's own come last. */
const ROOM = '$1::bigint'

type Selected = Exclude<PageQuery['select'], 'kept'> | 'deletions' | 'pins'
/** The predicates of the partial indexes, none of which leads over what it does not show. */
const SELECTED: Readonly<Record<Selected, string>> = {
  all: 'TRUE',
  messages: "e.class = 'm'",
  files: 'e.file',
  control: "e.class = 'c'",
  deletions: "e.class = 'd'",
  pins: "e.class = 'p'",
}
/** What is kept beside messages. */
const BESIDE = ['control', 'deletions', 'pins'] as const
/** Messages alone, as far as they are shown. */
const isShown = (select: Selected): boolean => select === 'messages' || select === 'files'
const ORDERED = { newest: 'DESC', oldest: 'ASC' } as const

/** Pages bind: 2 low, 3 high, 4 limit, 5 now; 6 user; 7 control sequence. Times, where the page has any, come after those. */
const [LOW, HIGH, LIMIT, NOW, USER, CONTROL] = ['$2::bigint', '$3::bigint', '$4::int', '$5::bigint', '$6::bigint', '$7']
const BOUND: Readonly<Record<RightKind, number>> = { server: 5, member: 6, grant: 7 }
const HELD: Readonly<Record<RightKind, string>> = {
  server: 'TRUE',
  member: isMember(ROOM, USER),
  grant: holdsAt(ROOM, CONTROL),
}
/** Who hears an event, and whether a message is shown. */
const HEARD: Readonly<Record<RightKind, string>> = { server: 'TRUE', member: isHeard(USER), grant: isHeard(USER) }
const SHOWN: Readonly<Record<RightKind, string>> = {
  server: isLasting(NOW),
  member: `${isLasting(NOW)} AND ${isUnhidden(ROOM, USER)}`,
  grant: isLasting(NOW),
}

/** The first sequence whose time is not before `at`. A log's times never go back, so halving finds it. */
function firstSince(at: string): string {
  return `(WITH RECURSIVE halved(low, high) AS (
      SELECT 1::bigint, coalesce((SELECT r.sequence FROM conclave.rooms r WHERE r.id = ${ROOM}), 0) + 1
      UNION ALL
      SELECT CASE WHEN m.at >= ${at} THEN h.low ELSE m.sequence + 1 END, CASE WHEN m.at >= ${at} THEN m.sequence ELSE h.high END
      FROM halved h CROSS JOIN LATERAL (SELECT e.sequence, e.at FROM conclave.events e
        WHERE e.room = ${ROOM} AND e.sequence = (h.low + h.high) / 2) m WHERE h.low < h.high)
    SELECT max(low) FROM halved)`
}

/** Some of the log's sequences in the order of reading, at most `limit`. */
function sequences(select: readonly Selected[], order: Order, where: string, limit: string): string {
  const of = (selected: Selected): string => `SELECT e.sequence FROM conclave.events e
    WHERE e.room = ${ROOM} AND ${SELECTED[selected]} AND ${where} ORDER BY e.sequence ${ORDERED[order]} LIMIT ${limit}`
  const [only] = select
  if (select.length === 1 && only) return of(only)
  return `SELECT u.sequence FROM (${select.map(each => `(${of(each)})`).join(' UNION ALL ')}) u
    ORDER BY u.sequence ${ORDERED[order]} LIMIT ${limit}`
}

/**
 * A walk over what a member may see, stretch by stretch of their spans; `cut`: without what they have hidden. Each step
 * stands at an edge of a stretch and finds what it shows from there to the next hidden message, until there is enough; so
 * it leaps over what lies between spans and what is hidden, however much that is.
 */
function walk(name: string, select: readonly Selected[], order: Order, cut: boolean): string {
  const newest = order === 'newest'
  const [from, to] = newest ? ['v.highs', 'v.lows'] : ['v.lows', 'v.highs']
  const hidden = `SELECT h.low, h.high FROM conclave.hidden h WHERE h.user = ${USER} AND h.room = ${ROOM}`
  // Down: the last hidden stretch at or below the edge. Up: one that lies over the edge, and the first above it.
  const beside = newest
    ? `LEFT JOIN LATERAL (${hidden} AND h.low <= w.edge ORDER BY h.low DESC LIMIT 1) b ON TRUE`
    : `LEFT JOIN LATERAL (${hidden} AND h.low <= w.edge ORDER BY h.low DESC LIMIT 1) o ON TRUE
       LEFT JOIN LATERAL (${hidden} AND h.low > w.edge ORDER BY h.low LIMIT 1) b ON TRUE`
  const low = newest
    ? `greatest(${to}[w.n], ${cut ? 'b.high + 1' : '0'})`
    : cut
      ? 'greatest(w.edge, o.high + 1)'
      : 'w.edge'
  const high = newest ? 'w.edge' : `least(${to}[w.n], ${cut ? 'b.low - 1' : NO_END})`
  const beyond = !cut ? 'NULL::bigint' : newest ? 'b.low - 1' : 'b.high + 1'
  const found = sequences(
    select,
    order,
    `e.sequence >= ${low} AND e.sequence <= ${high} AND ${HEARD.member}
    ${select.some(isShown) ? `AND ${isLasting(NOW)}` : ''}`,
    `greatest(${LIMIT} - w.taken, 0)`,
  )
  const within = newest ? 's.beyond >= v.lows[w.n]' : 's.beyond <= v.highs[w.n]'
  return `${name}(n, edge, taken, found) AS (
      SELECT 1, ${from}[1], 0, '{}'::bigint[] FROM seen v
      UNION ALL
      SELECT CASE WHEN ${within} THEN w.n ELSE w.n + 1 END, CASE WHEN ${within} THEN s.beyond ELSE ${from}[w.n + 1] END,
        w.taken + cardinality(s.found), s.found
      FROM ${name} w CROSS JOIN seen v ${cut ? beside : ''}
        CROSS JOIN LATERAL (SELECT ${beyond} AS beyond, ARRAY(${found}) AS found OFFSET 0) s
      WHERE w.taken < ${LIMIT} AND w.edge IS NOT NULL)`
}

/** What a member may see between the bounds, as stretches that do not overlap, in the order of reading: a span's ends where
 * a later one begins that shows the same. */
function seen(order: Order): string {
  const by = `ORDER BY s.low ${ORDERED[order]}`
  return `seen AS MATERIALIZED (
      SELECT array_agg(s.low ${by}) AS lows, array_agg(s.high ${by}) AS highs FROM (
        SELECT greatest(b.low, s.from_sequence) AS low, least(b.high, s.to_sequence, min(s.from_sequence)
          OVER (ORDER BY s.opened DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) - 1) AS high
        FROM bounds b CROSS JOIN conclave.spans s WHERE s.room = ${ROOM} AND s.user = ${USER}) s
      WHERE s.low <= s.high)`
}

/** A row for each event of the page; one of nulls where there is none; none where the right does not hold. */
function pageSql(right: RightKind, select: PageQuery['select'], order: Order, timed: boolean): string {
  const [since, until] = [`$${BOUND[right] + 1}::bigint`, `$${BOUND[right] + 2}::bigint`]
  const bounds = timed
    ? `SELECT greatest(${LOW}, CASE WHEN ${since} IS NOT NULL THEN ${firstSince(since)} END) AS low,
        least(${HIGH}, CASE WHEN ${until} IS NOT NULL THEN ${firstSince(until)} - 1 END) AS high`
    : `SELECT ${LOW} AS low, ${HIGH} AS high`
  const kinds: readonly (readonly Selected[])[] = select === 'kept' ? [['messages'], BESIDE] : [[select]]
  const parts = [`bounds AS MATERIALIZED (${bounds})`]
  const found = kinds.map((kind, index) => {
    if (right === 'member') {
      parts.push(walk(`walk${index}`, kind, order, kind.some(isShown)))
      return `SELECT unnest(w.found) AS sequence FROM walk${index} w`
    }
    const where = `e.sequence >= (SELECT low FROM bounds) AND e.sequence <= (SELECT high FROM bounds) AND ${HEARD[right]}
      ${kind.some(isShown) ? `AND ${SHOWN[right]}` : ''}`
    return `(${sequences(kind, order, where, LIMIT)})`
  })
  if (right === 'member') parts.splice(1, 0, seen(order))
  const event = isShown(select as Selected) ? EVENT : eventAs(classWhere(SHOWN[right]))
  const all = found.join(' UNION ALL ')
  const some =
    kinds.length === 1 ? all : `SELECT u.sequence FROM (${all}) u ORDER BY u.sequence ${ORDERED[order]} LIMIT ${LIMIT}`
  // OFFSET 0: each row is looked up by itself, whatever the planner believes of how many there are.
  return `WITH RECURSIVE ${parts.join(',\n    ')}
    SELECT ${event} FROM (SELECT 1 WHERE ${HELD[right]}) held LEFT JOIN (
      (${some}) f CROSS JOIN LATERAL (SELECT * FROM conclave.events e
        WHERE e.room = ${ROOM} AND e.sequence = f.sequence OFFSET 0) e
    ) ON TRUE ORDER BY e.sequence ${ORDERED[order]}`
}

/** Single events bind: 2 id, 3 now; 4 user; 5 control sequence. */
const BY_ID: Readonly<Record<RightKind, { readonly where: string; readonly shown: string }>> = {
  member: {
    where: `${isMember(ROOM, '$4::bigint')} AND ${isSpanned(ROOM, '$4::bigint')} AND ${isHeard('$4::bigint')}`,
    shown: `${isLasting('$3::bigint')} AND ${isUnhidden(ROOM, '$4::bigint')}`,
  },
  grant: { where: `${holdsAt(ROOM, '$5')} AND ${isHeard('$4::bigint')}`, shown: isLasting('$3::bigint') },
  server: { where: 'TRUE', shown: isLasting('$3::bigint') },
}
const byId = ({ where, shown }: (typeof BY_ID)[RightKind]): string =>
  `SELECT ${eventAs(classWhere(shown))} FROM conclave.events e WHERE e.room = ${ROOM} AND e.id = $2 AND ${where}`

/** Counts bind: 2 now; 3 user; 4 control sequence. No row: the right does not hold. */
const COUNTED = `SELECT count(*) FROM conclave.events e WHERE e.room = ${ROOM} AND e.file AND ${isLasting('$2::bigint')}`
const COUNTS: Readonly<Record<RightKind, string>> = {
  member: `${COUNTED} AND ${isSpanned(ROOM, '$3::bigint')} AND ${isHeard('$3::bigint')} AND ${isUnhidden(ROOM, '$3::bigint')}
    HAVING ${isMember(ROOM, '$3::bigint')}`,
  grant: `${COUNTED} AND ${isHeard('$3::bigint')} HAVING ${holdsAt(ROOM, '$4')}`,
  server: COUNTED,
}

const SQL = {
  event: { member: byId(BY_ID.member), grant: byId(BY_ID.grant), server: byId(BY_ID.server) },
  /** 2 sequence, 3 now. */
  at: `SELECT ${eventAs(classWhere(isLasting('$3::bigint')))} FROM conclave.events e WHERE e.room = ${ROOM} AND e.sequence = $2`,
  /** 2 sequence. */
  control: `SELECT ${EVENT} FROM conclave.events e WHERE e.room = ${ROOM} AND e.sequence > $2 AND e.class = 'c' ORDER BY e.sequence`,
  /** 1 rooms. */
  controls: `SELECT e.room, ${EVENT} FROM unnest($1::bigint[]) j(room) JOIN conclave.events e
    ON e.room = j.room AND e.class = 'c' ORDER BY e.room, e.sequence`,
} as const

/** A message that is not to be shown any more is read as an erased one. */
function classWhere(shown: string): string {
  return `CASE WHEN e.class = 'm' AND NOT (${shown}) THEN 'x' ELSE e.class END`
}

export class Pages {
  readonly #pool: Pool
  /** Made when first asked for: 60 kinds, of which a server uses some. */
  readonly #pages = new Map<string, string>()

  constructor(pool: Pool) {
    this.#pool = pool
  }

  async control(room: RoomId, after: number): Promise<RoomEvent[]> {
    const rows = await this.#pool.query(SQL.control, [idParameter(room), after])
    return rows.map(row => eventOf(room, row))
  }

  /** Of one room after the other, oldest first. */
  async controls(rooms: readonly RoomId[]): Promise<RoomEvent[]> {
    const rows = await this.#pool.query(SQL.controls, [idParameters([...new Set(rooms)])])
    return rows.map(([room, ...event]) => eventOf(room as RoomId, event))
  }

  /** `now` in ms since 1970. */
  async page(query: PageQuery, now: number): Promise<RoomEvent[] | undefined> {
    const { room, right, select, order, since, until } = query
    const low = query.after === undefined ? 1 : whole(Math.floor(query.after)) + 1
    const high = query.before === undefined ? NO_END : whole(query.before) - 1
    const timed = since !== undefined || until !== undefined
    const rows = await this.#pool.query(this.#page(right.by, select, order, timed), [
      ...[idParameter(room), low, high, Math.min(query.limit, PAGE), now],
      ...reader(right),
      ...(timed ? [since, until].map(time => (time === undefined ? null : whole(time))) : []),
    ])
    if (rows.length === 0) return undefined
    return rows.filter(isThere).map(row => eventOf(room, row))
  }

  /** undefined when the right does not hold. */
  async countFiles(room: RoomId, right: Right, now: number): Promise<number | undefined> {
    const [row] = await this.#pool.query(COUNTS[right.by], [idParameter(room), now, ...reader(right)])
    return row && Number(row[0])
  }

  async event(room: RoomId, id: EventId, right: Right, now: number): Promise<RoomEvent | undefined> {
    const [row] = await this.#pool.query(SQL.event[right.by], [
      idParameter(room),
      idParameter(id),
      now,
      ...reader(right),
    ])
    return row && eventOf(room, row)
  }

  async eventAt(room: RoomId, sequence: number, now: number): Promise<RoomEvent | undefined> {
    const [row] = await this.#pool.query(SQL.at, [idParameter(room), sequence, now])
    return row && eventOf(room, row)
  }

  #page(right: RightKind, select: PageQuery['select'], order: Order, timed: boolean): string {
    const kind = `${right} ${select} ${order} ${timed}`
    let sql = this.#pages.get(kind)
    if (sql === undefined) {
      sql = pageSql(right, select, order, timed)
      this.#pages.set(kind, sql)
    }
    return sql
  }
}

/** What the statements bind last: who reads, and under which control sequence. */
export function reader(right: Right): readonly Value[] {
  if (right.by === 'server') return []
  const user = idParameter(right.user)
  return right.by === 'member' ? [user] : [user, right.control]
}

function isThere([sequence]: Columns): boolean {
  return sequence !== null
}
