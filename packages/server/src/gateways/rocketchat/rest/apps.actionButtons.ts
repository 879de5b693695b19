// `/api/apps/actionButtons`: buttons that apps add: there are no apps.
import { z } from 'zod'
import { Envelope, route } from '../route.ts'

export const appsActionButtons = route({
  verb: 'GET',
  paths: ['/apps/actionButtons'],
  input: z.unknown(),
  run: async () => new Envelope(200, []),
})
