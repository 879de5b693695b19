// `users_in_room`: who is inside. Being inside oneself is not asked for; a hidden room is empty to those outside of it.
import { belongs, isHidden } from '../../../room/rights.ts'
import { echo } from '../activity.ts'
import { idOf, PROVIDER } from '../encode.ts'
import { CODE, malformed, refusal } from '../errors.ts'
import { type Answer, type Asked, refused, stamp } from '../gate.ts'
import { usersJson } from '../people.ts'
import { roomOf } from '../rooms.ts'

export async function usersInRoom({ gate, account, activity }: Asked): Promise<Answer> {
  const { target } = activity
  if (!target) return refused(malformed('target is missing'))
  if (target.id === undefined) return refused(refusal(CODE.MISSING_TARGET_ID, 'no room id specified'))
  const found = await roomOf(gate.parts, target.id)
  const visible = found && (!isHidden(found.room) || belongs(found.room, account.id))
  const users = visible ? await usersJson(gate.parts, found.room, account) : '[]'
  const answer = {
    target: { id: found ? idOf(found.room.id) : echo(target.id), displayName: '' },
    verb: 'list',
    ...stamp(gate),
    provider: PROVIDER,
  }
  const object = `{"objectType":"users","attachments":${users}}`
  return { json: `${JSON.stringify(answer).slice(0, -1)},"object":${object}}` }
}
