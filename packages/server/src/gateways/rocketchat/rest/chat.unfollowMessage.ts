// `chat.unfollowMessage`: as `unfollowMessage`.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { follow } from '../methods/followMessage.ts'
import { id } from '../params.ts'
import { route } from '../route.ts'

export const chatUnfollowMessage = route({
  verb: 'POST',
  paths: ['/v1/chat.unfollowMessage'],
  input: z.looseObject({ mid: id.optional() }),
  async run(call, { mid }) {
    if (!mid) return new MeteorError('error-mid-param-not-provided', 'The required "mid" body param is missing.')
    const done = await follow(call, mid, false)
    return done instanceof MeteorError ? done : {}
  },
})
