// Cursors, acks and the last time online. What lies at or below a cursor is read and has no row; above it an ack has a
// row of its own, and a cursor never moves past a message that is not read.
import type { RoomId, UserId } from '@conclave/wire'
import { compareIds } from '@conclave/wire'
import { PAGE } from '../../limits.ts'
import { idParameter, idParameters } from '../../postgres/ids.ts'
import type { Pool } from '../../postgres/pool.ts'
import type { RoomEvent } from '../../room/events.ts'
import type { AckStatus } from '../store.ts'
import { EVENT, eventOf } from './rows.ts'
import { isHeard, isLasting, isMember, isReceived, isSpanned, isUnhidden, NO_END } from './sight.ts'

const cursorOf = (user: string, room: string): string =>
  `coalesce((SELECT c.sequence FROM conclave.cursors c WHERE c.user = ${user} AND c.room = ${room}), 0)`
const ackOf = (user: string): string =>
  `SELECT 1 FROM conclave.acks a WHERE a.user = ${user} AND a.room = e.room AND a.sequence = e.sequence`
/** As room/rights.ts says of hidden rooms: plain ones show their whole log to who belongs, others the member's spans. */
const MAY_READ = `((r.suite = 'none' AND (r.kind NOT IN ('private', 'direct') OR ${isMember('r.id', '$1')}
    OR EXISTS (SELECT 1 FROM conclave.roles o WHERE o.user = $1 AND o.room = r.id)))
  OR (${isMember('r.id', '$1')} AND ${isSpanned('r.id', '$1')}))`

/** Rooms whose unacked messages are looked for in one statement. */
const ROOMS_AT_ONCE = 64
/** Events of one room that are looked at beside those that are wanted: acked ones, and the user's own. */
const REACH = 1_000

/** 1 is the user in all of them; what follows is named beside each. */
const SQL = {
  /** 2 room. */
  cursor: 'SELECT c.sequence, c.at FROM conclave.cursors c WHERE c.user = $1 AND c.room = $2',
  seenAt: 'SELECT s.at FROM conclave.seen s WHERE s.user = $1',
  /** 2 room, 3 sequences. */
  acks: `SELECT e.sequence,
      CASE WHEN e.actor = $1 OR e.sequence <= ${cursorOf('$1', '$2')} THEN 2 ELSE coalesce(a.status, 0) END
    FROM conclave.rooms r JOIN conclave.events e ON e.room = r.id AND e.sequence = ANY ($3::bigint[])
    LEFT JOIN conclave.acks a ON a.user = $1 AND a.room = $2 AND a.sequence = e.sequence
    WHERE r.id = $2 AND e.class IN ('m', 'x') AND (e.actor = $1 OR ${isReceived('$2', '$1', 'r.suite')})`,
  /** 1 rooms. */
  recent: `SELECT r.id, r.last_id FROM conclave.rooms r WHERE r.id = ANY ($1::bigint[]) ORDER BY r.last_id DESC`,
  /** 2 rooms, 3 how many of the newest events of each to look at, 4 now, 5 limit, 6 the id that all are newer than. */
  unacked: `SELECT n.* FROM unnest($2::bigint[]) AS j (room) CROSS JOIN LATERAL (
      SELECT e.room, ${EVENT} FROM conclave.rooms r JOIN conclave.events e ON e.room = r.id
      WHERE r.id = j.room AND NOT r.removed AND e.class = 'm' AND e.id > $6
        AND e.sequence > greatest(${cursorOf('$1', 'j.room')}, r.sequence - $3)
        AND e.actor IS DISTINCT FROM $1 AND ${isHeard('$1')} AND ${isLasting('$4')} AND ${isUnhidden('r.id', '$1')}
        AND ${MAY_READ} AND NOT EXISTS (${ackOf('$1')})
      ORDER BY e.sequence DESC LIMIT $5) n
    ORDER BY n.id DESC LIMIT $5`,
} as const

/** The first message of others above the cursor, and above what `floor` says, that is not read. */
const hole = (floor: string, within = ''): string => `SELECT e.sequence FROM conclave.events e
    WHERE e.room = at_room AND e.class = 'm' AND e.sequence > greatest(${cursorOf('who', 'at_room')}, ${floor}) ${within}
    AND e.actor IS DISTINCT FROM who AND ${isHeard('who')} AND ${isLasting('now')} AND ${isUnhidden('at_room', 'who')}
    AND NOT EXISTS (${ackOf('who')} AND a.status = 2) ORDER BY e.sequence LIMIT 1`

/** `r`: a ReceiptRow of acks, a cursor or `seen`; `now` in ms since 1970. Reads the log, so what the batch has appended is written
 * before. */
