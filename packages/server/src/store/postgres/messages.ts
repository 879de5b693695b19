// What is done to messages that are stored already. It is worked out here, from a message that was read before the commit
// (projection.ts), and written only while the message's revision is still the one that was read. Several items of a batch may
// do something to one message: each starts from what the one before it makes of it, so those that are known to be refused
// have to be known here.
import { randomInt } from 'node:crypto'
import type { EventId, RoomId, UserId } from '@conclave/wire'
import type { Query } from '../../postgres/pool.ts'
import type { Done, RoomEvent } from '../../room/events.ts'
import { changed, erase, type Kept, mediaOf, mentioned, type Projected, withoutReply } from '../projection.ts'
import type { ErasureRow, Item } from '../store.ts'
import { isApart } from './rows.ts'

/** An event's time and sequence, which only the commit gives, stand in what is worked out as numbers that nobody can have
 * guessed. Those of one batch follow each other from a number of 16 digits on. */
export interface Mark {
  readonly item: number
  /** Of the append. */
  readonly body: number
  readonly of: 'at' | 'sequence'
}

/** For `conclave.write_message`. `marks` is filled in when the events are numbered. */
export type Change = {
  readonly room: RoomId
  readonly sequence: number
  /** The one that it is written over. */
  readonly revision: number
} & (
  | { readonly does: 'nothing' }
  /** There was no such message, unless the batch itself adds it before. */
  | { readonly does: 'miss' }
  | { readonly does: 'erase'; readonly body: string }
  | {
      readonly does: 'change'
      /** null: as it is. */
      readonly body: string | null
      readonly done: string | null
      readonly pinned: number | null
      readonly replied: number | null
      readonly lastReply: number | null
      readonly followers: readonly string[] | null
      readonly apart: boolean
      /** Who is named from now on; null: as they are. */
      readonly mentions: readonly string[] | null
      readonly marks: readonly (readonly [number, Mark])[]
    }
)

export interface Effects {
  readonly changes: readonly Change[]
  readonly erased: ReadonlyMap<RoomId, Erased>
}

/** How many messages of a room, and their files. */
export interface Erased {
  readonly count: number
  readonly media: readonly string[]
}

interface Stored extends Kept {
  readonly room: RoomId
  readonly sequence: number
  readonly id: EventId
  readonly expiresAt: number | null
  readonly erased: boolean
  readonly revision: number
}

type Place = readonly [room: RoomId, sequence: number]

const READ = `SELECT e.room, e.sequence, e.id, e.actor, e.expires_at, e.class = 'x', e.revision, e.body, e.done
  FROM unnest($1::bigint[], $2::bigint[]) AS p(room, sequence)
  JOIN conclave.events e ON e.room = p.room AND e.sequence = p.sequence WHERE e.class IN ('m', 'x')`

export class Messages {
  readonly #stored = new Map<string, Stored>()
  readonly #marks = new Map<number, Mark>()
  readonly #least = randomInt(2 ** 48 - 1) + 5e15

  /** Reads what the items do something to. Nothing is asked where they do not. */
  static async of(items: readonly Item[], query: Query): Promise<Messages> {
    const messages = new Messages()
    const places = items.flatMap(placesOf)
    if (places.length === 0) return messages
    await messages.#read(places, query)
    const threads: Place[] = []
    for (const { room, body } of messages.#stored.values()) if (body.thread) threads.push([room, body.thread.sequence])
    if (threads.length > 0) await messages.#read(threads, query)
    return messages
  }

  async #read(places: readonly Place[], query: Query): Promise<void> {
    const wanted = new Map(places.map(place => [nameOf(...place), place]))
    for (const name of this.#stored.keys()) wanted.delete(name)
    if (wanted.size === 0) return
    const asked = [...wanted.values()].filter(([, sequence]) => Number.isSafeInteger(sequence))
    const rows = await query(READ, [asked.map(([room]) => room), asked.map(([, sequence]) => sequence)])
    for (const [room, sequence, id, actor, expiresAt, erased, revision, body, done] of rows) {
      const stored: Stored = {
        room: room as RoomId,
        sequence: Number(sequence),
        id: id as EventId,
        sender: actor as UserId | null,
        expiresAt: expiresAt === null ? null : Number(expiresAt),
        erased: erased as boolean,
        revision: revision as number,
        body: JSON.parse(body as string),
        done: done === null ? null : (JSON.parse(done as string) as Done),
      }
      this.#stored.set(nameOf(stored.room, stored.sequence), stored)
    }
  }

  /** What an item does to messages: by its events' rows (`of`: which body of the append each follows from) and by its own.
   * `refused`: it is not expected to be written, so those that come after it start from what was there before it. */
  effects(item: number, given: Item, rows: readonly { of: number; row: Projected }[], refused: boolean): Effects {
    const step = new Step(this.#stored, this.#marks)
    for (const { of, row } of rows) {
      if (row.row === 'message.erased')
        step.erase(given.append?.room as RoomId, row.sequence, stored => stored.id === row.id)
      if (row.row === 'message.changed') {
        const { at, sequence } = this.#marked(item, of)
        const by: RoomEvent = { ...row.by, at, sequence }
        const { target } = row
        step.change(row.by.room, target.sequence, target.id, kept => changed(kept, by))
      }
    }
    for (const row of given.rows) if ('erase' in row) expire(step, row)
    if (!refused) for (const [name, stored] of step.stored) this.#stored.set(name, stored)
    return step
  }

  #marked(item: number, body: number): { at: number; sequence: number } {
    const at = this.#least + this.#marks.size
    this.#marks.set(at, { item, body, of: 'at' })
    this.#marks.set(at + 1, { item, body, of: 'sequence' })
    return { at, sequence: at + 1 }
  }
}

function expire(step: Step, { room, sequences, at }: ErasureRow): void {
  for (const sequence of sequences) step.erase(room, sequence, ({ expiresAt }) => expiresAt !== null && expiresAt <= at)
}

/** One item's. */
class Step implements Effects {
  readonly changes: Change[] = []
  readonly erased = new Map<RoomId, { count: number; media: string[] }>()
  readonly stored = new Map<string, Stored>()
  readonly #before: ReadonlyMap<string, Stored>
  readonly #marks: ReadonlyMap<number, Mark>

