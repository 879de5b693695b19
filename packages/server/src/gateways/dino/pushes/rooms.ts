// `gn_room_created`, `gn_room_renamed`, `gn_room_removed` (dino.md section 5). A room that is listed is told to every
// session that may list it; a hidden one to those who belong to it.
import type { BusMessage } from '../../../bus/bus.ts'
import type { Channel } from '../../../room/facts.ts'
import { belongs, isHidden } from '../../../room/rights.ts'
import { type RoomState, usersWith } from '../../../room/state.ts'
import { eventFrame, removedJson } from '../encode.ts'
import type { Feed } from '../feeds.ts'
import { type Gate, stamp } from '../gate.ts'
import type { DinoSession } from '../session.ts'

type Delivery = Extract<BusMessage, { kind: 'event' }>['delivery']

/** What concerns the lists of rooms; comes once on every node. */
export function listed(gate: Gate, delivery: Delivery): void {
  const { body } = delivery.event
  gate.directory.forget()
  switch (body.type) {
    case 'room.removed':
      toAll(gate, delivery, () => removedFrame(gate, delivery, body.reason))
      break
    default:
      break
  }
}

/** Whoever was inside a room that is gone is inside no longer. */
export function vacated(gate: Gate, feed: Feed, { room }: Delivery): void {
  const { presence } = gate.parts
  for (const session of [...feed.belonging]) feed.unlisten(session)
  for (const session of [...feed.inside]) {
    feed.leave(session)
    if (session.live)
      void presence.leave(room.id, session.live.id).catch(error => gate.log.error({ err: error }, 'bug'))
  }
  gate.feeds.release(feed)
}

function removedFrame(gate: Gate, { room, actor }: Delivery, reason: string): Buffer {
  const owners = usersWith(room, 'owner').map(user => gate.parts.identity.accounts.peek(user))
  return eventFrame('gn_room_removed', removedJson(room, actor, owners, reason, stamp(gate)))
}

/** To every session of this node that may know of the room: of a hidden one those who belong to it. */
function toAll(gate: Gate, { room, channel }: Delivery, frame: () => Buffer): void {
  let made: Buffer | undefined
  for (const session of gate.feeds.sessions()) {
    if (!(isHidden(room) ? isOwn(room, session) : mayList(gate, room, channel, session))) continue
    made ??= frame()
    session.outlet.write(made)
  }
}

/** A room that is removed has forgotten its members; the sessions that listened to it have not. */
function isOwn(room: RoomState, { user, belongs: listens }: DinoSession): boolean {
  return listens.has(room.id) || (user !== null && belongs(room, user))
}

function mayList({ parts }: Gate, room: RoomState, channel: Channel, { user }: DinoSession): boolean {
  const account = user === null ? undefined : parts.identity.accounts.peek(user)
  return (
    account !== undefined && parts.reading.mayList(account, room.removed ? { ...room, removed: false } : room, channel)
  )
}
