// `followMessage`: to be told of replies to a message, or to the one that it replies to.
import { z } from 'zod'
import { isRejection } from '../../../room/rejection.ts'
import { errorOf, MeteorError, notAllowed } from '../errors.ts'
import { readable } from '../messages/found-message.ts'
import { type Call, method } from '../method.ts'
import { id, list } from '../params.ts'
import { mayView } from '../rooms/access.ts'
import { submit } from '../submit.ts'

export const followMessage = method({
  name: 'followMessage',
  params: list(z.looseObject({ mid: id })),
  run: (call, [{ mid }]) => follow(call, mid, true),
})

export async function follow(call: Call, mid: string, on: boolean): Promise<true | MeteorError> {
  const { gate, caller } = call
  const name = on ? 'followMessage' : 'unfollowMessage'
  if (!gate.settings.get('Threads_enabled')) return notAllowed(name, 'not-allowed')
  const found = await readable(gate, caller, mid)
  if (!found) return new MeteorError('error-invalid-message', 'Invalid message', { method: name })
  if (!mayView(gate, caller, found)) return notAllowed(name, 'not-allowed')
  const { room, target, body, inside } = found
  const begun = body.thread ? { ...target, ...body.thread } : target
  const actor = caller.account.id
  const done = await submit(call, room.id, { command: 'follow-thread', actor, target: begun, on, inside })
  return isRejection(done) ? errorOf(done, name) : true
}
