// Reading rooms: heads, pages, spans. The right to read is part of every statement that reads for somebody (L10).

import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { EventId, RoomId, UserId } from '@conclave/wire'
import { PAGE } from '../../limits.ts'
import type { EventBody, RoomEvent, RoomKind, Suite } from '../../room/events.ts'
import { type EventClass, foldName, type HeadDraft } from '../projection.ts'
import type { Claim, Head, PageQuery, Right } from '../store.ts'

interface HeadRow {
  id: string
  channel: string
  suite: Suite
  kind: RoomKind
  sequence: number
  control: number
  last_id: string
  last_at: number
  last_message_at: number | null
  messages: number
  removed: number
  name: string | null
}

interface EventRow {
  sequence: number
  id: string
  at: number
  actor: string | null
  class: EventClass
  body: string
}

interface SpanRow {
  opened: number
  from_sequence: number
  to_sequence: number | null
}

/** Sequences from `low` to `high`, both of them. */
interface Stretch {
  readonly low: number
  readonly high: number
  /** The span that shows it; 0 where the right is not by membership. */
  readonly opened: number
}

const HEAD = `CAST(id AS TEXT) AS id, CAST(channel AS TEXT) AS channel, suite, kind, sequence, control,
  CAST(last_id AS TEXT) AS last_id, last_at, last_message_at, messages, removed, name`
const EVENT = 'e.sequence, CAST(e.id AS TEXT) AS id, e.at, CAST(e.actor AS TEXT) AS actor, e.class, e.body'
const NO_END = Number.MAX_SAFE_INTEGER

/** The FROM of a statement that reads under a right, and the conditions that bind it. */
const RIGHTS = {
  member: {
    from: 'spans s CROSS JOIN events e',
    where: `s.room = :room AND s.user = :user AND s.opened = :opened AND e.room = s.room
      AND e.sequence >= s.from_sequence AND e.sequence <= ifnull(s.to_sequence, ${NO_END})
      AND EXISTS (SELECT 1 FROM spans o WHERE o.room = s.room AND o.user = s.user AND o.to_sequence IS NULL)`,
  },
  grant: {
    from: 'rooms r CROSS JOIN events e',
    where: 'r.id = :room AND r.control = :control AND e.room = r.id',
  },
  server: { from: 'events e', where: 'e.room = :room' },
} as const
const CLASSES = { all: '', messages: "AND e.class = 'm'", control: "AND e.class = 'c'" } as const
const ORDERS = { newest: 'DESC', oldest: 'ASC' } as const

export class RoomReads {
  readonly #database: DatabaseSync
  readonly #pages = new Map<string, StatementSync>()
  readonly #head: StatementSync
  readonly #control: StatementSync
  readonly #eventById: Readonly<Record<Right['by'], StatementSync>>
  readonly #eventAt: StatementSync
  readonly #timeAt: StatementSync
  readonly #messageKey: StatementSync
  readonly #spans: StatementSync
  readonly #roomsIn: StatementSync
  readonly #roomsOf: StatementSync
  readonly #rolesOf: StatementSync
  readonly #roomsNamed: StatementSync
  readonly #claimed: StatementSync
  readonly #allRooms: StatementSync
  readonly #greatestId: StatementSync

