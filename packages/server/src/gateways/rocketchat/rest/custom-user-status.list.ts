// `custom-user-status.list`: statuses beyond the four: there are none.
import { z } from 'zod'
import { route } from '../route.ts'
import { PAGED, pagedAnswer, pageOf } from './page.ts'

export const customUserStatusList = route({
  verb: 'GET',
  paths: ['/v1/custom-user-status.list'],
  input: z.looseObject(PAGED),
  run: async ({ gate }, given) => pagedAnswer('statuses', [], pageOf(gate, given)),
})
