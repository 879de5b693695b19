// Messages found by what was done to them: pinned, starred, named somebody, in a thread; and by their text. The right to
// read is part of every statement (L10). A search walks, so it goes in short steps with a turn of the event loop between.
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { RoomId, UserId } from '@conclave/wire'
import { PAGE, SEARCH_SCAN } from '../../limits.ts'
import type { RoomEvent } from '../../room/events.ts'
import type { MarkedPage, MarkedQuery, ReceiptRow, Right, SearchQuery } from '../store.ts'
import { all, EVENT, eventOf, one, prepareRows, turn } from './rows.ts'
import { isHeard, isLasting, isMember, isSpanned, isUnhidden } from './sight.ts'

/** Events that one step of a search looks at: some ms. */
const STEP = 2_000

type Reader = Exclude<Right['by'], 'server'>

/** Statements bind: 1 room, 2 user, 3 now, 4 the control sequence, where the right names one. */
const READS: Readonly<Record<Reader, string>> = {
  member: `${isMember('?1', '?2')} AND ${isSpanned('?1', '?2')} AND ${isHeard('?2')} AND ${isLasting('?3')}
    AND ${isUnhidden('?1', '?2')} AND ?4 IS NULL`,
  grant: `EXISTS (SELECT 1 FROM rooms r WHERE r.id = ?1 AND r.control = ?4) AND ${isHeard('?2')} AND ${isLasting('?3')}`,
}

const FOLLOWED = "EXISTS (SELECT 1 FROM json_each(e.done, '$.followers') f WHERE f.value = CAST(?2 AS TEXT))"
const CURSOR = 'ifnull((SELECT c.sequence FROM cursors c WHERE c.user = ?2 AND c.room = ?1), 0)'

/** 5: what is sought, where it is something. */
const MARKS: Readonly<
  Record<MarkedQuery['of'], { readonly from: string; readonly where: string; readonly by: string }>
> = {
  pinned: {
    from: 'events e INDEXED BY events_pinned',
    where: 'e.pinned_at IS NOT NULL AND ?5 IS NULL',
    by: 'e.pinned_at DESC',
  },
  replies: { from: 'events e INDEXED BY events_thread', where: 'e.thread = ?5', by: 'e.sequence' },
  threads: {
    from: 'events e INDEXED BY events_replied',
    where: 'e.replied_at IS NOT NULL AND ?5 IS NULL',
    by: 'e.replied_at DESC',
  },
  'threads followed': {
    from: 'events e INDEXED BY events_replied',
    where: `e.replied_at IS NOT NULL AND ?5 IS NULL AND ${FOLLOWED}`,
    by: 'e.replied_at DESC',
  },
  'threads unread': {
    from: 'events e INDEXED BY events_replied',
    where: `e.replied_at IS NOT NULL AND ?5 IS NULL AND ${FOLLOWED} AND json_extract(e.done, '$.thread.sequence') > ${CURSOR}`,
    by: 'e.replied_at DESC',
  },
  starred: {
    from: 'stars m CROSS JOIN events e ON e.room = m.room AND e.sequence = m.sequence',
    where: 'm.user = ?2 AND m.room = ?1 AND ?5 IS NULL',
    by: 'm.at DESC, m.sequence',
  },
  mentioning: {
    from: 'mentions m CROSS JOIN events e ON e.room = m.room AND e.sequence = m.sequence',
    where: 'm.user = ?5 AND m.room = ?1',
    by: 'e.sequence DESC',
  },
}

const SQL = {
  control: 'SELECT control FROM rooms WHERE id = ?',
  member: `SELECT ${isMember('?1', '?2')}`,
  sequence: 'SELECT sequence FROM rooms WHERE id = ?',
  starred: `SELECT s.sequence FROM json_each(?3) j CROSS JOIN stars s ON s.user = ?2 AND s.room = ?1 AND s.sequence = j.value`,
  star: "INSERT OR IGNORE INTO stars (user, room, sequence, at) SELECT ?, room, sequence, ? FROM events WHERE room = ? AND sequence = ? AND class = 'm'",
  unstar: 'DELETE FROM stars WHERE user = ? AND room = ? AND sequence = ?',
  countStars: 'SELECT count(*) FROM stars WHERE user = ? AND room = ?',
  countPinned: 'SELECT count(*) FROM events WHERE room = ? AND pinned_at IS NOT NULL',
} as const

