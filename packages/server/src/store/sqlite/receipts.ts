// Cursors, acks and the last time online. What lies at or below a cursor is read and has no row; above it an ack has a
// row of its own, and a cursor never moves past a message that is not read.
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { RoomId, UserId } from '@conclave/wire'
import { compareIds } from '@conclave/wire'
import { PAGE } from '../../limits.ts'
import type { RoomEvent, Suite } from '../../room/events.ts'
import type { AckStatus, ReceiptRow } from '../store.ts'
import { all, EVENT, eventOf, one, prepareRows } from './rows.ts'
import { isHeard, isMember, isReceived, isSpanned } from './sight.ts'

const CURSOR = 'ifnull((SELECT c.sequence FROM cursors c WHERE c.user = ?1 AND c.room = ?2), 0)'
const ACK = 'SELECT 1 FROM acks a WHERE a.user = ?1 AND a.room = ?2 AND a.sequence = e.sequence'
const hasRole = 'EXISTS (SELECT 1 FROM roles o WHERE o.user = ?1 AND o.room = ?2)'
/** As room/rights.ts says of hidden rooms: plain ones show their whole log to who belongs, others the member's spans. */
const MAY_READ = `((r.suite = 'none' AND (r.kind NOT IN ('private', 'direct') OR ${isMember('?2', '?1')} OR ${hasRole}))
  OR (${isMember('?2', '?1')} AND ${isSpanned('?2', '?1')}))`

/** All bind: 1 user, 2 room; what follows is named beside each. */
const SQL = {
  cursor: 'SELECT sequence, at FROM cursors WHERE user = ?1 AND room = ?2',
  /** 3 sequence, 4 at. Reading the same place again is later. */
  raiseCursor: `INSERT INTO cursors (user, room, sequence, at) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (user, room) DO UPDATE SET sequence = excluded.sequence, at = max(cursors.at, excluded.at)
    WHERE excluded.sequence >= cursors.sequence`,
  dropAcks: `DELETE FROM acks WHERE user = ?1 AND room = ?2 AND sequence <= ${CURSOR}`,
  /** 3 status, 4 sequences as JSON, 5 suite. */
  raiseAcks: `INSERT INTO acks (user, room, sequence, status)
    SELECT ?1, ?2, e.sequence, ?3 FROM json_each(?4) j CROSS JOIN events e ON e.room = ?2 AND e.sequence = j.value
    WHERE e.class IN ('m', 'x') AND e.sequence > ${CURSOR} AND ${isReceived('?2', '?1', '?5')}
    ON CONFLICT (user, room, sequence) DO UPDATE SET status = max(acks.status, excluded.status)`,
  /** 3 suite. The first message of others above the cursor that is not read. */
  hole: `SELECT e.sequence FROM events e WHERE e.room = ?2 AND e.class = 'm' AND e.sequence > ${CURSOR}
    AND ${isReceived('?2', '?1', '?3')} AND NOT EXISTS (${ACK} AND a.status = 2) ORDER BY e.sequence LIMIT 1`,
  /** 3 sequences as JSON. */
  acks: `SELECT e.sequence, CASE WHEN e.actor = ?1 OR e.sequence <= ${CURSOR} THEN 2 ELSE ifnull(a.status, 0) END
    FROM rooms r CROSS JOIN json_each(?3) j CROSS JOIN events e ON e.room = r.id AND e.sequence = j.value
    LEFT JOIN acks a ON a.user = ?1 AND a.room = ?2 AND a.sequence = e.sequence
    WHERE r.id = ?2 AND e.class IN ('m', 'x') AND (e.actor = ?1 OR ${isReceived('?2', '?1', 'r.suite')})`,
  /** 3 limit. */
  unacked: `SELECT CAST(e.id AS TEXT), e.sequence FROM rooms r CROSS JOIN events e
    WHERE r.id = ?2 AND r.removed = 0 AND e.room = r.id AND e.class = 'm'
      AND e.sequence > ${CURSOR} AND e.sequence > r.sequence - ${PAGE}
      AND e.actor IS NOT ?1 AND ${isHeard('?1')} AND ${MAY_READ} AND NOT EXISTS (${ACK})
    ORDER BY e.sequence DESC LIMIT ?3`,
} as const

