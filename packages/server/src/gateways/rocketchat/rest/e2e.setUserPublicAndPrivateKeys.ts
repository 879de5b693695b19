// `e2e.setUserPublicAndPrivateKeys`: the method of the same name over REST.
import { z } from 'zod'
import { dispatch } from '../dispatch.ts'
import { route } from '../route.ts'

export const e2eSetUserPublicAndPrivateKeys = route({
  verb: 'POST',
  paths: ['/v1/e2e.setUserPublicAndPrivateKeys'],
  input: z.looseObject({ public_key: z.string(), private_key: z.string(), force: z.boolean().nullish() }),
  async run({ gate, caller, bytes }, { public_key, private_key, force }) {
    const params = [{ public_key, private_key, force }]
    const answer = await dispatch(gate, caller, { name: 'e2e.setUserPublicAndPrivateKeys', params, bytes })
    return 'error' in answer ? answer.error : {}
  },
})
