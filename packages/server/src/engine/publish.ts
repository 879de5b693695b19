// A committed event goes to everybody who watches its room, and apart from that to each user whom it concerns
// by name (who was added, removed, given a key or a role), since their sessions may not watch the room. What changes the
// lists of rooms goes to every node.
import type { UserId } from '@conclave/wire'
import type { Bus, BusMessage } from '../bus/bus.ts'
import type { EventBody, RoomEvent } from '../room/events.ts'
import type { Channel, Facts } from '../room/facts.ts'
import { isHidden } from '../room/rights.ts'
import type { RoomState } from '../room/state.ts'

interface Published {
  readonly event: RoomEvent
  /** Before and after the event's append. */
  readonly before: RoomState | undefined
  readonly room: RoomState
  readonly channel: Channel
  readonly facts: Facts
  readonly origin: string | null
}

export function publishEvent(bus: Bus, { event, before, room, channel, facts, origin }: Published): BusMessage {
  const actor = event.actor === null ? null : (facts.account(event.actor) ?? null)
  const formerName = event.body.type === 'room.renamed' ? (before?.name ?? null) : null
  const message = { kind: 'event', delivery: { event, room, formerName, channel, actor, origin } } as const
  for (const user of concerned(event.body)) bus.publish(`user:${user}`, message)
  // First, so that whoever is put out of a room that is gone has heard of it.
  if (isListed(event.body)) bus.publish('all', message)
  bus.publish(`room:${event.room}`, message)
  if (event.body.type === 'message' && !event.body.to && room.suite === 'none' && !isHidden(room))
    bus.publish('public', message)
  return message
}

/** What changes the lists of rooms that clients show. */
function isListed(body: EventBody): boolean {
  const { type } = body
  if (type === 'room.configured') return body.changes.kind !== undefined
  return type === 'room.created' || type === 'room.renamed' || type === 'room.removed'
}

/** The users whom an event names. A subscriber of `user:` and `room:` sees such an event twice, first as theirs. */
export function concerned(body: EventBody): readonly UserId[] {
  switch (body.type) {
    case 'room.created':
      return [...new Set([...body.members, ...body.owners, ...body.moderators])]
    case 'members.added':
    case 'members.removed':
      return body.users
    case 'wrap.saved':
    case 'roles.changed':
    case 'leader.changed':
    case 'sanction.lifted':
      return [body.user]
    case 'sanction.set':
      return [body.sanction.user]
    default:
      return []
  }
}
