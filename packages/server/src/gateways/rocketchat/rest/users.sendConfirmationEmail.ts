// `users.sendConfirmationEmail`: this server sends no mail.
import { z } from 'zod'
import { route } from '../route.ts'
import { noMail } from '../users/mail.ts'

export const usersSendConfirmationEmail = route({
  verb: 'POST',
  paths: ['/v1/users.sendConfirmationEmail'],
  input: z.looseObject({ email: z.string().max(256) }),
  run: async () => noMail,
})
