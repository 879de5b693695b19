// `roles.sync`: roles changed and removed since a time.
import { z } from 'zod'
import { route } from '../route.ts'

export const rolesSync = route({
  verb: 'GET',
  paths: ['/v1/roles.sync'],
  input: z.looseObject({ updatedSince: z.iso.datetime({ offset: true }) }),
  run: async ({ gate }, { updatedSince }) => ({ roles: gate.roles.since(Date.parse(updatedSince)) }),
})
