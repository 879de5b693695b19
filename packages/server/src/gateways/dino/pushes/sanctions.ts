// `gn_user_kicked`, `gn_banned`, `gn_user_banned`, `gn_mute`, `gn_unmute` (dino.md section 5): to whom it happens to and to
// the room. What comes about a room goes to everybody else inside; what comes about a user, to all of their sessions: so
// each session hears of it once, though the two come by ways of their own and whoever is put out may be inside no more.
import type { UserId } from '@conclave/wire'
import type { BusMessage, Sanctioned } from '../../../bus/bus.ts'
import type { EventBody } from '../../../room/events.ts'
import type { Account } from '../../../room/facts.ts'
import { eventFrame } from '../encode.ts'
import type { Feed } from '../feeds.ts'
import { type Gate, stamp } from '../gate.ts'
import {
  bannedJson,
  bannedOutJson,
  type Deed,
  kickedJson,
  muteJson,
  placeOf,
  userBannedJson,
  widePlaceOf,
} from '../sanctions.ts'
import type { DinoSession } from '../session.ts'

type Delivery = Extract<BusMessage, { kind: 'event' }>['delivery']
type ShownOut = Extract<BusMessage, { kind: 'kicked' }>
type Removed = Extract<EventBody, { type: 'members.removed' }>
type Imposed = Extract<EventBody, { type: 'sanction.set' }>
/** Gives a frame about a user to some sessions; it is made once, if anybody gets it. */
type Tell = (about: UserId, frame: () => Buffer) => void

/** Members who were kicked, on whatever wire. */
export function kicked(gate: Gate, delivery: Delivery, body: Removed, tell: Tell): void {
  for (const user of body.users) {
    const deed = { actor: delivery.actor, user, account: accountOf(gate, user), reason: body.reason }
    tell(deed.user, () => eventFrame('gn_user_kicked', kickedJson(deed, delivery.room, stamp(gate))))
  }
}

/** An occupant who was kicked and is no member. */
export function shownOut(gate: Gate, { room, actor, account, reason }: ShownOut, tell: Tell): void {
  const deed = { actor, user: account.id, account, reason }
  tell(deed.user, () => eventFrame('gn_user_kicked', kickedJson(deed, room, stamp(gate))))
}

/** A ban of the room's own, on whatever wire. */
export function banned(gate: Gate, { room, actor }: Delivery, { sanction, kick }: Imposed, tell: Tell): void {
  if (sanction.kind !== 'ban' || kick) return
  const { user, reason } = sanction
  const deed = { actor, user, account: accountOf(gate, user), reason }
  tell(user, () => eventFrame('gn_user_banned', userBannedJson(deed, placeOf(room), stamp(gate))))
  tell(user, () => eventFrame('gn_user_kicked', bannedOutJson(deed, room.id, stamp(gate))))
}

/** A ban from the channel or from the server, in one of the rooms that it covers. Whom it is on hears of all rooms by
 * `sanctioned`. */
export function bannedWidely(gate: Gate, feed: Feed, message: Sanctioned): void {
  if (!tellsRooms(message)) return
  const deed = deedOf(message)
  feed.toOthers(deed.user, () => eventFrame('gn_user_banned', userBannedJson(deed, widePlaceOf(message), stamp(gate))))
  feed.toOthers(deed.user, () => eventFrame('gn_user_kicked', bannedOutJson(deed, feed.room, stamp(gate))))
}

/** What a sanction says to whom it is on, whatever its scope. */
export function sanctioned(gate: Gate, sessions: Iterable<DinoSession>, message: Sanctioned): void {
  const tell = toOwn(sessions)
  const { lifted, sanction, scope, rooms, account } = message
  if (sanction.kind === 'mute') {
    tell(account.id, () => eventFrame(lifted ? 'gn_unmute' : 'gn_mute', muteJson(message, stamp(gate))))
    return
  }
  if (lifted) return
  tell(account.id, () => eventFrame('gn_banned', bannedJson(message, stamp(gate))))
  // Of a room's own ban the rest is told by the event in its log.
  if (scope === 'room') return
  const deed = deedOf(message)
  tell(account.id, () => eventFrame('gn_user_banned', userBannedJson(deed, widePlaceOf(message), stamp(gate))))
  for (const room of rooms) tell(account.id, () => eventFrame('gn_user_kicked', bannedOutJson(deed, room, stamp(gate))))
}

/** To everybody inside a room but the user whom it is about, */
export function toOthersInside(feed: Feed): Tell {
  return (user, frame) => feed.toOthers(user, frame)
}

/** and to those of some sessions that are that user's, wherever they are. */
export function toOwn(sessions: Iterable<DinoSession>): Tell {
  return (about, frame) => {
    let made: Buffer | undefined
    for (const { user, outlet } of sessions) {
      if (user !== about) continue
      made ??= frame()
      outlet.write(made)
    }
  }
}

/** Of the room's own sanctions the room hears by its log. */
function tellsRooms({ scope, lifted, sanction }: Sanctioned): boolean {
  return scope !== 'room' && !lifted && sanction.kind === 'ban'
}

function deedOf({ actor, account, sanction }: Sanctioned): Deed {
  return { actor, user: account.id, account, reason: sanction.reason }
}

function accountOf({ parts }: Gate, user: UserId): Account | undefined {
  return parts.identity.accounts.peek(user)
}
