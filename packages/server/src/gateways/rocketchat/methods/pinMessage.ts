// `pinMessage`: gives the system message that tells of it.
import { z } from 'zod'
import { isRejection } from '../../../room/rejection.ts'
import { type Document, systemMessages } from '../encode.ts'
import { errorOf, MeteorError } from '../errors.ts'
import { type FoundMessage, messageOf } from '../messages/found-message.ts'
import { type Call, method } from '../method.ts'
import { id, list } from '../params.ts'
import { submit } from '../submit.ts'

const NAME = 'pinMessage'

export const pinMessage = method({
  name: NAME,
  params: list(z.looseObject({ _id: id })),
  run: (call, [{ _id }]) => pin(call, _id, true),
})

/** Taking a pin away gives true. */
export async function pin(call: Call, id: string, on: boolean): Promise<Document | true | MeteorError> {
  const { gate, caller } = call
  const name = on ? NAME : 'unpinMessage'
  const refuse = (error: string, text: string) =>
    new MeteorError(error, text, { method: name, action: 'Message_pinning' })
  if (!gate.settings.get('Message_AllowPinning'))
    return refuse('error-action-not-allowed', 'Message pinning not allowed')
  const found = await messageOf(gate, caller, id)
  if (!found?.room.members.has(caller.account.id))
    return refuse('error-invalid-message', `Message you are ${on ? 'pinning' : 'unpinning'} was not found`)
  if (!mayPin(call, found)) return new MeteorError('not-authorized', 'Not Authorized', { method: name })
  const { room, target } = found
  if (!on && !found.event.done?.pinned) return true
  const pinned = on ? await gate.parts.reading.countPinned(room.id) : 0
  const done = await submit(call, room.id, { command: 'pin-message', actor: caller.account.id, target, on, pinned })
  if (isRejection(done)) return errorOf(done, name)
  const event = done.events[0]
  const [shown] = on && event ? await systemMessages(gate.parts, event, done.room, caller.account) : []
  return shown ?? true
}

/** In a room of two nobody has a role; either may. */
function mayPin({ gate, caller }: Call, { room }: FoundMessage): boolean {
  return room.kind === 'direct' || gate.permissions.may(caller.account, 'pin-message', room)
}
