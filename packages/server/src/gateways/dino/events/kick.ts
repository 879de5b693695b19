// `kick`: out of a room, member or not, with every session; `dino.kickBan` keeps out for a while as well. Kicking
// somebody whom nobody knows is no error.
import { isRejection } from '../../../room/rejection.ts'
import { mayOwn } from '../../../room/rights.ts'
import { echo } from '../activity.ts'
import { CODE, refusal } from '../errors.ts'
import { type Answer, type Asked, DONE, refused, rejectionAnswer } from '../gate.ts'
import { eraseWritten, reasonOf } from '../moderation.ts'
import { roomRuledBy, userNamed } from '../rooms.ts'

export async function kickUser({ gate, live, account, activity }: Asked): Promise<Answer> {
  const { parts } = gate
  const { target, object } = activity
  if (target?.id === undefined) return refused(refusal(CODE.MISSING_TARGET_ID, 'got blank room id, can not kick'))
  const found = await roomRuledBy(parts, target.id, account)
  if (!found) return refused(refusal(CODE.NO_SUCH_ROOM, `no room with id "${echo(target.id)}" exists`))
  if (object?.id === undefined)
    return refused(refusal(CODE.MISSING_TARGET_DISPLAY_NAME, 'got blank user id, can not kick'))
  const reason = reasonOf(object)
  if (typeof reason !== 'string') return refused(reason)

  const { room, channel } = found
  const user = userNamed(object.id)
  if (user === undefined)
    return mayOwn(room, channel, account) ? DONE : refused(refusal(CODE.NOT_ALLOWED, 'not allowed to kick'))
  const banMs = parts.config.dino.kickBan * 1_000
  const kicked = await parts.sanctions.kick({ actor: account, session: live.id, room: room.id, user, reason, banMs })
  if (isRejection(kicked)) return rejectionAnswer(gate, kicked, room, channel)
  await eraseWritten(gate, user, [room.id])
  return DONE
}
