// `e2e.updateGroupKey`: the method of the same name over REST, which never shows the subscription (RC-112).
import { z } from 'zod'
import { dispatch } from '../dispatch.ts'
import { route } from '../route.ts'

export const e2eUpdateGroupKey = route({
  verb: 'POST',
  paths: ['/v1/e2e.updateGroupKey'],
  input: z.looseObject({ uid: z.string(), rid: z.string(), key: z.string() }),
  async run({ gate, caller, bytes }, { rid, uid, key }) {
    const answer = await dispatch(gate, caller, { name: 'e2e.updateGroupKey', params: [rid, uid, key], bytes })
    return 'error' in answer ? answer.error : {}
  },
})
