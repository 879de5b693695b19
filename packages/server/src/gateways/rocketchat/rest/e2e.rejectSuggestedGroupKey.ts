// `e2e.rejectSuggestedGroupKey`: the caller cannot open the copy that somebody has made for them, and waits again.
import { z } from 'zod'
import { settleSuggestion } from '../keys/suggestion.ts'
import { id } from '../params.ts'
import { route } from '../route.ts'

export const e2eRejectSuggestedGroupKey = route({
  verb: 'POST',
  paths: ['/v1/e2e.rejectSuggestedGroupKey'],
  input: z.looseObject({ rid: id }),
  run: (call, { rid }) => settleSuggestion(call, rid, false, 'e2e.rejectSuggestedGroupKey'),
})
