// `roles.list`: every role that there is.
import { z } from 'zod'
import { route } from '../route.ts'

export const rolesList = route({
  verb: 'GET',
  paths: ['/v1/roles.list'],
  input: z.unknown(),
  run: async ({ gate }) => ({ roles: gate.roles.all() }),
})
