// `blockUser` and `unblockUser`: [{ rid, blocked }], of a direct room of two; each for themselves (rocketchat.md section 8).
import { isUserId } from '@conclave/wire'
import { z } from 'zod'
import { isRejection } from '../../../room/rejection.ts'
import { invalidRoom } from '../errors.ts'
import { type Method, method } from '../method.ts'
import { roomOf } from '../names.ts'
import { id, list } from '../params.ts'
import { submit } from '../submit.ts'

export const blocking: readonly Method[] = [named('blockUser', true), named('unblockUser', false)]

function named(name: string, on: boolean): Method {
  return method({
    name,
    params: list(z.object({ rid: id, blocked: id })),
    async run(call, [{ rid, blocked }]) {
      const found = await roomOf(call.gate.parts, call.caller.account, rid)
      if (!found || !isUserId(blocked)) return invalidRoom(name)
      const actor = call.caller.account.id
      const done = await submit(call, found.room.id, { command: 'block-direct', actor, user: blocked, on })
      // Whatever it is that forbids it, a stranger learns nothing of the room.
      return isRejection(done) ? invalidRoom(name) : true
    },
  })
}
