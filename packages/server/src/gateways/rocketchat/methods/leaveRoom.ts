// `leaveRoom`: the end of one's own membership; the last owner stays.

import { invalidRoom, MeteorError } from '../errors.ts'
import { method } from '../method.ts'
import { id, list } from '../params.ts'
import { ownOrKnown } from '../rooms/access.ts'
import { leave } from '../rooms/room-acts.ts'

const NAME = 'leaveRoom'

export const leaveRoom = method({
  name: NAME,
  params: list(id),
  async run(call, [rid]) {
    const found = await ownOrKnown(call.gate, call.caller, rid)
    if (!found) return invalidRoom(NAME)
    const left = await leave(call, found, NAME)
    return left instanceof MeteorError ? left : undefined
  },
})
