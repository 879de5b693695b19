// `e2e.fetchMyKeys`: the method of the same name over REST.
import { z } from 'zod'
import { dispatch } from '../dispatch.ts'
import { route } from '../route.ts'

export const e2eFetchMyKeys = route({
  verb: 'GET',
  paths: ['/v1/e2e.fetchMyKeys'],
  input: z.unknown(),
  async run({ gate, caller, bytes }, _) {
    const answer = await dispatch(gate, caller, { name: 'e2e.fetchMyKeys', params: [], bytes })
    return 'error' in answer ? answer.error : (answer.result as object)
  },
})
