// `users_in_room`: who is inside. Being inside oneself is not asked for; a hidden room is empty to those outside of it.
import { belongs, isHidden } from '../../../room/rights.ts'
import { idOf, PROVIDER } from '../encode.ts'
import { CODE, malformed, refusal } from '../errors.ts'
import { type Answer, type Asked, refused, stamp } from '../gate.ts'
import { usersIn } from '../people.ts'
import { roomOf } from '../rooms.ts'

export async function usersInRoom({ gate, account, activity }: Asked): Promise<Answer> {
  const { target } = activity
  if (!target) return refused(malformed('target is missing'))
  if (target.id === undefined) return refused(refusal(CODE.MISSING_TARGET_ID, 'no room id specified'))
  const found = await roomOf(gate.parts, target.id)
  const visible = found && (!isHidden(found.room) || belongs(found.room, account.id))
  const attachments = visible ? await usersIn(gate.parts, found.room, account) : []
  return {
    data: {
      target: { id: found ? idOf(found.room.id) : target.id, displayName: '' },
      object: { objectType: 'users', attachments },
      verb: 'list',
      ...stamp(gate),
      provider: PROVIDER,
    },
  }
}
