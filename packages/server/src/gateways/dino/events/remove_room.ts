// `remove_room`: the room is gone; its removal is the last event of its log. Everybody who may list it, and everybody
// inside, is told.
import { REASON } from '../../../limits.ts'
import { isRejection } from '../../../room/rejection.ts'
import { idOf, PROVIDER } from '../encode.ts'
import { CODE, refusal } from '../errors.ts'
import { type Answer, type Asked, refused, rejectionAnswer, stamp } from '../gate.ts'
import { reasonOf } from '../moderation.ts'
import { roomName } from '../names.ts'
import { roomRuledBy } from '../rooms.ts'

export async function removeRoom({ gate, live, account, activity }: Asked): Promise<Answer> {
  const { target, object } = activity
  if (target?.id === undefined) return refused(refusal(CODE.MISSING_TARGET_ID, 'no target id when removing a room'))
  const found = await roomRuledBy(gate.parts, target.id, account)
  if (!found) return refused(refusal(CODE.NO_SUCH_ROOM, 'no such room'))
  const reason = object ? reasonOf(object) : ''
  if (typeof reason !== 'string') return refused(reason)
  if (reason.length > REASON)
    return refused(refusal(CODE.MSG_TOO_LONG, `the reason is longer than ${REASON} characters`))
  const { room, channel } = found
  const done = await gate.parts.engine.submit({
    room: room.id,
    command: { command: 'remove-room', actor: account.id, reason },
    session: live.id,
    bytes: reason.length,
  })
  if (isRejection(done)) return rejectionAnswer(gate, done, room, channel)
  return {
    data: {
      target: { id: idOf(room.id), displayName: roomName(room), objectType: 'room' },
      verb: 'removed',
      ...stamp(gate),
      provider: PROVIDER,
    },
  }
}
