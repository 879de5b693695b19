// What users have hidden from themselves: messages of a room in stretches. Two stretches with no message between them that
// anybody could still see are one, also when what lay between them is erased later: so a page leaps over them, however many
// messages they hide, and never from one to the next without a message in between.
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { RoomId, UserId } from '@conclave/wire'
import type { PageQuery, ReceiptRow } from '../store.ts'
import { all, one, prepareRows } from './rows.ts'
import { NO_END } from './sight.ts'

/** Sequences from `low` to `high`, both of them, that one span shows; span 0 where the right is not by membership. */
export interface Stretch {
  readonly low: number
  readonly high: number
  readonly opened: number
}

interface Hidden {
  readonly low: number
  readonly high: number
}

/** All bind 1 user and 2 room, or 1 the room where no user is meant; then a sequence. */
const SQL = {
  /** The last one that begins at or below. */
  below: 'SELECT low, high FROM hidden WHERE user = ?1 AND room = ?2 AND low <= ?3 ORDER BY low DESC LIMIT 1',
  above: 'SELECT low, high FROM hidden WHERE user = ?1 AND room = ?2 AND low > ?3 ORDER BY low LIMIT 1',
  count: 'SELECT count(*) FROM hidden WHERE user = ?1 AND room = ?2',
  isMessage: `SELECT 1 FROM events WHERE room = ?1 AND sequence = ?2 AND class IN ('m', 'x')`,
  lastKept: `SELECT max(sequence) FROM events INDEXED BY events_message WHERE room = ?1 AND class = 'm' AND sequence < ?2`,
  firstKept: `SELECT min(sequence) FROM events INDEXED BY events_message WHERE room = ?1 AND class = 'm' AND sequence > ?2`,
  anyIn: 'SELECT 1 FROM hidden INDEXED BY hidden_room WHERE room = ?1 LIMIT 1',
  /** Of each user the two that lie around it: 2 a sequence, 3 the last and 4 the first message beside it that is kept. */
  around: `SELECT CAST(b.user AS TEXT), b.low, a.low, a.high FROM hidden b INDEXED BY hidden_room CROSS JOIN hidden a
    ON a.user = b.user AND a.room = b.room AND a.low > ?2 AND a.low <= ?4
    WHERE b.room = ?1 AND b.high >= ?3 AND b.high < ?2`,
  drop: 'DELETE FROM hidden WHERE user = ?1 AND room = ?2 AND low = ?3',
  put: `INSERT INTO hidden (user, room, low, high) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (user, room, low) DO UPDATE SET high = excluded.high`,
} as const

export class HiddenRows {
  readonly #sql: Readonly<Record<keyof typeof SQL, StatementSync>>

  constructor(database: DatabaseSync) {
    const prepared = Object.entries(SQL).map(([name, sql]) => [name, prepareRows(database, sql)])
    this.#sql = Object.fromEntries(prepared) as Record<keyof typeof SQL, StatementSync>
  }

  count(room: RoomId, user: UserId): number {
    return one(this.#sql.count, user, room)?.[0] as number
  }

  /** Reads the log, so what a batch has appended is written before. */
  write({ room, user, sequences }: Extract<ReceiptRow, { put: 'hidden' }>): void {
    for (const sequence of sequences) if (one(this.#sql.isMessage, room, sequence)) this.#hide(room, user, sequence)
  }

  #hide(room: RoomId, user: UserId, sequence: number): void {
    const before = this.#below(room, user, sequence)
    if (before && before.high >= sequence) return
    const after = this.#above(room, user, sequence)
    const { lastKept, firstKept } = this.#keptBeside(room, sequence)
    const joinsBefore = before !== undefined && lastKept <= before.high
    const joinsAfter = after !== undefined && firstKept >= after.low
    if (joinsAfter) this.#sql.drop.run(user, room, after.low)
    this.#sql.put.run(user, room, joinsBefore ? before.low : sequence, joinsAfter ? after.high : sequence)
  }

  /** A message was erased: what it has kept apart is one. */
  join(room: RoomId, sequence: number): void {
    if (!one(this.#sql.anyIn, room)) return
    const { lastKept, firstKept } = this.#keptBeside(room, sequence)
    for (const [user, low, from, high] of all(this.#sql.around, room, sequence, lastKept, firstKept)) {
      this.#sql.drop.run(user as UserId, room, from as number)
      this.#sql.put.run(user as UserId, room, low as number, high as number)
    }
  }

  #keptBeside(room: RoomId, sequence: number): { lastKept: number; firstKept: number } {
    return {
      lastKept: (one(this.#sql.lastKept, room, sequence)?.[0] as number | null) ?? 0,
      firstKept: (one(this.#sql.firstKept, room, sequence)?.[0] as number | null) ?? NO_END,
    }
  }

  /** What is left of stretches in the order of reading when a user's hidden messages are taken out of them. */
  *without(room: RoomId, user: UserId, order: PageQuery['order'], stretches: readonly Stretch[]): Iterable<Stretch> {
    for (const stretch of stretches) {
      if (order === 'newest') yield* this.#down(room, user, stretch)
      else yield* this.#up(room, user, stretch)
    }
  }

  *#down(room: RoomId, user: UserId, { low, high, opened }: Stretch): Iterable<Stretch> {
    for (let top = high; top >= low; ) {
      const hidden = this.#below(room, user, top)
      const bottom = Math.max(low, (hidden?.high ?? 0) + 1)
      if (bottom <= top) yield { low: bottom, high: top, opened }
      if (!hidden) return
      top = hidden.low - 1
    }
  }

  *#up(room: RoomId, user: UserId, { low, high, opened }: Stretch): Iterable<Stretch> {
    for (let bottom = low; bottom <= high; ) {
      const over = this.#below(room, user, bottom)
      if (over && over.high >= bottom) {
        bottom = over.high + 1
        continue
      }
      const next = this.#above(room, user, bottom)
      yield { low: bottom, high: Math.min(high, (next?.low ?? NO_END) - 1), opened }
      if (!next) return
      bottom = next.high + 1
    }
  }

  #below(room: RoomId, user: UserId, sequence: number): Hidden | undefined {
    return hiddenOf(one(this.#sql.below, user, room, sequence))
  }

  #above(room: RoomId, user: UserId, sequence: number): Hidden | undefined {
    return hiddenOf(one(this.#sql.above, user, room, sequence))
  }
}

function hiddenOf(row: readonly unknown[] | undefined): Hidden | undefined {
  return row && { low: row[0] as number, high: row[1] as number }
}
