// `users.getUsernameSuggestion`: a free username made of the caller's names.
import { z } from 'zod'
import { route } from '../route.ts'
import { suggestedUsername } from '../users/suggest.ts'

export const usersGetUsernameSuggestion = route({
  verb: 'GET',
  paths: ['/v1/users.getUsernameSuggestion'],
  input: z.unknown(),
  run: async ({ gate, caller }) => ({ result: await suggestedUsername(gate, caller.account) }),
})
