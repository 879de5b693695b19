// `e2e.getUsersOfRoomWithoutKey`: the method of the same name over REST.
import { z } from 'zod'
import { dispatch } from '../dispatch.ts'
import { id } from '../params.ts'
import { route } from '../route.ts'

export const e2eGetUsersOfRoomWithoutKey = route({
  verb: 'GET',
  paths: ['/v1/e2e.getUsersOfRoomWithoutKey'],
  input: z.looseObject({ rid: id }),
  async run({ gate, caller, bytes }, { rid }) {
    const answer = await dispatch(gate, caller, { name: 'e2e.getUsersOfRoomWithoutKey', params: [rid], bytes })
    return 'error' in answer ? answer.error : (answer.result as object)
  },
})
