// `get_acl`: the access rules of a room or a channel. Anybody may read them, but of a hidden room only who belongs to it.
import type { Channel } from '../../../room/facts.ts'
import type { RoomState } from '../../../room/state.ts'
import { echo } from '../activity.ts'
import { idOf, PROVIDER } from '../encode.ts'
import { CODE, type Refusal, refusal } from '../errors.ts'
import { type Answer, type Asked, refused, stamp } from '../gate.ts'
import { channelOf, roomKnownTo } from '../rooms.ts'
import { shownAcls } from './list_channels.ts'

export async function getAcl(asked: Asked): Promise<Answer> {
  const holder = await holderOf(asked)
  if ('code' in holder) return refused(holder)
  return {
    data: {
      object: { objectType: 'acl', attachments: shownAcls(holder.acls) },
      target: { id: idOf(holder.id), objectType: asked.activity.target?.objectType },
      verb: 'get',
      ...stamp(asked.gate),
      provider: PROVIDER,
    },
  }
}

/** Whose rules are meant. */
async function holderOf({ gate, account, activity }: Asked): Promise<RoomState | Channel | Refusal> {
  const { target } = activity
  if (!target) return refusal(CODE.MISSING_TARGET_ID, 'no target on activity')
  const { id, objectType } = target
  if (id === undefined) return refusal(CODE.MISSING_TARGET_ID, 'blank target id on activity')
  if (objectType === undefined) return refusal(CODE.INVALID_OBJECT_TYPE, 'blank object type on activity')
  if (objectType === 'channel')
    return (await channelOf(gate.parts, id)) ?? refusal(CODE.NO_SUCH_CHANNEL, 'no such channel')
  if (objectType === 'room')
    return (await roomKnownTo(gate.parts, id, account))?.room ?? refusal(CODE.NO_SUCH_ROOM, 'no such room')
  const text = `unknown object type "${echo(objectType)}", must be one of [channel, room]`
  return refusal(CODE.INVALID_OBJECT_TYPE, text)
}
