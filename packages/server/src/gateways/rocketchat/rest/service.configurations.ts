// `service.configurations`: the same, as older clients ask.
import { z } from 'zod'
import { openRoute } from '../route.ts'

export const serviceConfigurations = openRoute({
  verb: 'GET',
  paths: ['/v1/service.configurations'],
  input: z.unknown(),
  open: true,
  run: async () => ({ configurations: [] }),
})
