// Cursors, acks and the last time online. What lies at or below a cursor is read and has no row; above it an ack has a
// row of its own, and a cursor never moves past a message that is not read.
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { RoomId, UserId } from '@conclave/wire'
import { compareIds } from '@conclave/wire'
import { PAGE } from '../../limits.ts'
import type { RoomEvent } from '../../room/events.ts'
import type { AckStatus, Head, ReceiptRow } from '../store.ts'
import { all, EVENT, eventOf, iterate, one, prepareRows, turn } from './rows.ts'
import { isHeard, isLasting, isMember, isReceived, isSpanned, isUnhidden, NO_END } from './sight.ts'

const CURSOR = 'ifnull((SELECT c.sequence FROM cursors c WHERE c.user = ?1 AND c.room = ?2), 0)'
const ACK = 'SELECT 1 FROM acks a WHERE a.user = ?1 AND a.room = ?2 AND a.sequence = e.sequence'
const hasRole = 'EXISTS (SELECT 1 FROM roles o WHERE o.user = ?1 AND o.room = ?2)'
/** As room/rights.ts says of hidden rooms: plain ones show their whole log to who belongs, others the member's spans. */
const MAY_READ = `((r.suite = 'none' AND (r.kind NOT IN ('private', 'direct') OR ${isMember('?2', '?1')} OR ${hasRole}))
  OR (${isMember('?2', '?1')} AND ${isSpanned('?2', '?1')}))`

/** Rooms whose unacked messages are looked for in one turn of the event loop. */
const ROOMS_PER_TURN = 64
/** Events of one room that are looked at beside those that are wanted: acked ones, and the user's own. */
const REACH = 1_000

/** The first message of others above the cursor, and above what `floor` says, that is not read; 3 now. One bound of the two,
 * since SQLite looks for one of several in the index and walks on from there. */
function hole(floor: string, within = ''): string {
  return `SELECT e.sequence FROM events e INDEXED BY events_message
    WHERE e.room = ?2 AND e.class = 'm' AND e.sequence > max(${CURSOR}, ${floor}) ${within}
    AND e.actor IS NOT ?1 AND ${isHeard('?1')} AND ${isLasting('?3')} AND ${isUnhidden('?2', '?1')}
    AND NOT EXISTS (${ACK} AND a.status = 2) ORDER BY e.sequence LIMIT 1`
}

/** All bind: 1 user, 2 room; what follows is named beside each. */
const SQL = {
  cursor: 'SELECT sequence, at FROM cursors WHERE user = ?1 AND room = ?2',
  /** 3 sequence, 4 at. Reading the same place again is later. */
  raiseCursor: `INSERT INTO cursors (user, room, sequence, at) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (user, room) DO UPDATE SET sequence = excluded.sequence, at = max(cursors.at, excluded.at)
    WHERE excluded.sequence >= cursors.sequence`,
  /** 3 sequence. */
  unmark: 'UPDATE kept SET unread_from = NULL WHERE user = ?1 AND room = ?2 AND unread_from <= ?3',
  dropAcks: `DELETE FROM acks WHERE user = ?1 AND room = ?2 AND sequence <= ${CURSOR}`,
  /** 3 status, 4 sequences as JSON, 5 suite. */
  raiseAcks: `INSERT INTO acks (user, room, sequence, status)
    SELECT ?1, ?2, e.sequence, ?3 FROM json_each(?4) j CROSS JOIN events e ON e.room = ?2 AND e.sequence = j.value
    WHERE e.class IN ('m', 'x') AND e.sequence > ${CURSOR} AND ${isReceived('?2', '?1', '?5')}
    ON CONFLICT (user, room, sequence) DO UPDATE SET status = max(acks.status, excluded.status)`,
  plainHole: hole('0'),
  /** Each span by itself: nobody walks over what was said before they came, or while they were out. */
  spannedHole: `SELECT min(first) FROM (SELECT
    (${hole('s.from_sequence - 1', `AND e.sequence <= ifnull(s.to_sequence, ${NO_END})`)}) AS first
    FROM spans s WHERE s.user = ?1 AND s.room = ?2)`,
  /** 3 sequences as JSON. */
  acks: `SELECT e.sequence, CASE WHEN e.actor = ?1 OR e.sequence <= ${CURSOR} THEN 2 ELSE ifnull(a.status, 0) END
    FROM rooms r CROSS JOIN json_each(?3) j CROSS JOIN events e ON e.room = r.id AND e.sequence = j.value
    LEFT JOIN acks a ON a.user = ?1 AND a.room = ?2 AND a.sequence = e.sequence
    WHERE r.id = ?2 AND e.class IN ('m', 'x') AND (e.actor = ?1 OR ${isReceived('?2', '?1', 'r.suite')})`,
  /** 3 how many of the newest events to look at, 4 now. What is found is not counted here: whoever asks stops when it is
   * enough. */
  unacked: `SELECT ${EVENT} FROM rooms r CROSS JOIN events e
    WHERE r.id = ?2 AND r.removed = 0 AND e.room = r.id AND e.class = 'm'
      AND e.sequence > ${CURSOR} AND e.sequence > r.sequence - ?3
      AND e.actor IS NOT ?1 AND ${isHeard('?1')} AND ${isLasting('?4')} AND ${isUnhidden('?2', '?1')} AND ${MAY_READ}
      AND NOT EXISTS (${ACK})
    ORDER BY e.sequence DESC`,
} as const

