// `personalAccessTokens:removeToken`: the token and every session that it opened.
import { z } from 'zod'
import { method } from '../method.ts'
import { list } from '../params.ts'
import { removePersonalToken } from '../users/personal-tokens.ts'

export const personalAccessTokensRemoveToken = method({
  name: 'personalAccessTokens:removeToken',
  params: list(z.looseObject({ tokenName: z.string().min(1).max(256) })),
  twoFactor: { remember: true },
  run: async ({ gate, caller }, [{ tokenName }]) => (await removePersonalToken(gate, caller, tokenName)) ?? undefined,
})
