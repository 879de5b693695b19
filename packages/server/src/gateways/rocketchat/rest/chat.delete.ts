// `chat.delete`: for everybody. `asUser` asks for the right to delete others' messages as if they did it themselves.
import { z } from 'zod'
import { accountOf } from '../encode.ts'
import { failure } from '../errors.ts'
import { messageOf } from '../messages/found-message.ts'
import { remove } from '../methods/deleteMessage.ts'
import { ridOf, userRefOf } from '../names.ts'
import { id } from '../params.ts'
import { route } from '../route.ts'

export const chatDelete = route({
  verb: 'POST',
  paths: ['/v1/chat.delete'],
  input: z.looseObject({ msgId: id, roomId: id, asUser: z.boolean().nullish() }),
  async run(call, { msgId, roomId, asUser }) {
    const { gate, caller } = call
    const found = await messageOf(gate, caller, msgId)
    if (!found) return failure(`No message found with the id of "${msgId}".`)
    if (ridOf(found.room) !== roomId) return failure('The room id provided does not match where the message is from.')
    const { actor } = found.event
    if (
      asUser &&
      actor !== caller.account.id &&
      !gate.permissions.may(caller.account, 'force-delete-message', found.room)
    )
      return failure(
        'Unauthorized. You must have the permission "force-delete-message" to delete other\'s message as them.',
      )
    const refused = await remove(call, found)
    if (refused) return refused
    const u = userRefOf(actor === null ? null : await accountOf(gate.parts, actor))
    return { _id: msgId, ts: String(gate.parts.clock.now()), message: { _id: msgId, rid: roomId, u } }
  },
})
