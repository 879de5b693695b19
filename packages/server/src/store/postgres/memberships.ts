// Memberships as their users see them: what is unread above the cursor, what they keep of the room for themselves, and
// which have ended. Many of one user's, or one room's of many users, cost one statement for each portion.
import type { EventId, RoomId, UserId } from '@conclave/wire'
import { THREADS_SEEN, UNREAD_REACH } from '../../limits.ts'
import { idParameter, idParameters } from '../../postgres/ids.ts'
import type { Pool } from '../../postgres/pool.ts'
import { fromStoredJson } from '../../postgres/text.ts'
import type { EventBody, RoomEvent } from '../../room/events.ts'
import type { Counted, Ended, Membership, MembershipName } from '../store.ts'
import { type Columns, EVENT, eventOf } from './rows.ts'
import { isHeard, isLasting, isMember, isSpanned, isUnhidden } from './sight.ts'

/** Memberships, or rooms, looked at in one statement: others have their turn in between. */
const AT_ONCE = 128

/** A reply that is shown in its thread alone is nothing of the room's. */
const IN_ROOM = 'e.apart IS NOT TRUE'
/** A message of somebody else that the user sees and has not read. 3 now. */
const UNREAD = `e.class = 'm' AND e.actor IS DISTINCT FROM s.user AND ${IN_ROOM} AND ${isHeard('s.user')} AND ${isLasting('$3')}
  AND (NOT f.hides OR ${isUnhidden('s.room', 's.user')})
  AND (NOT f.acks OR NOT EXISTS (SELECT 1 FROM conclave.acks a WHERE a.user = s.user AND a.room = s.room
    AND a.sequence = e.sequence AND a.status = 2))`
const unread = (floor: string): string => `FROM conclave.events e
  WHERE e.room = s.room AND e.sequence > greatest(${floor}, r.sequence - ${UNREAD_REACH}) AND ${UNREAD}`
/** Those that name a user; who is named alone is not also named with everybody. */
const mentions = (user: string, but = ''): string => `(SELECT count(*) FROM conclave.mentions m
  JOIN conclave.events e ON e.room = m.room AND e.sequence = m.sequence
  WHERE m.user = ${user} AND m.room = s.room AND m.sequence > greatest(f.marked, r.sequence - ${UNREAD_REACH}) ${but} AND ${UNREAD})`
const NAMED_ALONE = `AND NOT EXISTS (SELECT 1 FROM conclave.mentions o WHERE o.user = s.user AND o.room = m.room
  AND o.sequence = m.sequence)`
/** Of the threads with the newest replies those that the user follows: the event's id, the newest reply's time, and the
 * message where that reply is somebody else's and not read. */
const THREADS = `(SELECT json_agg(json_build_array(t.id::text, t.replied_at, CASE WHEN
    t.last_reply > greatest(s.opened, coalesce(k.threads, 0), CASE jsonb_typeof(k.fields -> 'threads' -> t.sequence::text)
      WHEN 'number' THEN (k.fields -> 'threads' ->> t.sequence::text)::numeric END)
    AND EXISTS (SELECT 1 FROM conclave.events l WHERE l.room = s.room AND l.sequence = t.last_reply
      AND l.actor IS DISTINCT FROM s.user) THEN t.body END))::text
  FROM (SELECT e.id, e.sequence, e.body, e.followers, e.replied_at, e.last_reply FROM conclave.events e
    WHERE e.room = s.room AND e.class = 'm' AND e.replied_at IS NOT NULL ORDER BY e.replied_at DESC, e.sequence DESC LIMIT ${THREADS_SEEN}) t
  WHERE s.user = ANY (t.followers))`

