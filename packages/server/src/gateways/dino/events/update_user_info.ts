// `update_user_info`: what a user says of themselves, kept, shown to others from now on, and told to the target room or
// to every room that the user is inside (the seed; dino.md section 4). Who is invisible is told of to operators alone.
import { encodeUtf8Base64, type RoomId } from '@conclave/wire'
import { isRefused } from '../../../identity/rejection.ts'
import type { Account } from '../../../room/facts.ts'
import type { Stamp } from '../encode.ts'
import { infoUpdatedJson } from '../encode-people.ts'
import { CODE, malformed, type Refusal, refusal, refusalOf } from '../errors.ts'
import { type Answer, type Asked, type Gate, refused, stamp } from '../gate.ts'
import { userName } from '../names.ts'
import { roomKnownTo } from '../rooms.ts'
import { type Said, saidBy, saying, TOO_MUCH } from '../said.ts'
import { tellRoom, tellUser } from '../tell.ts'

export async function updateUserInfo(asked: Asked): Promise<Answer> {
  const { gate, activity } = asked
  const said = saidBy(activity.object)
  if ('code' in said) return refused(said)
  const rooms = await told(asked)
  if ('code' in rooms) return refused(rooms)
  const account = await keep(asked, said)
  if ('code' in account) return refused(account)
  const made = stamp(gate)
  tell(gate, account, rooms, said, made)
  return { data: echoed(asked, account, made) }
}

/** The target room, which the user has to be inside, or every room in which they are. */
async function told({ gate, account, activity }: Asked): Promise<readonly RoomId[] | Refusal> {
  const { occupancy, clock } = gate.parts
  const id = activity.target?.id
  if (id === undefined) return occupancy.roomsOf(account.id)
  const found = await roomKnownTo(gate.parts, id, account)
  if (!found) return refusal(CODE.NO_SUCH_ROOM, 'no such room')
  if (await occupancy.inside(found.room.id, account.id)) return [found.room.id]
  return refusalOf({ rejected: 'occupant.required', where: 'room' }, { now: clock.now() })
}

async function keep({ gate, account }: Asked, said: Said): Promise<Account | Refusal> {
  const kept = await gate.parts.identity.users.changeOwn(account.id, saying(gate.parts, said))
  if (!isRefused(kept)) return kept
  return kept.rejected === 'user.malformed' ? TOO_MUCH : malformed('the server is busy, try again')
}

function tell({ parts }: Gate, account: Account, rooms: readonly RoomId[], said: Said, made: Stamp): void {
  const attachments = [...said].map(([objectType, value]) => ({ content: encodeUtf8Base64(value), objectType }))
  const json = infoUpdatedJson(account, attachments, made)
  const { id, invisible } = account
  for (const room of rooms) {
    if (!invisible) tellRoom(parts.bus, room, 'gn_user_info_updated', json)
    else
      tellRoom(parts.bus, room, 'gn_user_info_updated', json, { to: 'operators', exceptUser: id, exceptSession: null })
  }
  // Their own other sessions all the same.
  if (invisible && rooms.length > 0) tellUser(parts.bus, id, 'gn_user_info_updated', json)
}

/** What was sent, as the server understood it (dino.md 0, item 20). */
function echoed({ activity }: Asked, account: Account, made: Stamp): object {
  const actor = { ...activity.actor?.fields, id: account.id, displayName: userName(account) }
  return { ...activity.fields, actor, ...made }
}
