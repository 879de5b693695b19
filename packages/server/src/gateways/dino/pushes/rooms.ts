// `gn_room_created`, `gn_room_renamed`, `gn_room_removed` (dino.md section 5), whichever wire it happens on. A room that is
// listed is told to every session that may list it, and the end of one to everybody inside; a hidden one to those who
// belong to it. A talk between two is no room to its people until somebody writes.
import type { BusMessage } from '../../../bus/bus.ts'
import type { Account, Channel } from '../../../room/facts.ts'
import { belongs, isHidden } from '../../../room/rights.ts'
import { type RoomState, usersWith } from '../../../room/state.ts'
import { eventFrame } from '../encode.ts'
import { createdJson, removedJson, renamedJson } from '../encode-rooms.ts'
import type { Feed } from '../feeds.ts'
import { type Gate, stamp } from '../gate.ts'
import type { DinoSession } from '../session.ts'

type Delivery = Extract<BusMessage, { kind: 'event' }>['delivery']

/** What concerns the lists of rooms; comes once on every node. */
export function listed(gate: Gate, delivery: Delivery): void {
  const { event, room, channel, actor, formerName } = delivery
  const { body } = event
  gate.directory.forget()
  if (room.kind === 'direct') return
  switch (body.type) {
    case 'room.created':
      toAll(gate, delivery, () => eventFrame('gn_room_created', createdJson(room, channel, actor, stamp(gate))))
      break
    case 'room.renamed':
      toAll(gate, delivery, () => {
        const json = renamedJson(room, formerName ?? '', actor, ownersOf(gate, room), stamp(gate))
        return eventFrame('gn_room_renamed', json)
      })
      break
    case 'room.removed':
      toAll(gate, delivery, () => {
        const json = removedJson(room, actor, ownersOf(gate, room), body.reason, stamp(gate))
        return eventFrame('gn_room_removed', json)
      })
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

/** As far as they are remembered: an encoder does not wait. */
function ownersOf({ parts }: Gate, room: RoomState): ReadonlyMap<string, Account> {
  const owners = new Map<string, Account>()
  for (const user of usersWith(room, 'owner')) {
    const account = parts.identity.accounts.peek(user)
    if (account) owners.set(user, account)
  }
  return owners
}

/** To every session of this node that may know of the room: of a hidden one those who belong to it. */
function toAll(gate: Gate, { event, room, channel }: Delivery, frame: () => Buffer): void {
  const isGone = event.body.type === 'room.removed'
  let made: Buffer | undefined
  for (const session of gate.feeds.sessions()) {
    const isInside = isGone && session.rooms.has(room.id)
    if (!isInside && !(isHidden(room) ? isOwn(room, session) : mayList(gate, room, channel, session))) continue
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
  if (!account || parts.reading.mayListChannel(account, channel)) return false
  return parts.reading.mayList(account, room.removed ? { ...room, removed: false } : room, channel)
}
