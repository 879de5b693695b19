// `chat.starMessage` and `chat.unStarMessage`: as `starMessage`.
import { z } from 'zod'
import { MeteorError, notAllowed } from '../errors.ts'
import { checkStarring, star } from '../methods/starMessage.ts'
import { type Route, route } from '../route.ts'
import { messageNamed } from './message-named.ts'

export const chatStarMessage = starring('/v1/chat.starMessage', true)
export const chatUnStarMessage = starring('/v1/chat.unStarMessage', false)

function starring(path: string, on: boolean): Route {
  return route({
    verb: 'POST',
    paths: [path],
    input: z.looseObject({ messageId: z.unknown().optional() }),
    async run(call, { messageId }) {
      const found = await messageNamed(call, messageId, 'required')
      if (found instanceof MeteorError) return found
      const refused = checkStarring(call)
      if (refused) return refused
      if (!found.room.members.has(call.caller.account.id)) return notAllowed('starMessage')
      return (await star(call, found, on)) ?? {}
    },
  })
}
