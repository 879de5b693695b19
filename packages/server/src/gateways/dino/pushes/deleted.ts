// `gn_message_deleted`: messages that are gone, to the room (dino.md section 4, delete).
import type { BusMessage } from '../../../bus/bus.ts'
import type { EventBody } from '../../../room/events.ts'
import type { Feed } from '../feeds.ts'
import type { Gate } from '../gate.ts'

type Delivery = Extract<BusMessage, { kind: 'event' }>['delivery']
type Deleted = Extract<EventBody, { type: 'messages.deleted' }>

export function deleted(_gate: Gate, _feed: Feed, _delivery: Delivery, _body: Deleted): void {}