export class ReceiptRows {
  readonly #sql: Readonly<Record<keyof typeof SQL, StatementSync>>
  readonly #at: StatementSync
  readonly #seen: StatementSync
  readonly #putSeen: StatementSync

  constructor(database: DatabaseSync) {
    const prepared = Object.entries(SQL).map(([name, sql]) => [name, prepareRows(database, sql)])
    this.#sql = Object.fromEntries(prepared) as Record<keyof typeof SQL, StatementSync>
    this.#at = prepareRows(database, `SELECT ${EVENT} FROM events e WHERE e.room = ? AND e.sequence = ?`)
    this.#seen = prepareRows(database, 'SELECT at FROM seen WHERE user = ?')
    this.#putSeen = database.prepare(`INSERT INTO seen (user, at) VALUES (?, ?)
      ON CONFLICT (user) DO UPDATE SET at = max(seen.at, excluded.at)`)
  }

  cursor(room: RoomId, user: UserId): { sequence: number; at: number } | undefined {
    const row = one(this.#sql.cursor, user, room)
    return row && { sequence: row[0] as number, at: row[1] as number }
  }

  seenAt(user: UserId): number | null {
    return (one(this.#seen, user)?.[0] as number | undefined) ?? null
  }

  acks(room: RoomId, user: UserId, sequences: readonly number[]): Map<number, AckStatus> {
    const rows = all(this.#sql.acks, user, room, JSON.stringify(sequences))
    return new Map(rows.map(([sequence, status]) => [sequence as number, status as AckStatus]))
  }

  unacked(user: UserId, rooms: readonly RoomId[], limit: number): RoomEvent[] {
    const found: { readonly room: RoomId; readonly id: string; readonly sequence: number }[] = []
    const most = Math.min(limit, PAGE)
    for (const room of new Set(rooms)) {
      for (const [id, sequence] of all(this.#sql.unacked, user, room, most)) {
        found.push({ room, id: id as string, sequence: sequence as number })
      }
    }
    const newest = found.sort((a, b) => compareIds(a.id, b.id)).slice(Math.max(0, found.length - most))
    return newest.flatMap(({ room, sequence }) => all(this.#at, room, sequence).map(row => eventOf(room, row)))
  }

  /** Reads the log, so what a batch has appended is written before. `head` is the room's; `now` in ms since 1970. */
  write(row: ReceiptRow, head: { readonly suite: Suite; readonly sequence: number } | null, now: number): void {
    if (row.put === 'seen') {
      this.#putSeen.run(row.user, row.at)
      return
    }
    const { room, user } = row
    const sql = this.#sql
    const written =
      row.put === 'cursor'
        ? sql.raiseCursor.run(user, room, row.sequence, row.at)
        : sql.raiseAcks.run(user, room, row.status, JSON.stringify(row.sequences), head?.suite ?? 'none')
    if (written.changes === 0 || (row.put === 'acks' && row.status === 1)) return
    if (head !== null) this.#advance(row, head, now)
    sql.dropAcks.run(user, room)
  }

  /** Moves the cursor over all that is read. */
  #advance(
    { room, user }: { readonly room: RoomId; readonly user: UserId },
    head: { readonly suite: Suite; readonly sequence: number },
    now: number,
  ): void {
    const hole = one(this.#sql.hole, user, room, head.suite)?.[0] as number | undefined
    const read = hole === undefined ? head.sequence : hole - 1
    if (read > (this.cursor(room, user)?.sequence ?? 0)) this.#sql.raiseCursor.run(user, room, read, now)
  }
}