export class MarkRows {
  readonly #database: DatabaseSync
  readonly #sql: Readonly<Record<keyof typeof SQL, StatementSync>>
  /** Prepared when first asked for. */
  readonly #found = new Map<string, StatementSync>()

  constructor(database: DatabaseSync) {
    this.#database = database
    const prepared = Object.entries(SQL).map(([name, sql]) => [name, prepareRows(database, sql)])
    this.#sql = Object.fromEntries(prepared) as Record<keyof typeof SQL, StatementSync>
  }

  star({ room, user, sequence, on, at }: Extract<ReceiptRow, { put: 'star' }>): void {
    if (on) this.#sql.star.run(user, at, room, sequence)
    else this.#sql.unstar.run(user, room, sequence)
  }

  starred(room: RoomId, user: UserId, sequences: readonly number[]): Set<number> {
    return new Set(
      all(this.#sql.starred, room, user, JSON.stringify(sequences)).map(([sequence]) => sequence as number),
    )
  }

  countStarred(room: RoomId, user: UserId): number {
    return one(this.#sql.countStars, user, room)?.[0] as number
  }

  countPinned(room: RoomId): number {
    return one(this.#sql.countPinned, room)?.[0] as number
  }

  marked(query: MarkedQuery, now: number): MarkedPage | undefined {
    const { room, right, of, offset, limit } = query
    if (!this.#holds(room, right)) return undefined
    const { from, where } = MARKS[of]
    const by = query.newest ? 'e.sequence DESC' : MARKS[of].by
    const condition = `e.room = ?1 AND e.class = 'm' AND ${where} AND ${READS[right.by]}`
    const control = right.by === 'grant' ? right.control : null
    const values = [room, right.user, now, control, query.sought ?? null] as const
    const page = this.#prepared(`SELECT ${EVENT} FROM ${from} WHERE ${condition} ORDER BY ${by} LIMIT ?6 OFFSET ?7`)
    const count = this.#prepared(`SELECT count(*) FROM ${from} WHERE ${condition}`)
    return {
      events: all(page, ...values, Math.min(limit, PAGE), offset).map(row => eventOf(room, row)),
      total: one(count, ...values)?.[0] as number,
    }
  }

  /** One step down from `before`; `next` is where the following one begins, null at the end. */
  search(query: SearchQuery, before: number, now: number): { events: RoomEvent[]; next: number | null } | undefined {
    const { room, right, sender } = query
    if (!this.#holds(room, right)) return undefined
    const statement = this.#prepared(
      `SELECT ${EVENT} FROM events e WHERE e.room = ?1 AND e.class = 'm' AND e.sequence < ?5 AND e.sequence >= ?6
       AND (?7 IS NULL OR e.actor = ?7) AND json_extract(e.body, '$.content.suite') = 'none' AND ${READS[right.by]}
       ORDER BY e.sequence DESC`,
    )
    const low = before - STEP
    const control = right.by === 'grant' ? right.control : null
    const rows = all(statement, room, right.user, now, control, before, low, sender ?? null)
    return { events: rows.map(row => eventOf(room, row)), next: low <= 1 ? null : low }
  }

  /** One past the newest sequence of a room. */
  end(room: RoomId): number {
    return ((one(this.#sql.sequence, room)?.[0] as number | undefined) ?? 0) + 1
  }

  #holds(room: RoomId, right: Exclude<Right, { by: 'server' }>): boolean {
    if (right.by === 'grant') return one(this.#sql.control, room)?.[0] === right.control
    return one(this.#sql.member, room, right.user)?.[0] === 1
  }

  #prepared(sql: string): StatementSync {
    let statement = this.#found.get(sql)
    if (statement === undefined) {
      statement = prepareRows(this.#database, sql)
      this.#found.set(sql, statement)
    }
    return statement
  }
}

/** `marks` gives those of the connection that is open now: it may be another one after each step. */
export async function search(
  marks: () => MarkRows,
  query: SearchQuery,
  now: () => number,
): Promise<RoomEvent[] | undefined> {
  const limit = Math.min(query.limit, PAGE)
  const found: RoomEvent[] = []
  const end = marks().end(query.room)
  for (let before: number | null = end; before !== null && end - before < SEARCH_SCAN; ) {
    const step: ReturnType<MarkRows['search']> = marks().search(query, before, now())
    if (step === undefined) return undefined
    for (const event of step.events) if (found.length < limit && query.matches(event)) found.push(event)
    if (found.length >= limit) break
    before = step.next
    await turn()
  }
  return found
}