/** Where the room stands, with what the batch has appended to it. */
type Standing = Pick<Head, 'suite' | 'sequence'>

export class ReceiptRows {
  readonly #sql: Readonly<Record<keyof typeof SQL, StatementSync>>
  readonly #recent: StatementSync
  readonly #seen: StatementSync
  readonly #putSeen: StatementSync

  constructor(database: DatabaseSync) {
    const prepared = Object.entries(SQL).map(([name, sql]) => [name, prepareRows(database, sql)])
    this.#sql = Object.fromEntries(prepared) as Record<keyof typeof SQL, StatementSync>
    this.#recent = prepareRows(
      database,
      `SELECT CAST(r.id AS TEXT), CAST(r.last_id AS TEXT) FROM json_each(?) j CROSS JOIN rooms r ON r.id = j.value
       ORDER BY r.last_id DESC`,
    )
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

  /** Those of the rooms that are there, by their newest event, the newest first. */
  recent(rooms: readonly RoomId[]): { readonly room: RoomId; readonly lastId: string }[] {
    const rows = all(this.#recent, JSON.stringify([...new Set(rooms)]))
    return rows.map(([room, lastId]) => ({ room: room as RoomId, lastId: lastId as string }))
  }

  /** The newest first, at most `limit`, of those that are newer than an id. */
  unackedIn(room: RoomId, user: UserId, limit: number, newerThan: string, now: number): RoomEvent[] {
    const found: RoomEvent[] = []
    for (const row of iterate(this.#sql.unacked, user, room, limit + REACH, now)) {
      if (found.length === limit || compareIds(row[1] as string, newerThan) <= 0) break
      found.push(eventOf(room, row))
    }
    return found
  }

  /** Reads the log, so what a batch has appended is written before. `now` in ms since 1970. */
  write(row: Extract<ReceiptRow, { put: 'acks' | 'cursor' }>, head: Standing, now: number): void {
    const { room, user } = row
    const written =
      row.put === 'cursor'
        ? this.#sql.raiseCursor.run(user, room, row.sequence, row.at)
        : this.#sql.raiseAcks.run(user, room, row.status, JSON.stringify(row.sequences), head.suite)
    if (written.changes === 0 || (row.put === 'acks' && row.status === 1)) return
    if (row.put === 'cursor') this.#sql.unmark.run(user, room, row.sequence)
    this.#advance(room, user, head, now)
    this.#sql.dropAcks.run(user, room)
  }

  see(user: UserId, at: number): void {
    this.#putSeen.run(user, at)
  }

  /** Moves the cursor over all that is read. */
  #advance(room: RoomId, user: UserId, head: Standing, now: number): void {
    const { plainHole, spannedHole } = this.#sql
    const first = one(head.suite === 'none' ? plainHole : spannedHole, user, room, now)?.[0] as
      | number
      | null
      | undefined
    const read = typeof first === 'number' ? first - 1 : head.sequence
    if (read > (this.cursor(room, user)?.sequence ?? 0)) this.#sql.raiseCursor.run(user, room, read, now)
  }
}

/** The newest unacked messages of several rooms, oldest first. `receipts` gives those of the connection that is open now, with
 * the messages of these rooms in their places. */
export async function unacked(
  receipts: (rooms: readonly RoomId[]) => ReceiptRows,
  user: UserId,
  rooms: readonly RoomId[],
  most: number,
  now: number,
): Promise<RoomEvent[]> {
  const limit = Math.min(most, PAGE)
  let newest: RoomEvent[] = []
  let floor = '0'
  for (const [index, { room, lastId }] of receipts([]).recent(rooms).entries()) {
    // The rooms come by their newest event: nothing of this one or of those that follow is new enough.
    if (compareIds(lastId, floor) <= 0) break
    if (index > 0 && index % ROOMS_PER_TURN === 0) await turn()
    const found = receipts([room]).unackedIn(room, user, limit, floor, now)
    if (found.length === 0) continue
    newest = [...newest, ...found].sort((a, b) => compareIds(b.id, a.id)).slice(0, limit)
    if (newest.length === limit) floor = newest.at(-1)?.id ?? floor
  }
  return newest.reverse()
}
