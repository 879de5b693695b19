// `history`: the newest messages of a room, or of the talk with another user (the seed: a user's id as `target.id`).
import { isRejection } from '../../../room/rejection.ts'
import { echo } from '../activity.ts'
import { idOf, PROVIDER } from '../encode.ts'
import { CODE, malformed, refusal } from '../errors.ts'
import { type Answer, type Asked, refused, rejectionAnswer, stamp } from '../gate.ts'
import { historyOf, type PastMessage } from '../history.ts'
import { roomName } from '../names.ts'
import { directRoom, originOf, roomKnownTo, roomOf, userNamed } from '../rooms.ts'

export async function history({ gate, account, activity }: Asked): Promise<Answer> {
  const { parts } = gate
  const { target, actor, updated } = activity
  if (!target) return refused(malformed('target is missing'))
  const { id } = target
  if (id === undefined) return refused(refusal(CODE.MISSING_TARGET_ID, 'invalid target id'))
  const other = userNamed(id)
  const found = other === undefined ? await roomOf(parts, id) : await directRoom(parts, account.id, other)
  if (!found) {
    if (other !== undefined && (await parts.identity.accounts.load(other))) return answer(asked(id, ''), [])
    return refused(refusal(CODE.NO_SUCH_ROOM, 'no such room'))
  }
  const { room, channel } = found
  const from = actor?.url === undefined ? undefined : await roomKnownTo(parts, actor.url, account)
  const origin = from ? await originOf(parts, from, account) : null
  const past = await historyOf(parts, account, room, origin, updated)
  if (isRejection(past)) return rejectionAnswer(gate, past, room, channel)
  return answer(asked(other ?? idOf(room.id), other === undefined ? roomName(room) : ''), past)

  function answer(target: object, attachments: readonly PastMessage[]): Answer {
    const object = { objectType: 'messages', attachments }
    return { data: { object, verb: 'history', ...stamp(gate), provider: PROVIDER, target } }
  }
}

/** The target as it was asked for. */
function asked(id: string, displayName: string): { readonly id: string; readonly displayName: string } {
  return { id: echo(id), displayName }
}
