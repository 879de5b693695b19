// `set_acl`: changes access rules of a room or a channel one by one; a blank value takes a rule away (the seed). All or
// none of the changes are made.

import { changeChannelAcls } from '../../../engine/channel-acls.ts'
import type { ProposedAcl } from '../../../room/acl-check.ts'
import { isRejection } from '../../../room/rejection.ts'
import { type Activity, echo } from '../activity.ts'
import { CODE, type Refusal, refusal } from '../errors.ts'
import { type Answer, type Asked, DONE, refused, rejectionAnswer } from '../gate.ts'
import { proposedAcls } from '../proposed.ts'
import { channelOf, roomRuledBy } from '../rooms.ts'

export async function setAcl(asked: Asked): Promise<Answer> {
  const wanted = read(asked.activity)
  if ('code' in wanted) return refused(wanted)
  return wanted.on === 'channel' ? ofChannel(asked, wanted) : ofRoom(asked, wanted)
}

interface Wanted {
  readonly id: string
  readonly on: 'channel' | 'room'
  readonly changes: readonly ProposedAcl[]
}

function read({ target, object }: Activity): Wanted | Refusal {
  if (target?.id === undefined) return refusal(CODE.MISSING_TARGET_ID, 'no target id when setting acls')
  const { id, objectType: on } = target
  if (on === undefined) return refusal(CODE.INVALID_TARGET_TYPE, 'empty object_type, must be one of [channel, room]')
  if (on !== 'channel' && on !== 'room') {
    const text = `invalid object_type "${echo(on)}", must be one of [channel, room]`
    return refusal(CODE.INVALID_TARGET_TYPE, text)
  }
  if (!object?.attachments) return refusal(CODE.MISSING_OBJECT_ATTACHMENTS, 'no attachments on object')
  const changes = proposedAcls(object.attachments)
  return 'code' in changes ? changes : { id, on, changes }
}

async function ofRoom({ gate, live, account }: Asked, { id, changes }: Wanted): Promise<Answer> {
  const found = await roomRuledBy(gate.parts, id, account)
  if (!found) return refused(refusal(CODE.NO_SUCH_ROOM, 'no such room'))
  const { room, channel } = found
  const done = await gate.parts.engine.submit({
    room: room.id,
    command: { command: 'set-acls', actor: account.id, changes },
    session: live.id,
    bytes: JSON.stringify(changes).length,
  })
  return isRejection(done) ? rejectionAnswer(gate, done, room, channel) : DONE
}

async function ofChannel({ gate, account }: Asked, { id, changes }: Wanted): Promise<Answer> {
  const channel = await channelOf(gate.parts, id)
  if (!channel) return refused(refusal(CODE.NO_SUCH_CHANNEL, 'no such channel'))
  const { identity, clock, write, engine } = gate.parts
  const parts = { identity, clock, write, rules: engine.settings.acl }
  const rejected = await changeChannelAcls(parts, { channel: channel.id, actor: account.id, changes })
  return rejected ? rejectionAnswer(gate, rejected, undefined, channel) : DONE
}
