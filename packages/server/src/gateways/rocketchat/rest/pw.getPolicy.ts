// `pw.getPolicy`: what a password must be like.
import { z } from 'zod'
import { openRoute } from '../route.ts'
import { passwordPolicy } from '../users/rules.ts'

export const pwGetPolicy = openRoute({
  verb: 'GET',
  paths: ['/v1/pw.getPolicy'],
  input: z.unknown(),
  open: true,
  run: async ({ gate }) => passwordPolicy(gate),
})
