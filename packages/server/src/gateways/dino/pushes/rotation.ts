// `gn_rotation_wanted`, an event of ours: an encrypted room is closed until one of its members changes its key (design 6).
import type { BusMessage } from '../../../bus/bus.ts'
import type { Feed } from '../feeds.ts'
import type { Gate } from '../gate.ts'

type Delivery = Extract<BusMessage, { kind: 'event' }>['delivery']

export function rotationWanted(_gate: Gate, _feed: Feed, _delivery: Delivery): void {}
