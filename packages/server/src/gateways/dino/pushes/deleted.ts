// `gn_message_deleted`: messages that are gone, to whoever gets the room's messages, whichever wire deleted them (dino.md
// section 4, delete). A room that is emptied is told of once, by whoever empties it (events/delete.ts).
import type { BusMessage } from '../../../bus/bus.ts'
import type { EventBody } from '../../../room/events.ts'
import { eventFrame, idOf, published } from '../encode.ts'
import { deletedJson } from '../encode-rooms.ts'
import type { Feed } from '../feeds.ts'
import { type Gate, stamp } from '../gate.ts'

type Delivery = Extract<BusMessage, { kind: 'event' }>['delivery']
type Deleted = Extract<EventBody, { type: 'messages.deleted' }>

export function deleted(gate: Gate, feed: Feed, { event, room, actor }: Delivery, { targets, whole }: Deleted): void {
  if (whole) return
  for (const target of targets) {
    feed.toListeners(room, () => {
      const at = { id: stamp(gate).id, published: published(event.at) }
      return eventFrame('gn_message_deleted', deletedJson(room, { id: idOf(target) }, actor, at))
    })
  }
}
