// `e2e.requestSubscriptionKeys`: the method of the same name over REST.
import { z } from 'zod'
import { dispatch } from '../dispatch.ts'
import { route } from '../route.ts'

export const e2eRequestSubscriptionKeys = route({
  verb: 'POST',
  paths: ['/v1/e2e.requestSubscriptionKeys'],
  input: z.unknown(),
  async run({ gate, caller, bytes }, _) {
    const answer = await dispatch(gate, caller, { name: 'e2e.requestSubscriptionKeys', params: [], bytes })
    return 'error' in answer ? answer.error : {}
  },
})
