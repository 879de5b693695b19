// Reading logs. The right to read is part of every statement that reads for somebody (L10); a page begins where it
// must and walks over nothing that it does not show, so it costs the same in a log of any length.
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { EventId, RoomId, UserId } from '@conclave/wire'
import { PAGE } from '../../limits.ts'
import type { RoomEvent } from '../../room/events.ts'
import type { PageQuery, Right } from '../store.ts'
import type { HiddenRows, Stretch } from './hidden.ts'
import { all, type Columns, EVENT, eventAs, eventOf, one, prepareRows } from './rows.ts'
import { isHeard, isLasting, isMember, isSpanned, isUnhidden, NO_END } from './sight.ts'

type RightKind = Right['by']

/** Pages bind: 1 room, 2 low, 3 high, 4 limit, 5 now; 6 user and 7 the span or the control sequence. The plus keeps SQLite
 * from looking for a span's bounds in the index instead of the page's own, between which it would walk. */
const PAGES: Readonly<Record<RightKind, { readonly from: string; readonly where: string; readonly shown: string }>> = {
  member: {
    from: 'spans s CROSS JOIN events e',
    where: `s.room = ?1 AND s.user = ?6 AND s.opened = ?7 AND ${isMember('?1', '?6')} AND e.room = s.room
      AND +e.sequence >= s.from_sequence AND +e.sequence <= ifnull(s.to_sequence, ${NO_END}) AND ${isHeard('?6')}`,
    shown: `${isLasting('?5')} AND ${isUnhidden('?1', '?6')}`,
  },
  grant: {
    from: 'rooms r CROSS JOIN events e',
    where: `r.id = ?1 AND r.control = ?7 AND e.room = r.id AND ${isHeard('?6')}`,
    shown: isLasting('?5'),
  },
  server: { from: 'events e', where: 'e.room = ?1', shown: isLasting('?5') },
}
type Selected = Exclude<PageQuery['select'], 'kept'> | 'deletions' | 'pins'
/** Named, since SQLite as a rule takes the table itself, which leads over everything else as well. */
const SELECTED: Readonly<Record<Selected, { readonly index: string; readonly where: string }>> = {
  all: { index: '', where: '' },
  messages: { index: 'INDEXED BY events_message', where: "AND e.class = 'm'" },
  files: { index: 'INDEXED BY events_file', where: 'AND e.file = 1' },
  control: { index: 'INDEXED BY events_control', where: "AND e.class = 'c'" },
  deletions: { index: 'INDEXED BY events_deletion', where: "AND e.class = 'd'" },
  pins: { index: 'INDEXED BY events_pin', where: "AND e.class = 'p'" },
}
/** Messages alone, as far as they are shown. */
const isShown = (select: Selected): boolean => select === 'messages' || select === 'files'
/** What is kept lies in these indexes: none of them leads over erased messages. */
const KEPT = ['messages', 'control', 'deletions', 'pins'] as const
const ORDERED = { newest: 'DESC', oldest: 'ASC' } as const

/** Single events bind: 1 room, 2 id, 3 now; 4 user, and 5 the control sequence. */
const BY_ID: Readonly<Record<RightKind, { readonly from: string; readonly shown: string }>> = {
  member: {
    from: `FROM events e WHERE e.id = ?2 AND e.room = ?1 AND ${isMember('?1', '?4')} AND ${isSpanned('?1', '?4')}
      AND ${isHeard('?4')}`,
    shown: `${isLasting('?3')} AND ${isUnhidden('?1', '?4')}`,
  },
  grant: {
    from: `FROM rooms r CROSS JOIN events e WHERE r.id = ?1 AND r.control = ?5 AND e.id = ?2 AND e.room = ?1
      AND ${isHeard('?4')}`,
    shown: isLasting('?3'),
  },
  server: { from: 'FROM events e WHERE e.id = ?2 AND e.room = ?1', shown: isLasting('?3') },
}

/** Counts bind: 1 room, 2 now; 3 user, and 4 the control sequence. No row: the right does not hold. */
const COUNTED = `SELECT count(*) FROM events e ${SELECTED.files.index} WHERE e.room = ?1 AND e.file = 1
  AND ${isLasting('?2')}`
