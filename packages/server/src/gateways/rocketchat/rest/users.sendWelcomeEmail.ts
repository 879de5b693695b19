// `users.sendWelcomeEmail`: this server sends no mail.
import { z } from 'zod'
import { route } from '../route.ts'
import { noMail } from '../users/mail.ts'

export const usersSendWelcomeEmail = route({
  verb: 'POST',
  paths: ['/v1/users.sendWelcomeEmail'],
  input: z.looseObject({ email: z.string().max(256) }),
  permission: 'send-mail',
  run: async () => noMail,
})
