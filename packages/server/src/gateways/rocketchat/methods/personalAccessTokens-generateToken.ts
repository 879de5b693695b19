// `personalAccessTokens:generateToken`: a named token that never runs out.
import { z } from 'zod'
import { method } from '../method.ts'
import { list } from '../params.ts'
import { generatePersonalToken } from '../users/personal-tokens.ts'

export const personalAccessTokensGenerateToken = method({
  name: 'personalAccessTokens:generateToken',
  params: list(z.looseObject({ tokenName: z.string().min(1).max(256), bypassTwoFactor: z.boolean().optional() })),
  twoFactor: { remember: true },
  run: ({ gate, caller }, [{ tokenName, bypassTwoFactor }]) =>
    generatePersonalToken(gate, caller, tokenName, bypassTwoFactor === true),
})
