// `joinRoom`: membership of a public room, as far as its ACLs and its code let the caller in.
import { z } from 'zod'
import { invalidRoom, MeteorError } from '../errors.ts'
import { JOIN_CODE } from '../limits.ts'
import { method } from '../method.ts'
import { id, list } from '../params.ts'
import { known } from '../rooms/access.ts'
import { join } from '../rooms/room-acts.ts'

const NAME = 'joinRoom'

export const joinRoom = method({
  name: NAME,
  params: list(id, z.unknown().optional()),
  async run(call, [rid, code]) {
    const found = await known(call.gate, call.caller, rid)
    if (!found) return invalidRoom(NAME)
    const given = typeof code === 'string' && code.length <= JOIN_CODE ? code : undefined
    const joined = await join(call, found, given, NAME)
    return joined instanceof MeteorError ? joined : true
  },
})
