// `rename_room`: a room gets another name, which is held to the same rules as that of a new room. Everybody who may list
// the room is told.
import type { Rejection } from '../../../room/rejection.ts'
import { isRejection } from '../../../room/rejection.ts'
import { checkStanding, mayRemove } from '../../../room/rights.ts'
import { idOf, PROVIDER } from '../encode.ts'
import { CODE, refusal } from '../errors.ts'
import { type Answer, type Asked, refused, rejectionAnswer, stamp } from '../gate.ts'
import { roomName } from '../names.ts'
import { checkFree, checkLength, givenName } from '../room-name.ts'
import { type Found, roomRuledBy } from '../rooms.ts'

export async function renameRoom(asked: Asked): Promise<Answer> {
  const { gate, live, account, activity } = asked
  const { target } = activity
  if (target?.id === undefined) return refused(refusal(CODE.MISSING_TARGET_ID, 'no target id when renaming a room'))
  const found = await roomRuledBy(gate.parts, target.id, account)
  if (!found) return refused(refusal(CODE.NO_SUCH_ROOM, 'no such room'))
  const { room, channel } = found
  const barred = checkRenamer(asked, found)
  if (barred) return rejectionAnswer(gate, barred, room, channel)
  const name = await givenName(gate, target.displayName)
  if (typeof name !== 'string') return refused(name)
  const unfit = (await checkFree(gate, name, room.id)) ?? checkLength(gate, name)
  if (unfit) return refused(unfit)
  const done = await gate.parts.engine.submit({
    room: room.id,
    command: { command: 'describe-room', actor: account.id, name, claimName: true },
    session: live.id,
    bytes: name.length,
  })
  if (isRejection(done)) return rejectionAnswer(gate, done, room, channel)
  return {
    data: {
      target: { id: idOf(room.id), displayName: roomName(done.room), objectType: 'room' },
      verb: 'renamed',
      ...stamp(gate),
      provider: PROVIDER,
    },
  }
}

/** As the command decides it again; here so that who may not rename hears that, and nothing of other rooms' names. */
function checkRenamer({ gate, account }: Asked, { room, channel }: Found): Rejection | null {
  const barred = checkStanding(room, channel, account, gate.parts.clock.now())
  if (barred) return barred
  if (!mayRemove(room, channel, account))
    return { rejected: 'role.required', text: `user ${account.id} is not allowed to rename the room` }
  return room.kind === 'direct' ? { rejected: 'room.kind', text: 'a talk between two has no name' } : null
}