const SQL = {
  /** 1 users and 2 rooms, 3 now, 4 whether to count in every room. */
  memberships: `SELECT s.user, s.room, s.opened, r.sequence, r.last_message_at, c.sequence, c.at, k.fields::text, k.at,
      k.unread_from, (SELECT e.at FROM conclave.events e WHERE e.room = s.room AND e.sequence = k.unread_from),
      EXISTS (SELECT 1 ${unread('greatest(f.read, coalesce(k.calm, 0))')}),
      CASE WHEN k.hidden THEN EXISTS (SELECT 1 ${unread('k.calm')}) ELSE true END,
      CASE WHEN $4 OR r.kind = 'direct' THEN (SELECT count(*) ${unread('f.marked')}) ELSE 0 END,
      ${mentions('s.user')}, ${mentions('-1', NAMED_ALONE)}, ${THREADS}
    FROM unnest($1::bigint[], $2::bigint[]) AS j (who, place)
    JOIN conclave.spans s ON s.user = j.who AND s.room = j.place AND s.to_sequence IS NULL
    JOIN conclave.rooms r ON r.id = s.room
    LEFT JOIN conclave.cursors c ON c.user = s.user AND c.room = s.room
    LEFT JOIN conclave.kept k ON k.user = s.user AND k.room = s.room
    -- read: what is below is read, or was said before the user came; marked: the same but for what the user wants to be unread;
    -- hides, acks: whether any message has to be asked for by itself.
    CROSS JOIN LATERAL (SELECT b.read, CASE WHEN k.unread_from IS NULL THEN b.read ELSE least(b.read, k.unread_from - 1) END,
        EXISTS (SELECT 1 FROM conclave.hidden h WHERE h.user = s.user AND h.room = s.room),
        EXISTS (SELECT 1 FROM conclave.acks a WHERE a.user = s.user AND a.room = s.room)
      FROM (SELECT greatest(coalesce(c.sequence, 0), s.opened)) AS b (read)) AS f (read, marked, hides, acks)`,
  /** 1 user, 2 since, 3 limit. */
  ended: `SELECT s.room, max(e.at) FROM conclave.spans s
      JOIN conclave.events e ON e.room = s.room AND e.sequence = s.to_sequence
    WHERE s.user = $1 AND s.to_sequence IS NOT NULL AND e.at > $2 AND NOT ${isMember('s.room', 's.user')}
    GROUP BY s.room ORDER BY max(e.at) DESC LIMIT $3`,
  /** 1 user, 2 rooms, 3 now. */
  lastMessages: `SELECT n.* FROM unnest($2::bigint[]) AS j (place)
    JOIN conclave.spans s ON s.user = $1 AND s.room = j.place AND s.to_sequence IS NULL
    JOIN conclave.rooms r ON r.id = s.room
    CROSS JOIN LATERAL (SELECT e.room, ${EVENT} FROM conclave.events e
      WHERE e.room = r.id AND e.class = 'm' AND e.audience IS NULL AND ${IN_ROOM} AND ${isLasting('$3')}
      AND ${isUnhidden('r.id', '$1')} AND (r.suite = 'none' OR ${isSpanned('r.id', '$1')})
      ORDER BY e.sequence DESC LIMIT 1) n`,
} as const

/** `r`: a KeptRow. Reads memberships and where the room stands, so what the batch has changed of them is written before, and the
 * room's head is locked. */
export const WRITES = `
-- RFC 7396: members are merged one by one, and null takes one away.
CREATE OR REPLACE FUNCTION conclave.merge_patch(target jsonb, patch jsonb) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  name text;
  member jsonb;
BEGIN
  IF jsonb_typeof(patch) IS DISTINCT FROM 'object' THEN
    RETURN patch;
  END IF;
  IF jsonb_typeof(target) IS DISTINCT FROM 'object' THEN
    target := '{}';
  END IF;
  FOR name, member IN SELECT * FROM jsonb_each(patch) LOOP
    IF jsonb_typeof(member) = 'null' THEN
      target := target - name;
    ELSE
      target := target || jsonb_build_object(name, conclave.merge_patch(target -> name, member));
    END IF;
  END LOOP;
  RETURN target;
END $$;

CREATE OR REPLACE FUNCTION conclave.write_kept(r jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  who bigint := (r ->> 'user')::bigint;
  at_room bigint := (r ->> 'room')::bigint;
  flag boolean := (r ->> 'hidden')::boolean;
  marked bigint := (r ->> 'unreadFrom')::bigint;
  standing bigint := (SELECT known.sequence FROM conclave.rooms known WHERE known.id = (r ->> 'room')::bigint);
  all_read boolean := coalesce((r ->> 'threadsRead')::boolean, false);
  patch jsonb := coalesce(r -> 'fields', '{}') || CASE WHEN all_read THEN '{"threads": null}' ELSE '{}' END::jsonb;
BEGIN
  IF NOT ${isMember('at_room', 'who')} THEN
    RETURN;
  END IF;
  INSERT INTO conclave.kept AS known ("user", room, at, fields, hidden, calm, unread_from, threads)
  VALUES (who, at_room, (r ->> 'at')::bigint, conclave.merge_patch('{}', patch), coalesce(flag, false),
    CASE WHEN flag THEN standing ELSE 0 END, marked, CASE WHEN all_read THEN standing ELSE 0 END)
  ON CONFLICT ("user", room) DO UPDATE SET at = greatest(known.at + 1, excluded.at),
    fields = conclave.merge_patch(known.fields, patch), hidden = coalesce(flag, known.hidden),
    calm = CASE WHEN flag THEN standing ELSE known.calm END,
    unread_from = CASE WHEN r ? 'unreadFrom' THEN marked ELSE known.unread_from END,
    threads = CASE WHEN all_read THEN standing ELSE known.threads END;
END $$;
`

