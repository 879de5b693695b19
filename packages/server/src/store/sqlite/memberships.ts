// Memberships as their users see them: what is unread above the cursor, what they keep of the room for themselves, and
// which have ended. Many of one user's, or one room's of many users, cost one statement for each portion.
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { EventId, RoomId, UserId } from '@conclave/wire'
import { THREADS_SEEN, UNREAD_REACH } from '../../limits.ts'
import type { RoomEvent } from '../../room/events.ts'
import type { Counted, Ended, KeptRow, Membership, MembershipName } from '../store.ts'
import { all, type Columns, EVENT, eventOf, prepareRows, turn } from './rows.ts'
import { isHeard, isLasting, isMember, isSpanned, isUnhidden } from './sight.ts'

/** Memberships looked at in one turn of the event loop. Each room may have some hundred messages on their way (fresh.ts). */
const PER_TURN = 32

/** What is below is read, or was said before the user came. */
const FLOOR = 'max(ifnull(c.sequence, 0), s.opened)'
const MARKED = `CASE WHEN k.unread_from IS NULL THEN ${FLOOR} ELSE min(${FLOOR}, k.unread_from - 1) END`
const above = (floor: string): string => `max(${floor}, r.sequence - ${UNREAD_REACH})`
/** A reply that is shown in its thread alone is nothing of the room's. */
const IN_ROOM = `(e.thread IS NULL OR json_extract(e.body, '$.content.extra.rocketchat.tshow')
  OR json_extract(e.body, '$.content.extra.tshow'))`
/** A message of somebody else that the user sees and has not read. 2 now. */
const UNREAD = `e.class = 'm' AND e.actor IS NOT s.user AND ${IN_ROOM} AND ${isHeard('s.user')} AND ${isLasting('?2')}
  AND ${isUnhidden('s.room', 's.user')}
  AND NOT EXISTS (SELECT 1 FROM acks a WHERE a.user = s.user AND a.room = s.room AND a.sequence = e.sequence
    AND a.status = 2)`
const unread = (floor: string): string => `FROM events e INDEXED BY events_message
  WHERE e.room = s.room AND e.sequence > ${above(floor)} AND ${UNREAD}`
/** Those that name a user; who is named alone is not also named with everybody. */
const mentions = (user: string, but = ''): string => `(SELECT count(*) FROM mentions m CROSS JOIN events e
  ON e.room = m.room AND e.sequence = m.sequence
  WHERE m.user = ${user} AND m.room = s.room AND m.sequence > ${above(MARKED)} ${but} AND ${UNREAD})`
const NAMED_ALONE = `AND NOT EXISTS (SELECT 1 FROM mentions o WHERE o.user = s.user AND o.room = m.room
  AND o.sequence = m.sequence)`
/** Of the threads with the newest replies those that the user follows: the message's own id and the event's, the newest
 * reply's time, and whether it is somebody else's and not read. */
const THREADS = `(SELECT json_group_array(json_array(json_extract(t.body, '$.messageId'), CAST(t.id AS TEXT), t.replied_at,
    t.last > max(s.opened, ifnull(k.threads, 0), ifnull(json_extract(k.fields, '$.threads."' || t.sequence || '"'), 0))
    AND EXISTS (SELECT 1 FROM events l WHERE l.room = s.room AND l.sequence = t.last AND l.actor IS NOT s.user)))
  FROM (SELECT e.id, e.sequence, e.body, e.done, e.replied_at, json_extract(e.done, '$.thread.sequence') AS last
    FROM events e INDEXED BY events_replied
    WHERE e.room = s.room AND e.class = 'm' AND e.replied_at IS NOT NULL ORDER BY e.replied_at DESC, e.sequence DESC LIMIT ${THREADS_SEEN}) t
  WHERE EXISTS (SELECT 1 FROM json_each(t.done, '$.followers') f WHERE f.value = CAST(s.user AS TEXT)))`

