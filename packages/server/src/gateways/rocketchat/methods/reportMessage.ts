// `reportMessage`: shows a message that the caller may read to the admins. Of an encrypted one the server knows no words,
// and this wire's clients disclose none (L8).

import { z } from 'zod'
import { REASON } from '../../../limits.ts'
import { accountOf } from '../encode.ts'
import { MeteorError } from '../errors.ts'
import { messageOf } from '../messages/found-message.ts'
import { type Call, method } from '../method.ts'
import { id, list } from '../params.ts'

const NAME = 'reportMessage'

export const reportMessage = method({
  name: NAME,
  params: list(id, z.string()),
  run: async (call, [messageId, description]) => (await report(call, messageId, description)) ?? true,
})

export async function report({ gate, caller }: Call, messageId: string, given: string): Promise<MeteorError | null> {
  const refuse = (error: string, text: string) => new MeteorError(error, text, { method: NAME })
  const reason = given.trim()
  if (reason === '') return refuse('error-invalid-description', 'Invalid description')
  if (reason.length > REASON) return refuse('error-invalid-description', `At most ${REASON} characters say why`)
  const found = await messageOf(gate, caller, messageId)
  if (!found) return refuse('error-invalid-message_id', 'Invalid message id')
  const { event, room, body } = found
  const reported = event.actor === null ? undefined : await accountOf(gate.parts, event.actor)
  if (!reported) return refuse('error-invalid-message_id', 'Invalid message id')
  const content = body.content.suite === 'none' ? body.content.text : ''
  await gate.parts.reports.take({ reporter: caller.account, reported, message: event, room, content, reason })
  return null
}
