// `users.2fa.disableEmail`: there never is a second factor by mail.
import { z } from 'zod'
import { route } from '../route.ts'

export const usersTwoFactorDisableEmail = route({
  verb: 'POST',
  paths: ['/v1/users.2fa.disableEmail'],
  input: z.unknown(),
  twoFactor: { remember: false },
  run: async () => ({}),
})
