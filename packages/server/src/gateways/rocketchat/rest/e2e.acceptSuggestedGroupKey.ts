// `e2e.acceptSuggestedGroupKey`: the caller takes the copy of the room's key that somebody has made for them.
import { z } from 'zod'
import { settleSuggestion } from '../keys/suggestion.ts'
import { id } from '../params.ts'
import { route } from '../route.ts'

export const e2eAcceptSuggestedGroupKey = route({
  verb: 'POST',
  paths: ['/v1/e2e.acceptSuggestedGroupKey'],
  input: z.looseObject({ rid: id }),
  run: (call, { rid }) => settleSuggestion(call, rid, true, 'e2e.acceptSuggestedGroupKey'),
})
