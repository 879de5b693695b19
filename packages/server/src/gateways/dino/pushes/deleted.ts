// `gn_message_deleted`: messages that are gone, to whoever gets the room's messages, whichever wire deleted them (dino.md
// section 4, delete). A room that is emptied is told of once, by whoever empties it (events/delete.ts).
import type { EventId } from '@conclave/wire'
import type { BusMessage } from '../../../bus/bus.ts'
import type { EventBody } from '../../../room/events.ts'
import type { Account } from '../../../room/facts.ts'
import type { RoomState } from '../../../room/state.ts'
import { eventFrame, idOf, published } from '../encode.ts'
import { deletedJson } from '../encode-rooms.ts'
import type { Feed } from '../feeds.ts'
import { type Gate, stamp } from '../gate.ts'

type Delivery = Extract<BusMessage, { kind: 'event' }>['delivery']
type Deleted = Extract<EventBody, { type: 'messages.deleted' }>
type Expired = Extract<BusMessage, { kind: 'expired' }>

export function deleted(gate: Gate, feed: Feed, { event, room, actor }: Delivery, { targets, whole }: Deleted): void {
  if (!whole) tell(gate, feed, room, targets, actor, event.at)
}

/** Their own time has ended: the server did it. */
export function expired(gate: Gate, feed: Feed, { room, messages, at }: Expired): void {
  const targets = messages.map(({ id }) => id)
  tell(gate, feed, room, targets, null, at)
}

function tell(
  gate: Gate,
  feed: Feed,
  room: RoomState,
  targets: readonly EventId[],
  actor: Account | null,
  at: number,
): void {
  for (const target of targets) {
    feed.toListeners(room, () => {
      const stamped = { id: stamp(gate).id, published: published(at) }
      return eventFrame('gn_message_deleted', deletedJson(room, { id: idOf(target) }, actor, stamped))
    })
  }
}
