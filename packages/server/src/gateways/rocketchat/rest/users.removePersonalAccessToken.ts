// `users.removePersonalAccessToken`: the token and every session that it opened.
import { z } from 'zod'
import { Envelope, route } from '../route.ts'
import { removePersonalToken } from '../users/personal-tokens.ts'

export const usersRemovePersonalAccessToken = route({
  verb: 'POST',
  paths: ['/v1/users.removePersonalAccessToken'],
  input: z.looseObject({ tokenName: z.string().max(256).optional() }),
  twoFactor: { remember: true },
  async run({ gate, caller }, { tokenName }) {
    if (!tokenName) return new Envelope(400, { success: false, error: "The 'tokenName' param is required" })
    return (await removePersonalToken(gate, caller, tokenName)) ?? {}
  },
})
