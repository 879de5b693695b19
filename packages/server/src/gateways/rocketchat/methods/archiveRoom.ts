// `archiveRoom` and `unarchiveRoom`: [rid].

import { invalidRoom, MeteorError } from '../errors.ts'
import { type Method, method } from '../method.ts'
import { id, list } from '../params.ts'
import { governed } from '../rooms/access.ts'
import { archive } from '../rooms/room-acts.ts'

export const archiveRoom = archiving('archiveRoom', true)
export const unarchiveRoom = archiving('unarchiveRoom', false)

function archiving(name: string, archived: boolean): Method {
  return method({
    name,
    params: list(id),
    async run(call, [rid]) {
      const found = await governed(call.gate, call.caller, rid)
      if (!found) return invalidRoom(name)
      const done = await archive(call, found, archived, name)
      return done instanceof MeteorError ? done : undefined
    },
  })
}