export class MembershipRows {
  readonly #pool: Pool

  constructor(pool: Pool) {
    this.#pool = pool
  }

  async some(names: readonly MembershipName[], counted: Counted, now: number): Promise<Membership[]> {
    const known = names.filter(({ user, room }) => idParameter(user) !== null && idParameter(room) !== null)
    const [users, rooms] = [known.map(({ user }) => user), known.map(({ room }) => room)]
    return (await this.#pool.query(SQL.memberships, [users, rooms, now, counted === 'all'])).map(membershipOf)
  }

  async ended(user: UserId, since: number, limit: number): Promise<Ended[]> {
    const rows = await this.#pool.query(SQL.ended, [idParameter(user), since, limit])
    return rows.map(([room, at]) => ({ room: room as RoomId, at: Number(at) }))
  }

  async lastMessages(user: UserId, rooms: readonly RoomId[], now: number): Promise<RoomEvent[]> {
    const rows = await this.#pool.query(SQL.lastMessages, [idParameter(user), idParameters(rooms), now])
    return rows.map(([room, ...event]) => eventOf(room as RoomId, event))
  }
}

/** In portions, one after another: the database has others to serve. */
export async function inPortions<Asked, Found>(
  asked: readonly Asked[],
  some: (portion: readonly Asked[]) => Promise<readonly Found[]>,
): Promise<Found[]> {
  const found: Found[] = []
  for (let start = 0; start < asked.length; start += AT_ONCE) {
    found.push(...(await some(asked.slice(start, start + AT_ONCE))))
  }
  return found
}

function membershipOf(row: Columns): Membership {
  const [user, room, opened, through, lastMessageAt, cursor, cursorAt, fields, keptAt, from, fromAt, alert, ...rest] =
    row
  const [open, unread, userMentions, groupMentions, followed] = rest
  const threads = followed === null ? [] : (JSON.parse(followed as string) as [string, number, string | null][])
  return {
    user: user as UserId,
    room: room as RoomId,
    opened: Number(opened),
    through: Number(through),
    lastMessageAt: lastMessageAt === null ? null : Number(lastMessageAt),
    cursor: cursor === null ? null : { sequence: Number(cursor), at: Number(cursorAt) },
    kept: fields === null ? {} : (fromStoredJson(fields as string) as Membership['kept']),
    keptAt: Number(keptAt ?? 0),
    unreadFrom: from === null ? null : { sequence: Number(from), at: Number(fromAt ?? 0) },
    alert: alert === true || from !== null,
    open: open as boolean,
    unread: Number(unread),
    userMentions: Number(userMentions),
    groupMentions: Number(groupMentions),
    unreadThreads: threads.flatMap(([id, , body]) =>
      body === null ? [] : { messageId: messageIdOf(JSON.parse(body) as EventBody), id: id as EventId },
    ),
    repliedAt: threads.length === 0 ? null : Math.max(...threads.map(([, at]) => at)),
  }
}

function messageIdOf(body: EventBody): string | null {
  return body.type === 'message' ? body.messageId : null
}
