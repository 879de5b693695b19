// `users.generatePersonalAccessToken`: a named token that never runs out.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { Envelope, route } from '../route.ts'
import { generatePersonalToken } from '../users/personal-tokens.ts'

export const usersGeneratePersonalAccessToken = route({
  verb: 'POST',
  paths: ['/v1/users.generatePersonalAccessToken'],
  input: z.looseObject({ tokenName: z.string().max(256).optional(), bypassTwoFactor: z.boolean().optional() }),
  twoFactor: { remember: true },
  async run({ gate, caller }, { tokenName, bypassTwoFactor }) {
    if (!tokenName) return new Envelope(400, { success: false, error: "The 'tokenName' param is required" })
    const token = await generatePersonalToken(gate, caller, tokenName, bypassTwoFactor === true)
    return token instanceof MeteorError ? token : { token }
  },
})
