// `chat.react`: as `setReaction`.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { react } from '../methods/setReaction.ts'
import { route } from '../route.ts'
import { messageNamed } from './message-named.ts'

const body = z.looseObject({
  messageId: z.unknown().optional(),
  emoji: z.string().nullish(),
  reaction: z.string().nullish(),
  shouldReact: z.boolean().nullish(),
})

export const chatReact = route({
  verb: 'POST',
  paths: ['/v1/chat.react'],
  input: body,
  async run(call, { messageId, emoji, reaction, shouldReact }) {
    const found = await messageNamed(call, messageId)
    if (found instanceof MeteorError) return found
    const named = emoji ?? reaction
    if (!named) return new MeteorError('error-emoji-param-not-provided', 'The required "emoji" param is missing.')
    return (await react(call, named, messageId as string, shouldReact ?? undefined)) ?? {}
  },
})