export const WRITES = `
CREATE OR REPLACE FUNCTION conclave.raise_cursor(who bigint, at_room bigint, up_to bigint, at bigint) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
  -- Reading the same place again is later.
  INSERT INTO conclave.cursors AS known ("user", room, sequence, at) VALUES (who, at_room, up_to, raise_cursor.at)
  ON CONFLICT ("user", room) DO UPDATE SET sequence = excluded.sequence, at = greatest(known.at, excluded.at)
  WHERE excluded.sequence >= known.sequence;
  RETURN FOUND;
END $$;

CREATE OR REPLACE FUNCTION conclave.write_receipt(r jsonb, now bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  who bigint := (r ->> 'user')::bigint;
  at_room bigint := (r ->> 'room')::bigint;
  suite text;
  standing bigint;
  up_to bigint;
BEGIN
  IF r ->> 'put' = 'seen' THEN
    INSERT INTO conclave.seen AS known ("user", at) VALUES (who, (r ->> 'at')::bigint)
    ON CONFLICT ("user") DO UPDATE SET at = greatest(known.at, excluded.at);
    RETURN;
  END IF;
  SELECT known.suite, known.sequence INTO suite, standing FROM conclave.rooms known WHERE known.id = at_room;
  IF NOT FOUND THEN
    suite := 'none';
    standing := 0;
  END IF;
  IF r ->> 'put' = 'cursor' THEN
    up_to := (r ->> 'sequence')::bigint;
    IF NOT conclave.raise_cursor(who, at_room, up_to, (r ->> 'at')::bigint) THEN
      RETURN;
    END IF;
    UPDATE conclave.kept k SET unread_from = NULL WHERE k.user = who AND k.room = at_room AND k.unread_from <= up_to;
  ELSE
    INSERT INTO conclave.acks AS known ("user", room, sequence, status)
    SELECT who, at_room, e.sequence, (r ->> 'status')::integer FROM conclave.events e
      WHERE e.room = at_room AND e.sequence IN (SELECT CASE WHEN j ~ '^[0-9]{1,18}$' THEN j::bigint END FROM jsonb_array_elements_text(r -> 'sequences') j)
        AND e.class IN ('m', 'x') AND e.sequence > ${cursorOf('who', 'at_room')}
        AND ${isReceived('at_room', 'who', 'suite')}
      ORDER BY e.sequence
    ON CONFLICT ("user", room, sequence) DO UPDATE SET status = greatest(known.status, excluded.status);
    IF NOT FOUND OR (r ->> 'status')::integer = 1 THEN
      RETURN;
    END IF;
  END IF;
  -- The cursor moves on over all that is read.
  IF suite = 'none' THEN
    up_to := (${hole('0')});
  ELSE
    -- Each span by itself: nobody walks over what was said before they came, or while they were out.
    up_to := (SELECT min(f.sequence) FROM conclave.spans s CROSS JOIN LATERAL (
      ${hole('s.from_sequence - 1', `AND e.sequence <= coalesce(s.to_sequence, ${NO_END})`)}) f
      WHERE s.room = at_room AND s.user = who);
  END IF;
  up_to := coalesce(up_to - 1, standing);
  IF up_to > ${cursorOf('who', 'at_room')} THEN
    PERFORM conclave.raise_cursor(who, at_room, up_to, now);
  END IF;
  DELETE FROM conclave.acks a WHERE a.user = who AND a.room = at_room AND a.sequence <= ${cursorOf('who', 'at_room')};
END $$;
`

export class ReceiptRows {
  readonly #pool: Pool

  constructor(pool: Pool) {
    this.#pool = pool
  }

  async cursor(room: RoomId, user: UserId): Promise<{ sequence: number; at: number } | undefined> {
    const [row] = await this.#pool.query(SQL.cursor, [idParameter(user), idParameter(room)])
    return row && { sequence: Number(row[0]), at: Number(row[1]) }
  }

  async seenAt(user: UserId): Promise<number | null> {
    const [row] = await this.#pool.query(SQL.seenAt, [idParameter(user)])
    return row ? Number(row[0]) : null
  }

  async acks(room: RoomId, user: UserId, sequences: readonly number[]): Promise<Map<number, AckStatus>> {
    const whole = sequences.filter(Number.isSafeInteger)
    const rows = await this.#pool.query(SQL.acks, [idParameter(user), idParameter(room), whole])
    return new Map(rows.map(([sequence, status]) => [Number(sequence), Number(status) as AckStatus]))
  }

  /** The newest unacked messages of several rooms, oldest first. */
  async unacked(user: UserId, rooms: readonly RoomId[], most: number, now: number): Promise<RoomEvent[]> {
    const limit = Math.min(most, PAGE)
    const recent = await this.#pool.query(SQL.recent, [idParameters([...new Set(rooms)])])
    let newest: RoomEvent[] = []
    let floor = '0'
    for (let start = 0; start < recent.length && limit > 0; start += ROOMS_AT_ONCE) {
      const portion = recent.slice(start, start + ROOMS_AT_ONCE)
      // The rooms come by their newest event: nothing of these or of those that follow is new enough.
      if (compareIds(portion[0]?.[1] as string, floor) <= 0) break
      const places = portion.map(([room]) => room as string)
      const found = await this.#pool.query(SQL.unacked, [idParameter(user), places, limit + REACH, now, limit, floor])
      const events = found.map(([room, ...event]) => eventOf(room as RoomId, event))
      newest = [...newest, ...events].sort((a, b) => compareIds(b.id, a.id)).slice(0, limit)
      if (newest.length === limit) floor = newest.at(-1)?.id ?? floor
    }
    return newest.reverse()
  }
}
