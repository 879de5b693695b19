// `settings.oauth`: other services to log in with: there are none.
import { z } from 'zod'
import { openRoute } from '../route.ts'

export const settingsOauth = openRoute({
  verb: 'GET',
  paths: ['/v1/settings.oauth'],
  input: z.unknown(),
  open: true,
  run: async () => ({ services: [] }),
})
