// `listCustomSounds`: sounds of the server's own: there are none.
import { method } from '../method.ts'
import { nothing } from '../params.ts'

export const listCustomSounds = method({
  name: 'listCustomSounds',
  params: nothing,
  run: async () => [],
})
