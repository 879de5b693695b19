// `gn_user_kicked`, `gn_banned`, `gn_user_banned`, `gn_mute`, `gn_unmute` (dino.md section 5): to whom it happens to and to
// the room. What comes about a room goes to everybody inside; what comes about a user, to those of their sessions that are
// not inside that room: so each session hears of it once. Whoever watches hears of a kick or a ban before they are put out.
import type { RoomId, UserId } from '@conclave/wire'
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
/** Gives one frame to some sessions; it is made if anybody gets it. */
type Tell = (frame: () => Buffer) => void

/** Members who were kicked, on whatever wire. */
export function kicked(gate: Gate, delivery: Delivery, body: Removed, tell: Tell): void {
  for (const user of body.users) {
    const deed = { actor: delivery.actor, user, account: accountOf(gate, user), reason: body.reason }
    tell(() => eventFrame('gn_user_kicked', kickedJson(deed, delivery.room, stamp(gate))))
  }
}

/** An occupant who was kicked and is no member. */
export function shownOut(gate: Gate, { room, actor, account, reason }: ShownOut, tell: Tell): void {
  const deed = { actor, user: account.id, account, reason }
  tell(() => eventFrame('gn_user_kicked', kickedJson(deed, room, stamp(gate))))
}

/** A ban of the room's own, on whatever wire. */
export function banned(gate: Gate, { room, actor }: Delivery, { sanction, kick }: Imposed, tell: Tell): void {
  if (sanction.kind !== 'ban' || kick) return
  const { user, reason } = sanction
  const deed = { actor, user, account: accountOf(gate, user), reason }
  tell(() => eventFrame('gn_user_banned', userBannedJson(deed, placeOf(room), stamp(gate))))
  tell(() => eventFrame('gn_user_kicked', bannedOutJson(deed, room.id, stamp(gate))))
}

/** A ban from the channel or from the server, in one of the rooms that it covers. Whom it is on hears of all rooms by `sanctioned`:
 * that comes by another way, and by then they may be inside no more. */
export function bannedWidely(gate: Gate, feed: Feed, message: Sanctioned): void {
  if (!tellsRooms(message)) return
  const tell = toSessions([...feed.inside].filter(({ user }) => user !== message.account.id))
  const deed = deedOf(message)
  tell(() => eventFrame('gn_user_banned', userBannedJson(deed, widePlaceOf(message), stamp(gate))))
  tell(() => eventFrame('gn_user_kicked', bannedOutJson(deed, feed.room, stamp(gate))))
}

/** What a sanction says to whom it is on, whatever its scope. */
export function sanctioned(gate: Gate, sessions: Iterable<DinoSession>, message: Sanctioned): void {
  const tell = toSessions(sessions)
  const { lifted, sanction, scope, rooms } = message
  if (sanction.kind === 'mute') {
    tell(() => eventFrame(lifted ? 'gn_unmute' : 'gn_mute', muteJson(message, stamp(gate))))
    return
  }
  if (lifted) return
  tell(() => eventFrame('gn_banned', bannedJson(message, stamp(gate))))
  // Of a room's own ban the rest is told by the event in its log.
  if (scope === 'room') return
  const deed = deedOf(message)
  tell(() => eventFrame('gn_user_banned', userBannedJson(deed, widePlaceOf(message), stamp(gate))))
  for (const room of rooms) tell(() => eventFrame('gn_user_kicked', bannedOutJson(deed, room, stamp(gate))))
}

/** To sessions of a user that are not inside the room: what is inside hears of it with the room. */
export function toThoseOutside(gate: Gate, sessions: Iterable<DinoSession>, room: RoomId): Tell {
  const inside = gate.feeds.get(room)?.inside
  return toSessions([...sessions].filter(session => !inside?.has(session)))
}

function toSessions(sessions: Iterable<DinoSession>): Tell {
  return frame => {
    let made: Buffer | undefined
    for (const { outlet } of sessions) {
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
