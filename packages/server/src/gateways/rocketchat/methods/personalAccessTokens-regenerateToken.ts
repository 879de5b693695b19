// `personalAccessTokens:regenerateToken`: another text under the same name.
import { z } from 'zod'
import { method } from '../method.ts'
import { list } from '../params.ts'
import { regeneratePersonalToken } from '../users/personal-tokens.ts'

export const personalAccessTokensRegenerateToken = method({
  name: 'personalAccessTokens:regenerateToken',
  params: list(z.looseObject({ tokenName: z.string().min(1).max(256) })),
  twoFactor: { remember: true },
  run: ({ gate, caller }, [{ tokenName }]) => regeneratePersonalToken(gate, caller, tokenName),
})
