// `me`: the caller, as clients read it directly (rocketchat.md section 2).
import { z } from 'zod'
import { route } from '../route.ts'
import { meDocument } from '../users/documents.ts'

export const me = route({
  verb: 'GET',
  paths: ['/v1/me'],
  input: z.unknown(),
  run: async ({ gate, caller }) => meDocument(gate, await gate.people.about(caller.account)),
})
