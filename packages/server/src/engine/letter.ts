// One external event as it waits in the store: what is told of it, what goes one after another, and what is left of it
// when it becomes a dead letter.
import { uuidOf } from '@conclave/wire'
import type { ExternalEvent } from '../outlet/outlet.ts'
import type { Outgoing, OutgoingRow, Store } from '../store/store.ts'

/** What is read of a body; the rest is the gateway's that made it. */
interface Activity {
  /** null: the id of the log's event for which it stands, which is not known before the event is written. */
  readonly id: string | null
  readonly actor?: { readonly id?: string }
  readonly object?: Readonly<Record<string, unknown>>
}

/** Its id is the activity's own. undefined where the log does not hold the event. */
export async function eventOf(
  store: Store,
  { verb, body, room, sequence }: Outgoing,
): Promise<ExternalEvent | undefined> {
  const activity = JSON.parse(body) as Activity
  if (activity.id !== null) return { id: activity.id, verb, body }
  const event = room === null || sequence === null ? undefined : await store.eventAt(room, sequence)
  if (!event) return undefined
  const id = uuidOf(event.id)
  return { id, verb, body: JSON.stringify({ ...activity, id }) }
}

/** What concerns a room is in the room's order; what concerns none, in that of whoever did it. */
export function laneOf({ room, body }: Outgoing): string {
  return room === null ? `user ${(JSON.parse(body) as Activity).actor?.id ?? ''}` : `room ${room}`
}

/** The verb whose body holds content, which somebody disclosed (L8). It is for the site alone and does not stay here. */
const DISCLOSING = 'report'

/** The rows that turn a waiting event into a dead letter. `row`: as it is after the last try. */
export function deadLetter(row: Outgoing): readonly OutgoingRow[] {
  const { id, attempts, error } = row
  if (row.verb !== DISCLOSING) return [{ change: 'outgoing', id, attempts, dueAt: null, error }]
  const { object, ...activity } = JSON.parse(row.body) as Activity
  const { content: _disclosed, summary: _reason, ...rest } = object ?? {}
  const outgoing = { ...row, body: JSON.stringify({ ...activity, object: rest }), dueAt: null }
  return [
    { drop: 'outgoing', id },
    { put: 'outgoing', outgoing, event: null },
  ]
}
