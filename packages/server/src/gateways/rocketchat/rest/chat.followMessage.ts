// `chat.followMessage`: as `followMessage`.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { follow } from '../methods/followMessage.ts'
import { id } from '../params.ts'
import { route } from '../route.ts'

export const chatFollowMessage = route({
  verb: 'POST',
  paths: ['/v1/chat.followMessage'],
  input: z.looseObject({ mid: id.optional() }),
  async run(call, { mid }) {
    if (!mid) return new MeteorError('error-mid-param-not-provided', 'The required "mid" body param is missing.')
    const done = await follow(call, mid, true)
    return done instanceof MeteorError ? done : {}
  },
})
