// A committed event goes to everybody who watches its room, and apart from that to each user whom it concerns
// by name (who was added, removed, given a key or a role), since their sessions may not watch the room. What changes the
// lists of rooms goes to every node.
import type { Bus, BusMessage } from '../bus/bus.ts'
import { concerned, isListed, isPublic } from '../room/concerned.ts'
import type { RoomEvent } from '../room/events.ts'
import type { Channel, Facts } from '../room/facts.ts'
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
  if (isPublic(event.body, room)) bus.publish('public', message)
  return message
}
