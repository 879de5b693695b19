// `listEmojiCustom`: pictures of the server's own in texts: there are none.
import { method } from '../method.ts'
import { nothing } from '../params.ts'

export const listEmojiCustom = method({
  name: 'listEmojiCustom',
  params: nothing,
  run: async () => [],
})
