// Which members want no notifications of a conversation: a document for each who ever said so, of their own. It goes with
// the membership.
import type { EventId, RoomId, UserId } from '@conclave/wire'
import type { Decision } from '../room/decision.ts'
import type { Signed } from '../room/events.ts'
import type { Document, DocumentRow } from '../store/store.ts'
import type { Decided } from './engine.ts'

export const NOTIFICATIONS = 'notifications'

/** What a member said last, and what they signed of it. */
export interface Notifications {
  readonly muted: boolean
  /** As the ids of events are, but of no event in the log. */
  readonly id: EventId
  /** ms since 1970. */
  readonly at: number
  readonly signed: Signed
}

export function keyOf(room: RoomId, user: UserId): string {
  return `${user}.${room}`
}

export function notificationsIn(document: Document): Notifications {
  return JSON.parse(document.body)
}

/** `id` is a new one; `at` in ms since 1970. */
export function putNotifications(
  room: RoomId,
  { user, muted, signed }: NonNullable<Decision['notifications']>,
  id: string,
  at: number,
): DocumentRow {
  const said: Notifications = { muted, id: id as EventId, at, signed }
  const document = { kind: NOTIFICATIONS, key: keyOf(room, user), owner: user, body: JSON.stringify(said), dueAt: null }
  return { put: 'document', document }
}

/** Of whoever belongs to the room no more. */
export function rowsOfDeparted({ room, before, bodies }: Decided): readonly DocumentRow[] {
  if (before?.suite !== 'xchat') return []
  return bodies.flatMap(body => {
    const gone =
      body.type === 'members.removed' ? body.users : body.type === 'room.removed' ? [...before.members.keys()] : []
    return gone.map(user => ({ drop: 'document', kind: NOTIFICATIONS, key: keyOf(room, user) }) as const)
  })
}
