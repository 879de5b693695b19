// `addAllUserToRoom`: [rid, only those in use].
import { z } from 'zod'
import { invalidRoom } from '../errors.ts'
import { method } from '../method.ts'
import { id, list } from '../params.ts'
import { governed } from '../rooms/access.ts'
import { addAll } from '../rooms/add-all.ts'

export const addAllUserToRoom = method({
  name: 'addAllUserToRoom',
  params: list(id, z.boolean().nullish()),
  async run(call, [rid]) {
    const found = await governed(call.gate, call.caller, rid)
    return found ? addAll(call, found) : invalidRoom('addAllToRoom')
  },
})
