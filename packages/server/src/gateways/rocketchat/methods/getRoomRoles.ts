// `getRoomRoles`: the members who hold roles, for whoever has access to the room.

import { invalidRoom } from '../errors.ts'
import { method } from '../method.ts'
import { id, list } from '../params.ts'
import { known } from '../rooms/access.ts'
import { roleDocuments } from '../rooms/subscription-document.ts'

const NAME = 'getRoomRoles'

export const getRoomRoles = method({
  name: NAME,
  params: list(id),
  async run({ gate, caller }, [rid]) {
    const found = await known(gate, caller, rid)
    return found ? roleDocuments(gate.parts, found.room) : invalidRoom(NAME)
  },
})
