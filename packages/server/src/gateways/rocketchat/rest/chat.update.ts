// `chat.update`: another text for a message, or another ciphertext in its place (RC-176).
import { z } from 'zod'
import { failure, MeteorError } from '../errors.ts'
import { documentsFor } from '../messages/encode-message.ts'
import { messageOf } from '../messages/found-message.ts'
import { edit } from '../methods/updateMessage.ts'
import { ridOf } from '../names.ts'
import { id } from '../params.ts'
import { route } from '../route.ts'

const body = z.looseObject({
  roomId: id,
  msgId: id,
  text: z.string().nullish(),
  content: z.record(z.string(), z.unknown()).nullish(),
  e2eMentions: z.looseObject({}).nullish(),
  customFields: z.record(z.string(), z.unknown()).nullish(),
  previewUrls: z.array(z.string()).nullish(),
})

export const chatUpdate = route({
  verb: 'POST',
  paths: ['/v1/chat.update'],
  input: body,
  async run(call, { roomId, msgId, text, content, e2eMentions, customFields, previewUrls }) {
    const { gate, caller } = call
    if (typeof text !== 'string' && !content)
      return new MeteorError('invalid-params', "must have required property 'text'")
    const found = await messageOf(gate, caller, msgId)
    if (!found) return failure(`No message found with the id of "${msgId}".`)
    if (ridOf(found.room) !== roomId) return failure('The room id provided does not match where the message is from.')
    const change = {
      _id: msgId,
      ...(typeof text === 'string' && !content ? { msg: text } : {}),
      ...(content ? { content } : {}),
      ...(e2eMentions ? { e2eMentions } : {}),
      ...(customFields ? { customFields } : {}),
    }
    const refused = await edit(call, found, change, !!previewUrls)
    if (refused) return refused
    const updated = await messageOf(gate, caller, msgId)
    if (!updated) return failure(`No message found with the id of "${msgId}".`)
    const [message] = await documentsFor(gate.parts, caller.account, updated.room, [updated.event])
    return { message }
  },
})
