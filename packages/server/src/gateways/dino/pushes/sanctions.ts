// `gn_user_kicked`, `gn_banned`, `gn_user_banned`, `gn_mute`, `gn_unmute` (dino.md section 5): to whom it happens to and to
// the room.
import type { BusMessage } from '../../../bus/bus.ts'
import type { EventBody, Sanction } from '../../../room/events.ts'
import type { Feed } from '../feeds.ts'
import type { Gate } from '../gate.ts'

type Delivery = Extract<BusMessage, { kind: 'event' }>['delivery']
type Removed = Extract<EventBody, { type: 'members.removed' }>
type Lifted = Extract<EventBody, { type: 'sanction.lifted' }>

export function kicked(_gate: Gate, _feed: Feed, _delivery: Delivery, _body: Removed): void {}

export function sanctioned(_gate: Gate, _feed: Feed, _delivery: Delivery, _sanction: Sanction): void {}

export function sanctionLifted(_gate: Gate, _feed: Feed, _delivery: Delivery, _body: Lifted): void {}
