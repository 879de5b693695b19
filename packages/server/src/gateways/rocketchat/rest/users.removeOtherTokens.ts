// `users.removeOtherTokens`: the same, with an empty answer.
import { z } from 'zod'
import { route } from '../route.ts'
import { logOutOthers } from '../users/tokens.ts'

export const usersRemoveOtherTokens = route({
  verb: 'POST',
  paths: ['/v1/users.removeOtherTokens'],
  input: z.unknown(),
  async run({ gate, caller }) {
    await logOutOthers(gate, caller)
    return {}
  },
})
