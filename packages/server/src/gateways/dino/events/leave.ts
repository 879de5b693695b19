// `leave`: this session leaves a room; the others hear of it when no session of the user is left inside. Leaving what
// one is not in, or what does not exist, is no error.
import type { Account } from '../../../room/facts.ts'
import { checkJoin, isHidden, visitorOf } from '../../../room/rights.ts'
import type { Part } from '../activity.ts'
import { CODE, malformed, refusal } from '../errors.ts'
import { type Answer, type Asked, DONE, type Gate, refused } from '../gate.ts'
import { type Found, isRefusal, roomNamed, roomOf } from '../rooms.ts'

export async function leave({ gate, session, live, account, activity }: Asked): Promise<Answer> {
  const { target } = activity
  if (!target) return refused(refusal(CODE.MISSING_TARGET_ID, 'room_id is None when trying to leave room'))
  if (target.id === undefined) return refused(malformed('target.id is missing'))
  const found = await wanted(gate, target, target.id, account)
  if (!found) return DONE
  const { room } = found
  const { bus, occupancy } = gate.parts
  const inside = session.rooms.has(room.id)
  gate.feeds.leave(room.id, session)
  const { last } = await occupancy.leave(live, room.id)
  // As the real server does: whoever still shows the user in the room learns better. Only where the user might be.
  if (!last && !inside && mayBeIn(gate, found, account) && !(await occupancy.inside(room.id, account.id)))
    bus.publish(`room:${room.id}`, { kind: 'left', room, session: live, account })
  return DONE
}

/** A hidden room is left without a word, since those outside of it must not be heard in it. */
function mayBeIn({ parts }: Gate, { room, channel }: Found, account: Account): boolean {
  const visitor = visitorOf(parts.engine.settings.acl, room, channel, account)
  return !isHidden(room) && checkJoin(room, channel, account, visitor, parts.clock.now()) === null
}

async function wanted({ parts }: Gate, target: Part, id: string, account: Account): Promise<Found | undefined> {
  if (target.objectType !== 'name') return roomOf(parts, id)
  const named = await roomNamed(parts, id, account)
  return isRefusal(named) ? undefined : named
}
