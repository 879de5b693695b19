// `getUsernameSuggestion`: a free username made of the caller's names.

import { method } from '../method.ts'
import { nothing } from '../params.ts'
import { suggestedUsername } from '../users/suggest.ts'

export const getUsernameSuggestion = method({
  name: 'getUsernameSuggestion',
  params: nothing,
  run: ({ gate, caller }) => suggestedUsername(gate, caller.account),
})
