// `presence.enableBroadcast`: presence is never switched off here.
import { z } from 'zod'
import { route } from '../route.ts'

export const presenceEnableBroadcast = route({
  verb: 'POST',
  paths: ['/v1/presence.enableBroadcast'],
  input: z.unknown(),
  permission: 'manage-user-status',
  twoFactor: { remember: true },
  run: async () => ({}),
})
