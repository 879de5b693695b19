// Rows as arrays, and the row of the log as an event. int8 comes as decimal text: ids stay that, and what is counted
// becomes a number here.
import type { EventId, RoomId, UserId } from '@conclave/wire'
import type { Done, EventBody, RoomEvent } from '../../room/events.ts'
import { erase } from '../projection.ts'

export type Columns = readonly unknown[]

/** What `eventOf` takes, of the table `events e`. */
export const EVENT = eventAs('e.class')

/** The same with the class that an expression of the statement's own gives. */
export function eventAs(kind: string): string {
  return `e.sequence, e.id, e.at, e.actor, ${kind}, e.body, e.done`
}

export function eventOf(room: RoomId, [sequence, id, at, actor, kind, body, done]: Columns): RoomEvent {
  const event = {
    room,
    sequence: Number(sequence),
    id: id as EventId,
    at: Number(at),
    actor: actor as UserId | null,
    body: JSON.parse(body as string) as EventBody,
  }
  // Its content may still be there, where its time has just ended or only this reader has hidden it.
  return kind === 'x'
    ? { ...event, body: erase(event.body), erased: true }
    : done === null
      ? event
      : { ...event, done: JSON.parse(done as string) as Done }
}

/** A number that a client may have named, as bigint takes it: the next whole one. */
export function whole(number: number): number {
  return Math.min(Math.max(Math.ceil(number), Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER) || 0
}

/** A reply that its thread alone shows. */
export function isApart({ thread, content }: Extract<EventBody, { type: 'message' }>): boolean {
  if (!thread || !('extra' in content)) return thread !== undefined
  const extra = content.extra as { readonly rocketchat?: { readonly tshow?: unknown }; readonly tshow?: unknown }
  return !isOn(extra.rocketchat?.tshow) && !isOn(extra.tshow)
}

function isOn(value: unknown): boolean {
  return value === true || (typeof value === 'number' && value !== 0)
}
