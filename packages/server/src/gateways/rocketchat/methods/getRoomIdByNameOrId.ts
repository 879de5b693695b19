// `getRoomIdByNameOrId`: for bots. Rooms that the caller may not see are simply not there.

import { invalidRoom } from '../errors.ts'
import { method } from '../method.ts'
import { ridOf } from '../names.ts'
import { id, list } from '../params.ts'
import { enterable, enterableNamed } from '../rooms/access.ts'

const NAME = 'getRoomIdByNameOrId'

export const getRoomIdByNameOrId = method({
  name: NAME,
  params: list(id),
  async run({ gate, caller }, [text]) {
    const found = (await enterable(gate, caller, text)) ?? (await enterableNamed(gate, caller, text))
    return found ? ridOf(found.room) : invalidRoom(NAME)
  },
})
