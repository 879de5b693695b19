// `deleteMessage`: for everybody, by its sender or by who may delete others' messages.
import { z } from 'zod'
import { isRejection } from '../../../room/rejection.ts'
import { errorOf, MeteorError } from '../errors.ts'
import { type FoundMessage, messageOf } from '../messages/found-message.ts'
import { checkDelete } from '../messages/message-rules.ts'
import { type Call, method } from '../method.ts'
import { id, list } from '../params.ts'
import { submit } from '../submit.ts'

const NAME = 'deleteMessage'

export const deleteMessage = method({
  name: NAME,
  params: list(z.looseObject({ _id: id })),
  async run(call, [{ _id }]) {
    const found = await messageOf(call.gate, call.caller, _id)
    if (!found)
      return new MeteorError('error-action-not-allowed', 'Not allowed', { method: NAME, action: 'Delete_message' })
    return (await remove(call, found)) ?? undefined
  },
})

export async function remove(call: Call, message: FoundMessage): Promise<MeteorError | null> {
  const { gate, caller } = call
  const refused = checkDelete(gate, caller.account, message, NAME)
  if (refused) return refused
  const { id: target, sequence, sender } = message.target
  const done = await submit(call, message.room.id, {
    command: 'delete-messages',
    actor: caller.account.id,
    targets: [{ id: target, sequence, sender }],
    senderMay: gate.permissions.may(caller.account, 'delete-own-message', message.room),
  })
  if (!isRejection(done)) return null
  if (done.rejected !== 'role.required' && done.rejected !== 'member.required') return errorOf(done, NAME)
  return new MeteorError('error-action-not-allowed', 'Not allowed', { method: NAME, action: 'Delete_message' })
}
