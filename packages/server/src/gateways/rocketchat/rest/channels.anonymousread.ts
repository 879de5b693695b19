// `channels.anonymousread`: nobody reads here without an account (`Accounts_AllowAnonymousRead` is off for good).
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { openRoute } from '../route.ts'

export const channelsAnonymousread = openRoute({
  verb: 'GET',
  paths: ['/v1/channels.anonymousread'],
  input: z.looseObject({}),
  open: true,
  run: async () =>
    new MeteorError('error-not-allowed', 'Enable "Allow Anonymous Read"', { method: 'channels.anonymousread' }),
})
