// `chat.getMessageReadReceipts`: see `getReadReceipts`.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { noReadReceipts } from '../methods/getReadReceipts.ts'
import { route } from '../route.ts'

export const chatGetMessageReadReceipts = route({
  verb: 'GET',
  paths: ['/v1/chat.getMessageReadReceipts'],
  input: z.looseObject({ messageId: z.string().optional() }),
  run: async (_call, { messageId }) =>
    messageId ? noReadReceipts : new MeteorError('error-invalid-params', "The required 'messageId' param is missing."),
})