  constructor(database: DatabaseSync) {
    const prepare = (sql: string) => database.prepare(sql)
    const id = 'CAST(id AS TEXT) AS id'
    const room = 'CAST(room AS TEXT) AS id'
    const byId = (right: Right['by']) =>
      prepare(`SELECT ${EVENT} FROM ${right === 'grant' ? 'rooms r CROSS JOIN events e' : 'events e'}
        WHERE e.id = :id AND e.room = :room ${
          right === 'member'
            ? `AND EXISTS (SELECT 1 FROM spans s WHERE s.room = e.room AND s.user = :user
                AND s.from_sequence <= e.sequence AND e.sequence <= ifnull(s.to_sequence, ${NO_END}))
              AND EXISTS (SELECT 1 FROM spans o WHERE o.room = e.room AND o.user = :user AND o.to_sequence IS NULL)`
            : right === 'grant'
              ? 'AND r.id = e.room AND r.control = :control'
              : ''
        }`)
    this.#database = database
    this.#head = prepare(`SELECT ${HEAD} FROM rooms WHERE id = ?`)
    this.#control = prepare(
      `SELECT ${EVENT} FROM events e WHERE e.room = ? AND e.sequence > ? AND e.class = 'c' ORDER BY e.sequence`,
    )
    this.#eventById = { member: byId('member'), grant: byId('grant'), server: byId('server') }
    this.#eventAt = prepare(`SELECT ${EVENT} FROM events e WHERE e.room = ? AND e.sequence = ?`)
    this.#timeAt = prepare('SELECT at FROM events WHERE room = ? AND sequence = ?')
    this.#messageKey = prepare(
      `SELECT ${room}, sequence, CAST(by AS TEXT) AS by, digest FROM message_keys WHERE key = ?`,
    )
    this.#spans = prepare('SELECT opened, from_sequence, to_sequence FROM spans WHERE user = ? AND room = ?')
    this.#roomsIn = prepare(`SELECT ${id} FROM rooms WHERE channel = ? AND removed = 0 ORDER BY rooms.id`)
    this.#roomsOf = prepare(`SELECT ${room} FROM spans WHERE user = ? AND to_sequence IS NULL ORDER BY spans.room`)
    this.#rolesOf = prepare(`SELECT DISTINCT ${room} FROM roles WHERE user = ? ORDER BY roles.room`)
    this.#roomsNamed = prepare(`SELECT ${id} FROM rooms WHERE name = ? ORDER BY rooms.id`)
    this.#claimed = prepare(`SELECT ${room} FROM claims WHERE space = ? AND key = ?`)
    this.#allRooms = prepare(`SELECT ${id} FROM rooms WHERE rooms.id > ? ORDER BY rooms.id LIMIT ?`)
    this.#greatestId = prepare(`SELECT CAST(max(id) AS TEXT) AS id FROM (SELECT max(id) AS id FROM events
      UNION ALL SELECT max(id) FROM rooms WHERE id < :below UNION ALL SELECT max(id) FROM channels WHERE id < :below)`)
  }

  draft(room: RoomId): HeadDraft | undefined {
    const row = this.#head.get(room) as unknown as HeadRow | undefined
    if (row === undefined) return undefined
    return {
      room,
      channel: row.channel as Head['channel'],
      suite: row.suite,
      kind: row.kind,
      sequence: row.sequence,
      control: row.control,
      lastId: row.last_id as EventId,
      lastAt: row.last_at,
      lastMessageAt: row.last_message_at,
      messages: row.messages,
      removed: row.removed === 1,
      name: row.name,
    }
  }

  head(room: RoomId): Head | undefined {
    const draft = this.draft(room)
    if (draft === undefined) return undefined
    const { lastAt: _lastAt, name: _name, ...head } = draft
    return head
  }

  control(room: RoomId, after: number): RoomEvent[] {
    return eventsOf(room, this.#control.all(room, after))
  }

  page(query: PageQuery): RoomEvent[] | undefined {
    const { room, right, order } = query
    let low = (query.after ?? 0) + 1
    let high = (query.before ?? NO_END) - 1
    if (query.since !== undefined) low = Math.max(low, this.#firstSince(room, query.since))
    if (query.until !== undefined) high = Math.min(high, this.#firstSince(room, query.until) - 1)
    const stretches =
      right.by === 'member' ? this.#visible(room, right.user, order, low, high) : [{ low, high, opened: 0 }]
    if (stretches === undefined) return undefined
    const events: RoomEvent[] = []
    const limit = Math.min(query.limit, PAGE)
    for (const stretch of stretches) {
      if (events.length >= limit) break
      const statement = this.#pageStatement(right.by, query.select, order)
      const bounds = { room, low: stretch.low, high: stretch.high, limit: limit - events.length }
      const rows =
        right.by === 'member'
          ? statement.all({ ...bounds, user: right.user, opened: stretch.opened })
          : right.by === 'grant'
            ? statement.all({ ...bounds, control: right.control })
            : statement.all(bounds)
      for (const event of eventsOf(room, rows)) events.push(event)
    }
    // No rows may mean no events or no right: a moved control sequence gives nothing in the statement above.
    if (events.length === 0 && right.by === 'grant' && this.draft(room)?.control !== right.control) return undefined
    return events
  }

  event(room: RoomId, id: EventId, right: Right): RoomEvent | undefined {
    const statement = this.#eventById[right.by]
    const row =
      right.by === 'member'
        ? statement.get({ room, id, user: right.user })
        : right.by === 'grant'
          ? statement.get({ room, id, control: right.control })
          : statement.get({ room, id })
    return row && eventsOf(room, [row])[0]
  }

  eventAt(room: RoomId, sequence: number): RoomEvent | undefined {
    const row = this.#eventAt.get(room, sequence)
    return row && eventsOf(room, [row])[0]
  }

  messageKey(key: string): { room: RoomId; sequence: number; by: UserId; digest: string } | undefined {
    const row = this.#messageKey.get(key)
    if (row === undefined) return undefined
    return {
      room: row.id as RoomId,
      sequence: row.sequence as number,
      by: row.by as UserId,
      digest: row.digest as string,
    }
  }

  roomsIn(channel: string): RoomId[] {
    return idsOf(this.#roomsIn.all(channel))
  }

  roomsOf(user: UserId): RoomId[] {
    return idsOf(this.#roomsOf.all(user))
  }

  rolesOf(user: UserId): RoomId[] {
    return idsOf(this.#rolesOf.all(user))
  }

  roomsNamed(name: string): RoomId[] {
    return idsOf(this.#roomsNamed.all(foldName(name)))
  }

  claimed(claim: Claim): RoomId | undefined {
    return this.#claimed.get(claim.space, claim.key)?.id as RoomId | undefined
  }

  allRooms(after: RoomId | null, limit: number): RoomId[] {
    return idsOf(this.#allRooms.all(after ?? '-1', limit))
  }

  /**
   * The greatest id of an event, of a room or of a channel; 0 for none. Those of rooms and channels may have come from
   * outside, so from `below` on they do not count. (The greatest event id is the greatest last id of the heads.)
   */
  greatestId(below: bigint): bigint {
    return BigInt((this.#greatestId.get({ below })?.id as string | null | undefined) ?? 0)
  }

  /** The first sequence whose time is not before `at`. A log's times never go back, so halving finds it. */
  #firstSince(room: RoomId, at: number): number {
    let low = 1
    let high = ((this.#head.get(room)?.sequence as number | undefined) ?? 0) + 1
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      if ((this.#timeAt.get(room, middle)?.at as number) >= at) high = middle
      else low = middle + 1
    }
    return low
  }

  /**
   * What a user may see between two sequences, as stretches that do not overlap, in the order of reading; undefined
   * for who is no member. A page then never walks through what it must not show.
   */
  #visible(room: RoomId, user: UserId, order: PageQuery['order'], low: number, high: number): Stretch[] | undefined {
    const spans = (this.#spans.all(user, room) as unknown as SpanRow[]).map(row => ({
      opened: row.opened,
      from: row.from_sequence,
      to: row.to_sequence ?? NO_END,
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

  #pageStatement(right: Right['by'], select: PageQuery['select'], order: PageQuery['order']): StatementSync {
    const key = `${right} ${select} ${order}`
    let statement = this.#pages.get(key)
    if (statement === undefined) {
      const { from, where } = RIGHTS[right]
      statement = this.#database.prepare(`SELECT ${EVENT} FROM ${from} WHERE ${where} ${CLASSES[select]}
        AND e.sequence >= :low AND e.sequence <= :high ORDER BY e.sequence ${ORDERS[order]} LIMIT :limit`)
      this.#pages.set(key, statement)
    }
    return statement
  }
}

function eventsOf(room: RoomId, rows: readonly unknown[]): RoomEvent[] {
  return (rows as readonly EventRow[]).map(row => {
    const event = {
      room,
      sequence: row.sequence,
      id: row.id as EventId,
      at: row.at,
      actor: row.actor as UserId | null,
      body: JSON.parse(row.body) as EventBody,
    }
    return row.class === 'x' ? { ...event, erased: true } : event
  })
}

function idsOf(rows: readonly unknown[]): RoomId[] {
  return (rows as readonly { id: RoomId }[]).map(row => row.id)
}
