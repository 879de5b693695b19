// `chat.unPinMessage`: as `unpinMessage`.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { pin } from '../methods/pinMessage.ts'
import { route } from '../route.ts'
import { messageNamed } from './message-named.ts'

export const chatUnPinMessage = route({
  verb: 'POST',
  paths: ['/v1/chat.unPinMessage'],
  input: z.looseObject({ messageId: z.unknown().optional() }),
  async run(call, { messageId }) {
    const found = await messageNamed(call, messageId, 'required')
    if (found instanceof MeteorError) return found
    const done = await pin(call, messageId as string, false)
    return done instanceof MeteorError ? done : {}
  },
})