  constructor(before: ReadonlyMap<string, Stored>, marks: ReadonlyMap<number, Mark>) {
    this.#before = before
    this.#marks = marks
  }

  erase(room: RoomId, sequence: number, isMeant: (stored: Stored) => boolean): void {
    const stored = this.#of(room, sequence)
    if (!stored) {
      this.#miss(room, sequence)
      return
    }
    if (stored.erased || !isMeant(stored)) {
      this.#nothing(stored)
      return
    }
    const { body, revision } = stored
    const left = erase(body) as Stored['body']
    this.changes.push({ room, sequence, revision, does: 'erase', body: JSON.stringify(left) })
    const erased = this.erased.get(room) ?? { count: 0, media: [] }
    erased.count += 1
    erased.media.push(...mediaOf(body))
    this.erased.set(room, erased)
    this.#put({ ...stored, body: left, done: null, expiresAt: null, erased: true })
    if (!body.thread) return
    const { id, sequence: at } = body.thread
    this.change(room, at, id, kept => ({ ...kept, done: kept.done && withoutReply(kept.done) }))
  }

  change(room: RoomId, sequence: number, id: EventId, by: (kept: Kept) => Kept): void {
    const stored = this.#of(room, sequence)
    if (!stored) {
      this.#miss(room, sequence)
      return
    }
    if (stored.erased || stored.id !== id) {
      this.#nothing(stored)
      return
    }
    const after = by(stored)
    const done = after.done && JSON.stringify(after.done)
    const edited = after.body !== stored.body
    const { thread, pinned, followers } = after.done ?? {}
    const replies = thread && thread.count > 0 ? thread : null
    this.changes.push({
      room,
      sequence,
      revision: stored.revision,
      does: 'change',
      body: edited ? JSON.stringify(after.body) : null,
      done,
      pinned: pinned?.at ?? null,
      replied: replies?.last ?? null,
      lastReply: replies?.sequence ?? null,
      followers: followers ?? null,
      apart: isApart(after.body),
      mentions: edited ? mentioned(after.body) : null,
      marks: marksIn(done ?? '', this.#marks),
    })
    this.#put({ ...stored, ...after })
  }

  /** It may be that an item before this one is refused, and that there is something to do then. */
  #nothing({ room, sequence, revision }: Stored): void {
    this.changes.push({ room, sequence, revision, does: 'nothing' })
  }

  #miss(room: RoomId, sequence: number): void {
    if (Number.isSafeInteger(sequence)) this.changes.push({ room, sequence, revision: 0, does: 'miss' })
  }

  #of(room: RoomId, sequence: number): Stored | undefined {
    const name = nameOf(room, sequence)
    return this.stored.get(name) ?? this.#before.get(name)
  }

  #put(stored: Stored): void {
    this.stored.set(nameOf(stored.room, stored.sequence), { ...stored, revision: stored.revision + 1 })
  }
}

