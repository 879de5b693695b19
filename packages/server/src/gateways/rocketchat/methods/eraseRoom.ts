// `eraseRoom`: the room is gone, for everybody.

import { invalidRoom, MeteorError } from '../errors.ts'
import { method } from '../method.ts'
import { id, list } from '../params.ts'
import { governed } from '../rooms/access.ts'
import { erase } from '../rooms/room-acts.ts'

const NAME = 'eraseRoom'

export const eraseRoom = method({
  name: NAME,
  params: list(id),
  async run(call, [rid]) {
    const found = await governed(call.gate, call.caller, rid)
    if (!found) return invalidRoom(NAME)
    const erased = await erase(call, found, NAME)
    return erased instanceof MeteorError ? erased : true
  },
})
