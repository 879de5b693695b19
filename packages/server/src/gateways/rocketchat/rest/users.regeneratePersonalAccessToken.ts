// `users.regeneratePersonalAccessToken`: another text under the same name.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { Envelope, route } from '../route.ts'
import { regeneratePersonalToken } from '../users/personal-tokens.ts'

export const usersRegeneratePersonalAccessToken = route({
  verb: 'POST',
  paths: ['/v1/users.regeneratePersonalAccessToken'],
  input: z.looseObject({ tokenName: z.string().max(256).optional() }),
  twoFactor: { remember: true },
  async run({ gate, caller }, { tokenName }) {
    if (!tokenName) return new Envelope(400, { success: false, error: "The 'tokenName' param is required" })
    const token = await regeneratePersonalToken(gate, caller, tokenName)
    return token instanceof MeteorError ? token : { token }
  },
})
