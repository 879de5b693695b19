// Reading logs. The right to read is part of every statement that reads for somebody (L10); a page begins where it
// must and walks over nothing that it does not show, so it costs the same in a log of any length.
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { EventId, RoomId, UserId } from '@conclave/wire'
import { PAGE } from '../../limits.ts'
import type { RoomEvent } from '../../room/events.ts'
import type { PageQuery, Right } from '../store.ts'
import { all, EVENT, eventOf, one, prepareRows } from './rows.ts'
import { isHeard, isMember, isSpanned, NO_END } from './sight.ts'

type RightKind = Right['by']

/** Sequences from `low` to `high`, both of them, that one span shows; span 0 where the right is not by membership. */
interface Stretch {
  readonly low: number
  readonly high: number
  readonly opened: number
}

/** Pages bind: 1 room, 2 low, 3 high, 4 limit; 5 user and 6 the span or the control sequence. */
const PAGES: Readonly<Record<RightKind, { readonly from: string; readonly where: string }>> = {
  member: {
    from: 'spans s CROSS JOIN events e',
    where: `s.room = ?1 AND s.user = ?5 AND s.opened = ?6 AND ${isMember('?1', '?5')} AND e.room = s.room
      AND e.sequence >= s.from_sequence AND e.sequence <= ifnull(s.to_sequence, ${NO_END}) AND ${isHeard('?5')}`,
  },
  grant: {
    from: 'rooms r CROSS JOIN events e',
    where: `r.id = ?1 AND r.control = ?6 AND e.room = r.id AND ${isHeard('?5')}`,
  },
  server: { from: 'events e', where: 'e.room = ?1' },
}
const SELECTED = { all: '', messages: "AND e.class = 'm'", control: "AND e.class = 'c'" } as const
const ORDERED = { newest: 'DESC', oldest: 'ASC' } as const

/** Single events bind: 1 room, 2 id; 3 user, and 4 the control sequence. */
const BY_ID: Readonly<Record<RightKind, string>> = {
  member: `FROM events e WHERE e.id = ?2 AND e.room = ?1 AND ${isMember('?1', '?3')} AND ${isSpanned('?1', '?3')}
    AND ${isHeard('?3')}`,
  grant: `FROM rooms r CROSS JOIN events e WHERE r.id = ?1 AND r.control = ?4 AND e.id = ?2 AND e.room = ?1
    AND ${isHeard('?3')}`,
  server: 'FROM events e WHERE e.id = ?2 AND e.room = ?1',
}

export class Pages {
  readonly #database: DatabaseSync
  /** Prepared when first asked for: 18 kinds, of which a server uses some. */
  readonly #pages = new Map<string, StatementSync>()
  readonly #byId: Readonly<Record<RightKind, StatementSync>>
  readonly #at: StatementSync
  readonly #control: StatementSync
  readonly #timeAt: StatementSync
  readonly #head: StatementSync
  readonly #spans: StatementSync

  constructor(database: DatabaseSync) {
    const prepare = (sql: string) => prepareRows(database, sql)
    this.#database = database
    this.#byId = {
      member: prepare(`SELECT ${EVENT} ${BY_ID.member}`),
      grant: prepare(`SELECT ${EVENT} ${BY_ID.grant}`),
      server: prepare(`SELECT ${EVENT} ${BY_ID.server}`),
    }
    this.#at = prepare(`SELECT ${EVENT} FROM events e WHERE e.room = ? AND e.sequence = ?`)
    this.#control = prepare(
      `SELECT ${EVENT} FROM events e WHERE e.room = ? AND e.sequence > ? AND e.class = 'c' ORDER BY e.sequence`,
    )
    this.#timeAt = prepare('SELECT at FROM events WHERE room = ? AND sequence = ?')
    this.#head = prepare('SELECT sequence, control FROM rooms WHERE id = ?')
    this.#spans = prepare('SELECT opened, from_sequence, to_sequence FROM spans WHERE user = ? AND room = ?')
  }

  control(room: RoomId, after: number): RoomEvent[] {
    return all(this.#control, room, after).map(row => eventOf(room, row))
  }

  page(query: PageQuery): RoomEvent[] | undefined {
    const { room, right, select, order } = query
    let low = (query.after ?? 0) + 1
    let high = (query.before ?? NO_END) - 1
    if (query.since !== undefined) low = Math.max(low, this.#firstSince(room, query.since))
    if (query.until !== undefined) high = Math.min(high, this.#firstSince(room, query.until) - 1)
    const stretches =
      right.by === 'member' ? this.#visible(room, right.user, order, low, high) : [{ low, high, opened: 0 }]
    if (stretches === undefined) return undefined
    const statement = this.#page(right.by, select, order)
    const limit = Math.min(query.limit, PAGE)
    const events: RoomEvent[] = []
    for (const stretch of stretches) {
      if (events.length >= limit) break
      const bounds = [room, stretch.low, stretch.high, limit - events.length] as const
      const rows =
        right.by === 'member'
          ? all(statement, ...bounds, right.user, stretch.opened)
          : right.by === 'grant'
            ? all(statement, ...bounds, right.user, right.control)
            : all(statement, ...bounds)
      for (const row of rows) events.push(eventOf(room, row))
    }
    // No rows may mean no events or no right: a moved control sequence gives nothing in the statement above.
    if (events.length === 0 && right.by === 'grant' && one(this.#head, room)?.[1] !== right.control) return undefined
    return events
  }

  event(room: RoomId, id: EventId, right: Right): RoomEvent | undefined {
    const statement = this.#byId[right.by]
    const row =
      right.by === 'server'
        ? one(statement, room, id)
        : right.by === 'member'
          ? one(statement, room, id, right.user)
          : one(statement, room, id, right.user, right.control)
    return row && eventOf(room, row)
  }

  eventAt(room: RoomId, sequence: number): RoomEvent | undefined {
    const row = one(this.#at, room, sequence)
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

  #page(right: RightKind, select: PageQuery['select'], order: PageQuery['order']): StatementSync {
    const kind = `${right} ${select} ${order}`
    let statement = this.#pages.get(kind)
    if (statement === undefined) {
      const { from, where } = PAGES[right]
      statement = prepareRows(
        this.#database,
        `SELECT ${EVENT} FROM ${from} WHERE ${where} ${SELECTED[select]} AND e.sequence >= ?2 AND e.sequence <= ?3
         ORDER BY e.sequence ${ORDERED[order]} LIMIT ?4`,
      )
      this.#pages.set(kind, statement)
    }
    return statement
  }
}
