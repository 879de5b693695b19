// `users.forgotPassword`: answered alike whether or not somebody has the address. This server sends no mail: who has forgotten
// their password asks an administrator.
import { z } from 'zod'
import { Envelope, openRoute } from '../route.ts'

export const usersForgotPassword = openRoute({
  verb: 'POST',
  paths: ['/v1/users.forgotPassword'],
  input: z.looseObject({ email: z.string().max(256).optional() }),
  open: true,
  async run(_, { email }) {
    if (!email) return new Envelope(400, { success: false, error: "The 'email' param is required" })
    return {}
  },
})
