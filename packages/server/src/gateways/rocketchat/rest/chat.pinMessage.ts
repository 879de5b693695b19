// `chat.pinMessage`: as `pinMessage`.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { pin } from '../methods/pinMessage.ts'
import { route } from '../route.ts'
import { messageNamed } from './message-named.ts'

export const chatPinMessage = route({
  verb: 'POST',
  paths: ['/v1/chat.pinMessage'],
  input: z.looseObject({ messageId: z.unknown().optional() }),
  async run(call, { messageId }) {
    const found = await messageNamed(call, messageId)
    if (found instanceof MeteorError) return found
    const done = await pin(call, messageId as string, true)
    return done instanceof MeteorError ? done : { message: done }
  },
})
