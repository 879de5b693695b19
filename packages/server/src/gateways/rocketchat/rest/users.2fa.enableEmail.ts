// `users.2fa.enableEmail`: this server sends no mail, so there are no codes by mail.
import { z } from 'zod'
import { route } from '../route.ts'
import { noMail } from '../users/mail.ts'

export const usersTwoFactorEnableEmail = route({
  verb: 'POST',
  paths: ['/v1/users.2fa.enableEmail'],
  input: z.unknown(),
  run: async () => noMail,
})
