// `chat.getMessage`: one message by its id.
import { z } from 'zod'
import { failure } from '../errors.ts'
import { documentsFor } from '../messages/encode-message.ts'
import { messageOf } from '../messages/found-message.ts'
import { id } from '../params.ts'
import { Envelope, route } from '../route.ts'

export const chatGetMessage = route({
  verb: 'GET',
  paths: ['/v1/chat.getMessage'],
  input: z.looseObject({ msgId: id.optional() }),
  async run({ gate, caller }, { msgId }) {
    if (!msgId) return failure('The "msgId" query parameter must be provided.')
    const found = await messageOf(gate, caller, msgId)
    if (!found) return new Envelope(400, { success: false })
    const [message] = await documentsFor(gate.parts, caller.account, found.room, [found.event])
    return { message }
  },
})
