// `eraseRoom`: the room is gone, for everybody.
import { governed } from '../access.ts'
import { invalidRoom, MeteorError } from '../errors.ts'
import { method } from '../method.ts'
import { id, list } from '../params.ts'
import { erase } from '../room-acts.ts'

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
