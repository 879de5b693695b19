// `channels.join`: as `joinRoom`; the answer shows the channel.
import { z } from 'zod'
import { dispatch } from '../dispatch.ts'
import { roomDocument } from '../encode.ts'
import { invalidRoom } from '../errors.ts'
import { roomOf } from '../names.ts'
import { id } from '../params.ts'
import { route } from '../route.ts'

export const channelsJoin = route({
  verb: 'POST',
  paths: ['/v1/channels.join'],
  input: z.looseObject({ roomId: id }),
  async run({ gate, caller, bytes }, { roomId }) {
    const answer = await dispatch(gate, caller, { name: 'joinRoom', params: [roomId], bytes })
    if ('error' in answer) return answer.error
    const found = await roomOf(gate.parts, caller.account, roomId)
    return found ? { channel: await roomDocument(gate.parts, found.room) } : invalidRoom('channels.join')
  },
})
