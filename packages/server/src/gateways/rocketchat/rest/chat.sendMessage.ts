// `chat.sendMessage`: as the method, with every refusal told.
import { z } from 'zod'
import { failure, MeteorError, saidPlainly } from '../errors.ts'
import { currentDocument } from '../messages/encode-message.ts'
import { messageShape, sendEvent } from '../messages/message.ts'
import { messageJson } from '../messages/message-text.ts'
import { hasQuotes } from '../messages/quotes.ts'
import { usualMessage } from '../methods/sendMessage.ts'
import { Json, route } from '../route.ts'

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
    const message = usualMessage([given])?.[0] ?? messageShape.safeParse(given).data
    if (!message) return new MeteorError('error-invalid-params', 'The message is malformed')
    const sent = await sendEvent(call, message)
    if (sent instanceof MeteorError) return saidPlainly(sent)
    const { event, room } = sent
    if (event.done || hasQuotes(event)) return { message: await currentDocument(call.gate.parts, event, room) }
    return new Json(`{"message":${messageJson(event, room, call.caller.account)},"success":true}`)
  },
})