const COUNTS: Readonly<Record<RightKind, string>> = {
  member: `${COUNTED} AND ${isSpanned('?1', '?3')} AND ${isHeard('?3')} AND ${isUnhidden('?1', '?3')}
    HAVING ${isMember('?1', '?3')}`,
  grant: `${COUNTED} AND ${isHeard('?3')} HAVING (SELECT r.control FROM rooms r WHERE r.id = ?1) = ?4`,
  server: COUNTED,
}

/** A message that is not to be shown any more is read as an erased one. */
const classWhere = (shown: string): string => `CASE WHEN e.class = 'm' AND NOT (${shown}) THEN 'x' ELSE e.class END`

export class Pages {
  readonly #database: DatabaseSync
  readonly #hidden: HiddenRows
  /** Prepared when first asked for: 24 kinds, of which a server uses some. */
  readonly #pages = new Map<string, StatementSync>()
  readonly #byId: Readonly<Record<RightKind, StatementSync>>
  readonly #counts: Readonly<Record<RightKind, StatementSync>>
  readonly #at: StatementSync
  readonly #control: StatementSync
  readonly #controls: StatementSync
  readonly #timeAt: StatementSync
  readonly #head: StatementSync
  readonly #spans: StatementSync

  constructor(database: DatabaseSync, hidden: HiddenRows) {
    const prepare = (sql: string) => prepareRows(database, sql)
    const byId = (right: RightKind) => prepare(`SELECT ${eventAs(classWhere(BY_ID[right].shown))} ${BY_ID[right].from}`)
    this.#database = database
    this.#hidden = hidden
    this.#counts = { member: prepare(COUNTS.member), grant: prepare(COUNTS.grant), server: prepare(COUNTS.server) }
    this.#byId = { member: byId('member'), grant: byId('grant'), server: byId('server') }
    const at = eventAs(classWhere(isLasting('?3')))
    this.#at = prepare(`SELECT ${at} FROM events e WHERE e.room = ?1 AND e.sequence = ?2`)
    this.#control = prepare(
      `SELECT ${EVENT} FROM events e ${SELECTED.control.index}
       WHERE e.room = ? AND e.sequence > ? ${SELECTED.control.where} ORDER BY e.sequence`,
    )
    this.#controls = prepare(
      `SELECT CAST(e.room AS TEXT), ${EVENT} FROM json_each(?) j CROSS JOIN events e ${SELECTED.control.index}
       ON e.room = j.value ${SELECTED.control.where} ORDER BY e.room, e.sequence`,
    )
    this.#timeAt = prepare('SELECT at FROM events WHERE room = ? AND sequence = ?')
    this.#head = prepare('SELECT sequence, control FROM rooms WHERE id = ?')
    this.#spans = prepare('SELECT opened, from_sequence, to_sequence FROM spans WHERE user = ? AND room = ?')
  }

  control(room: RoomId, after: number): RoomEvent[] {
    return all(this.#control, room, after).map(row => eventOf(room, row))
  }

  controls(rooms: readonly RoomId[]): RoomEvent[] {
    const rows = all(this.#controls, JSON.stringify(rooms))
    return rows.map(([room, ...event]) => eventOf(room as RoomId, event))
  }

  /** `now` in ms since 1970. */
  page(query: PageQuery, now: number): RoomEvent[] | undefined {
    const { room, right, select, order } = query
    let low = (query.after ?? 0) + 1
    let high = (query.before ?? NO_END) - 1
    if (query.since !== undefined) low = Math.max(low, this.#firstSince(room, query.since))
    if (query.until !== undefined) high = Math.min(high, this.#firstSince(room, query.until) - 1)
    const stretches =
      right.by === 'member' ? this.#visible(room, right.user, order, low, high) : [{ low, high, opened: 0 }]
    if (stretches === undefined) return undefined
    const limit = Math.min(query.limit, PAGE)
    const read = (selected: Selected) => this.#rows(query, selected, stretches, limit, now)
    const rows = select === 'kept' ? merged(KEPT.map(read), order).slice(0, limit) : read(select)
    // No rows may mean no events or no right: a moved control sequence gives nothing in the statements above.
    if (rows.length === 0 && right.by === 'grant' && one(this.#head, room)?.[1] !== right.control) return undefined
    return rows.map(row => eventOf(room, row))
  }

  /** Rows of one kind from stretches in the order of reading. */
  #rows(
    { room, right, order }: PageQuery,
    select: Selected,
    stretches: readonly Stretch[],
    limit: number,
    now: number,
  ): Columns[] {
    const statement = this.#page(right.by, select, order)
    const rows: Columns[] = []
    const cut =
      right.by === 'member' && isShown(select) ? this.#hidden.without(room, right.user, order, stretches) : stretches
    for (const stretch of cut) {
      const bounds = [room, stretch.low, stretch.high, limit - rows.length, now] as const
      const found =
        right.by === 'member'
          ? all(statement, ...bounds, right.user, stretch.opened)
          : right.by === 'grant'
            ? all(statement, ...bounds, right.user, right.control)
            : all(statement, ...bounds)
      rows.push(...found)
      if (rows.length >= limit) break
    }
    return rows
  }

  countFiles(room: RoomId, right: Right, now: number): number | undefined {
    const statement = this.#counts[right.by]
    const row =
      right.by === 'server'
        ? one(statement, room, now)
        : right.by === 'member'
          ? one(statement, room, now, right.user)
          : one(statement, room, now, right.user, right.control)
    return row?.[0] as number | undefined
  }

  event(room: RoomId, id: EventId, right: Right, now: number): RoomEvent | undefined {
    const statement = this.#byId[right.by]
    const row =
      right.by === 'server'
        ? one(statement, room, id, now)
        : right.by === 'member'
          ? one(statement, room, id, now, right.user)
          : one(statement, room, id, now, right.user, right.control)
    return row && eventOf(room, row)
  }

  eventAt(room: RoomId, sequence: number, now: number): RoomEvent | undefined {
    const row = one(this.#at, room, sequence, now)
    return row && eventOf(room, row)
  }

  /** The first sequence whose time is not before `at`. A log's times never go back, so halving finds it. */
  #firstSince(room: RoomId, at: number): number {
    let low = 1
    let high = ((one(this.#head, room)?.[0] as number | undefined) ?? 0) + 1
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      if ((one(this.#timeAt, room, middle)?.[0] as number) >= at) high = middle
      else low = middle + 1
    }
    return low
  }

  /**
   * What a user may see between two sequences, as stretches that do not overlap, in the order of reading; undefined
   * for who is no member. It says where to look; the statement that reads checks the spans again.
   */
  #visible(room: RoomId, user: UserId, order: PageQuery['order'], low: number, high: number): Stretch[] | undefined {
    const spans = all(this.#spans, user, room).map(([opened, from, to]) => ({
      opened: opened as number,
      from: from as number,
      to: (to as number | null) ?? NO_END,
    }))
    if (!spans.some(span => span.to === NO_END)) return undefined
    const stretches: Stretch[] = []
    if (order === 'newest') {
      let top = high
      for (const { opened, from, to } of spans.sort((a, b) => b.to - a.to)) {
        const stretch = { low: Math.max(low, from), high: Math.min(top, to), opened }
        if (stretch.low <= stretch.high) stretches.push(stretch)
        top = Math.min(top, from - 1)
      }
    } else {
      let bottom = low
      for (const { opened, from, to } of spans.sort((a, b) => a.from - b.from)) {
        const stretch = { low: Math.max(bottom, from), high: Math.min(high, to), opened }
        if (stretch.low <= stretch.high) stretches.push(stretch)
        bottom = Math.max(bottom, to + 1)
      }
    }
    return stretches
  }

  #page(right: RightKind, select: Selected, order: PageQuery['order']): StatementSync {
    const kind = `${right} ${select} ${order}`
    let statement = this.#pages.get(kind)
    if (statement === undefined) {
      const { from, where, shown } = PAGES[right]
      const event = isShown(select) ? EVENT : eventAs(classWhere(shown))
      const kept = isShown(select) ? `AND ${shown}` : ''
      statement = prepareRows(
        this.#database,
        `SELECT ${event} FROM ${from} ${SELECTED[select].index}
         WHERE ${where} ${SELECTED[select].where} ${kept} AND e.sequence >= ?2 AND e.sequence <= ?3
         ORDER BY e.sequence ${ORDERED[order]} LIMIT ?4`,
      )
      this.#pages.set(kind, statement)
    }
    return statement
  }
}

/** Rows of several kinds, each in the order of reading, in that order. A row begins with its sequence. */
function merged(kinds: readonly (readonly Columns[])[], order: PageQuery['order']): Columns[] {
  const sign = order === 'newest' ? -1 : 1
  return kinds.flat().sort((a, b) => sign * ((a[0] as number) - (b[0] as number)))
}
