// `me`: the caller, as clients read it directly (rocketchat.md section 2).
import { z } from 'zod'
import { meDocument } from '../encode.ts'
import { route } from '../route.ts'

export const me = route({
  verb: 'GET',
  paths: ['/v1/me'],
  input: z.unknown(),
  run: async ({ caller }) => meDocument(caller.account),
})
