// `chat.sendMessage`: as the method, with every refusal told.
import { z } from 'zod'
import { failure, MeteorError, saidPlainly } from '../errors.ts'
import { messageShape, send } from '../messages/message.ts'
import { route } from '../route.ts'

const body = z.looseObject({ message: z.unknown().optional() })

export const chatSendMessage = route({
  verb: 'POST',
  paths: ['/v1/chat.sendMessage'],
  input: body,
  async run(call, { message: given }) {
    if (given === undefined || given === null)
      return new MeteorError('error-invalid-params', 'The "message" parameter must be provided.')
    if ((given as { rid?: unknown }).rid === undefined)
      return failure("The 'rid' property on the message object is missing.")
    const message = messageShape.safeParse(given)
    if (!message.success) return new MeteorError('error-invalid-params', 'The message is malformed')
    const sent = await send(call, message.data)
    return sent instanceof MeteorError ? saidPlainly(sent) : { message: sent }
  },
})
