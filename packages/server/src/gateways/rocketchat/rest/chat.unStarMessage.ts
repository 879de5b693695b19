// `chat.unStarMessage`: as `starMessage`.
import { z } from 'zod'
import { MeteorError, notAllowed } from '../errors.ts'
import { checkStarring, star } from '../methods/starMessage.ts'
import { route } from '../route.ts'
import { messageNamed } from './message-named.ts'

export const chatUnStarMessage = route({
  verb: 'POST',
  paths: ['/v1/chat.unStarMessage'],
  input: z.looseObject({ messageId: z.unknown().optional() }),
  async run(call, { messageId }) {
    const found = await messageNamed(call, messageId, 'required')
    if (found instanceof MeteorError) return found
    const refused = checkStarring(call)
    if (refused) return refused
    if (!found.room.members.has(call.caller.account.id)) return notAllowed('starMessage')
    return (await star(call, found, false)) ?? {}
  },
})
