// `chat.reportMessage`: as `reportMessage`.
import { z } from 'zod'
import { report } from '../methods/reportMessage.ts'
import { id } from '../params.ts'
import { route } from '../route.ts'

export const chatReportMessage = route({
  verb: 'POST',
  paths: ['/v1/chat.reportMessage'],
  input: z.looseObject({ messageId: id, description: z.string().min(1) }),
  run: async (call, { messageId, description }) => (await report(call, messageId, description)) ?? {},
})
