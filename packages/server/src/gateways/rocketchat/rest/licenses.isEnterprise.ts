// `licenses.isEnterprise`: no.
import { z } from 'zod'
import { route } from '../route.ts'

export const licensesIsEnterprise = route({
  verb: 'GET',
  paths: ['/v1/licenses.isEnterprise'],
  input: z.unknown(),
  run: async () => ({ isEnterprise: false }),
})