const SQL = {
  /** 1 pairs of user and room as JSON, 3 whether to count in every room. */
  memberships: `SELECT CAST(s.user AS TEXT), CAST(s.room AS TEXT), s.opened, r.sequence, r.last_message_at, c.sequence, c.at, k.fields, k.at,
      k.unread_from, (SELECT e.at FROM events e WHERE e.room = s.room AND e.sequence = k.unread_from),
      EXISTS (SELECT 1 ${unread(`max(${FLOOR}, ifnull(k.calm, 0))`)}),
      CASE WHEN ?3 OR r.kind = 'direct' THEN (SELECT count(*) ${unread(MARKED)}) ELSE 0 END,
      CASE WHEN k.hidden = 1 THEN EXISTS (SELECT 1 ${unread('k.calm')}) ELSE 1 END,
      ${mentions('s.user')}, ${mentions('-1', NAMED_ALONE)}, ${THREADS}
    FROM json_each(?1) j CROSS JOIN spans s INDEXED BY spans_open
      ON s.user = j.value ->> 0 AND s.room = j.value ->> 1 AND s.to_sequence IS NULL
    CROSS JOIN rooms r ON r.id = s.room
    LEFT JOIN cursors c ON c.user = s.user AND c.room = s.room
    LEFT JOIN kept k ON k.user = s.user AND k.room = s.room`,
  /** 1 user, 2 since, 3 limit. */
  ended: `SELECT CAST(s.room AS TEXT), max(e.at) FROM spans s CROSS JOIN events e
      ON e.room = s.room AND e.sequence = s.to_sequence
    WHERE s.user = ?1 AND s.to_sequence IS NOT NULL AND e.at > ?2 AND NOT ${isMember('s.room', 's.user')}
    GROUP BY s.room ORDER BY max(e.at) DESC LIMIT ?3`,
  /** 1 user, 2 now, 3 rooms as JSON. */
  lastMessages: `SELECT CAST(e.room AS TEXT), ${EVENT} FROM (
      SELECT s.room AS room, (SELECT e.sequence FROM events e INDEXED BY events_message
        WHERE e.room = s.room AND e.class = 'm' AND e.audience IS NULL AND ${IN_ROOM} AND ${isLasting('?2')}
        AND ${isUnhidden('s.room', 's.user')} AND (r.suite = 'none' OR ${isSpanned('r.id', '?1')})
        ORDER BY e.sequence DESC LIMIT 1) AS sequence
      FROM json_each(?3) j CROSS JOIN spans s INDEXED BY spans_open
        ON s.user = ?1 AND s.room = j.value AND s.to_sequence IS NULL
      CROSS JOIN rooms r ON r.id = s.room) n
    CROSS JOIN events e ON e.room = n.room AND e.sequence = n.sequence`,
  /** 1 user, 2 room, 3 at, 4 fields as JSON, 5 hidden or null, 6 where the room stands, 7 whether 8 says something, 8
   * unread from, 9 whether all threads are read. */
  keep: `INSERT INTO kept (user, room, at, fields, hidden, calm, unread_from, threads)
    SELECT ?1, ?2, ?3, json_patch('{}', ?4), ifnull(?5, 0), iif(?5 = 1, ?6, 0), ?8, iif(?9, ?6, 0)
      WHERE ${isMember('?2', '?1')}
    ON CONFLICT (user, room) DO UPDATE SET at = max(kept.at + 1, excluded.at), fields = json_patch(kept.fields, ?4),
      hidden = ifnull(?5, kept.hidden), calm = iif(?5 = 1, ?6, kept.calm),
      unread_from = iif(?7, ?8, kept.unread_from), threads = iif(?9, ?6, kept.threads)`,
} as const

export class MembershipRows {
  readonly #sql: Readonly<Record<keyof typeof SQL, StatementSync>>

  constructor(database: DatabaseSync) {
    const prepared = Object.entries(SQL).map(([name, sql]) => [name, prepareRows(database, sql)])
    this.#sql = Object.fromEntries(prepared) as Record<keyof typeof SQL, StatementSync>
  }

  some(names: readonly MembershipName[], counted: Counted, now: number): Membership[] {
    const pairs = JSON.stringify(names.map(({ user, room }) => [user, room]))
    return all(this.#sql.memberships, pairs, now, counted === 'all' ? 1 : 0).map(membershipOf)
  }

  ended(user: UserId, since: number, limit: number): Ended[] {
    return all(this.#sql.ended, user, since, limit).map(([room, at]) => ({ room: room as RoomId, at: at as number }))
  }

  lastMessages(user: UserId, rooms: readonly RoomId[], now: number): RoomEvent[] {
    const rows = all(this.#sql.lastMessages, user, now, JSON.stringify(rooms))
    return rows.map(([room, ...event]) => eventOf(room as RoomId, event))
  }

  /** Reads memberships, so what the batch has changed of them is written before. `sequence`: where the room stands. */
  write({ user, room, at, fields = {}, hidden, unreadFrom, threadsRead }: KeptRow, sequence: number): void {
    const flag = hidden === undefined ? null : hidden ? 1 : 0
    const marked = unreadFrom === undefined ? 0 : 1
    const patch = JSON.stringify(threadsRead ? { ...fields, threads: null } : fields)
    const all = threadsRead ? 1 : 0
    this.#sql.keep.run(user, room, at, patch, flag, sequence, marked, unreadFrom ?? null, all)
  }
}

/** In portions with a turn of the event loop between them. `rows` gives those of the connection that is open now. */
export async function inPortions<Asked, Found>(
  asked: readonly Asked[],
  some: (portion: readonly Asked[]) => readonly Found[],
): Promise<Found[]> {
  const found: Found[] = []
  for (let start = 0; start < asked.length; start += PER_TURN) {
    if (start > 0) await turn()
    found.push(...some(asked.slice(start, start + PER_TURN)))
  }
  return found
}

function membershipOf(row: Columns): Membership {
  const [user, room, opened, through, lastMessageAt, cursor, cursorAt, fields, keptAt, from, fromAt, alert, ...rest] =
    row
  const [unread, open, userMentions, groupMentions, followed] = rest
  const threads = JSON.parse(followed as string) as [string | null, string, number, 0 | 1][]
  return {
    user: user as UserId,
    room: room as RoomId,
    opened: opened as number,
    through: through as number,
    lastMessageAt: lastMessageAt as number | null,
    cursor: cursor === null ? null : { sequence: cursor as number, at: cursorAt as number },
    kept: fields === null ? {} : JSON.parse(fields as string),
    keptAt: (keptAt as number | null) ?? 0,
    unreadFrom: from === null ? null : { sequence: from as number, at: (fromAt as number | null) ?? 0 },
    alert: alert === 1 || from !== null,
    open: open === 1,
    unread: unread as number,
    userMentions: userMentions as number,
    groupMentions: groupMentions as number,
    unreadThreads: threads.flatMap(([messageId, id, , isUnread]) => (isUnread ? { messageId, id: id as EventId } : [])),
    repliedAt: threads.length === 0 ? null : Math.max(...threads.map(([, , at]) => at)),
  }
}
