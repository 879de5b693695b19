// `custom-sounds.list`: sounds of the server's own: there are none.
import { z } from 'zod'
import { route } from '../route.ts'
import { PAGED, pagedAnswer, pageOf } from './page.ts'

export const customSoundsList = route({
  verb: 'GET',
  paths: ['/v1/custom-sounds.list'],
  input: z.looseObject(PAGED),
  run: async ({ gate }, given) => pagedAnswer('sounds', [], pageOf(gate, given)),
})
