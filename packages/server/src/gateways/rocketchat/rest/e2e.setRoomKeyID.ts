// `e2e.setRoomKeyID`: the method of the same name over REST.
import { z } from 'zod'
import { dispatch } from '../dispatch.ts'
import { id } from '../params.ts'
import { route } from '../route.ts'

export const e2eSetRoomKeyId = route({
  verb: 'POST',
  paths: ['/v1/e2e.setRoomKeyID'],
  input: z.looseObject({ rid: id, keyID: id }),
  async run({ gate, caller, bytes }, { rid, keyID }) {
    const answer = await dispatch(gate, caller, { name: 'e2e.setRoomKeyID', params: [rid, keyID], bytes })
    return 'error' in answer ? answer.error : {}
  },
})
