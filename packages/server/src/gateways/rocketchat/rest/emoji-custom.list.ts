// `emoji-custom.list`: pictures of the server's own in texts: there are none.
import { z } from 'zod'
import { route } from '../route.ts'

export const emojiCustomList = route({
  verb: 'GET',
  paths: ['/v1/emoji-custom.list'],
  input: z.unknown(),
  run: async () => ({ emojis: { update: [], remove: [] } }),
})
