// `rooms.saveRoomSettings`: as the method, all settings in one body.
import { z } from 'zod'
import { dispatch } from '../dispatch.ts'
import { id } from '../params.ts'
import { route } from '../route.ts'

export const roomsSaveRoomSettings = route({
  verb: 'POST',
  paths: ['/v1/rooms.saveRoomSettings'],
  input: z.looseObject({ rid: id }),
  async run({ gate, caller, bytes }, { rid, ...settings }) {
    const answer = await dispatch(gate, caller, { name: 'saveRoomSettings', params: [rid, settings], bytes })
    return 'error' in answer ? answer.error : { rid }
  },
})
