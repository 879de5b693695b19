// `users.2fa.sendEmailCode`: answered alike for everybody; no mail goes out.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { openRoute } from '../route.ts'

export const usersTwoFactorSendEmailCode = openRoute({
  verb: 'POST',
  paths: ['/v1/users.2fa.sendEmailCode'],
  input: z.looseObject({ emailOrUsername: z.string().max(256).optional() }),
  open: true,
  async run(_, { emailOrUsername }) {
    return emailOrUsername ? {} : new MeteorError('error-parameter-required', 'emailOrUsername is required')
  },
})