function marksIn(json: string, marks: ReadonlyMap<number, Mark>): (readonly [number, Mark])[] {
  const found = new Map<number, Mark>()
  for (const [digits] of json.matchAll(/\d{16}/g)) {
    const mark = marks.get(Number(digits))
    if (mark) found.set(Number(digits), mark)
  }
  return [...found]
}

/** What of it may be done something to. */
function placesOf({ append, rows }: Item): Place[] {
  const places: Place[] = []
  for (const body of append?.bodies ?? []) {
    const { room } = append as { room: RoomId }
    if (body.type === 'messages.deleted') for (const sequence of body.sequences) places.push([room, sequence])
    else if (body.type === 'message') {
      if (body.thread) places.push([room, body.thread.sequence])
    } else if ('target' in body) places.push([room, body.sequence])
  }
  for (const row of rows) if ('erase' in row) for (const sequence of row.sequences) places.push([row.room, sequence])
  return places
}

function nameOf(room: RoomId, sequence: number): string {
  return `${room} ${sequence}`
}

export const MESSAGE_WRITES = `
-- False where the message is another than the one that r was made from.
CREATE OR REPLACE FUNCTION conclave.write_message(r jsonb, p_sequences bigint[], p_times bigint[]) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  v_room bigint := (r ->> 'room')::bigint;
  v_sequence bigint := (r ->> 'sequence')::bigint;
  v_revision integer := (r ->> 'revision')::integer;
  v_done text := r ->> 'done';
  v_pinned text := r ->> 'pinned';
  v_replied text := r ->> 'replied';
  v_last_reply text := r ->> 'lastReply';
  v_mark jsonb;
  v_value text;
BEGIN
  IF r ->> 'does' = 'miss' THEN
    RETURN NOT EXISTS (SELECT 1 FROM conclave.events e
      WHERE e.room = v_room AND e.sequence = v_sequence AND e.class IN ('m', 'x'));
  END IF;
  IF r ->> 'does' = 'nothing' THEN
    RETURN EXISTS (SELECT 1 FROM conclave.events e
      WHERE e.room = v_room AND e.sequence = v_sequence AND e.revision = v_revision);
  END IF;
  IF r ->> 'does' = 'erase' THEN
    UPDATE conclave.events e SET class = 'x', body = r ->> 'body', expires_at = NULL, file = NULL, done = NULL,
      pinned_at = NULL, replied_at = NULL, last_reply = NULL, followers = NULL, thread = NULL, apart = NULL, revision = e.revision + 1
    WHERE e.room = v_room AND e.sequence = v_sequence AND e.revision = v_revision AND e.class = 'm';
    IF NOT FOUND THEN
      RETURN false;
    END IF;
    PERFORM conclave.join_hidden(v_room, v_sequence);
    DELETE FROM conclave.stars s WHERE s.room = v_room AND s.sequence = v_sequence;
    DELETE FROM conclave.mentions m WHERE m.room = v_room AND m.sequence = v_sequence;
    RETURN true;
  END IF;
  -- Marks: what stands for it, and of which event it is the time or the sequence.
  FOR v_mark IN SELECT * FROM jsonb_array_elements(r -> 'marks') LOOP
    v_value := CASE WHEN v_mark ->> 2 = 'at' THEN p_times[(v_mark ->> 1)::integer] ELSE p_sequences[(v_mark ->> 1)::integer] END;
    v_done := replace(v_done, v_mark ->> 0, v_value);
    v_pinned := replace(v_pinned, v_mark ->> 0, v_value);
    v_replied := replace(v_replied, v_mark ->> 0, v_value);
    v_last_reply := replace(v_last_reply, v_mark ->> 0, v_value);
  END LOOP;
  UPDATE conclave.events e SET body = coalesce(r ->> 'body', e.body), done = v_done, pinned_at = v_pinned::bigint,
    replied_at = v_replied::bigint, last_reply = v_last_reply::bigint, apart = (r ->> 'apart')::boolean,
    followers = CASE WHEN jsonb_typeof(r -> 'followers') = 'array'
      THEN ARRAY(SELECT f::bigint FROM jsonb_array_elements_text(r -> 'followers') f) END,
    revision = e.revision + 1
  WHERE e.room = v_room AND e.sequence = v_sequence AND e.revision = v_revision AND e.class = 'm';
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  IF jsonb_typeof(r -> 'mentions') = 'array' THEN
    DELETE FROM conclave.mentions m WHERE m.room = v_room AND m.sequence = v_sequence;
    INSERT INTO conclave.mentions (room, "user", sequence)
    SELECT v_room, u::bigint, v_sequence FROM jsonb_array_elements_text(r -> 'mentions') u ON CONFLICT DO NOTHING;
  END IF;
  RETURN true;
END $$;
`
