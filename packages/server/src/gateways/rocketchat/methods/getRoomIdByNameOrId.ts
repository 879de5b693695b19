// `getRoomIdByNameOrId`: for bots. Rooms that the caller may not see are simply not there.
import { isRejection } from '../../../room/rejection.ts'
import { invalidRoom } from '../errors.ts'
import { method } from '../method.ts'
import { ridOf, roomOf } from '../names.ts'
import { id, list } from '../params.ts'
import { mayEnter } from '../streams.ts'

const NAME = 'getRoomIdByNameOrId'

export const getRoomIdByNameOrId = method({
  name: NAME,
  params: list(id),
  async run({ gate, caller }, [text]) {
    const { parts } = gate
    const found = await roomOf(parts, caller.account, text)
    if (found && mayEnter(gate, caller, found)) return ridOf(found.room)
    for (const room of await parts.reading.named(text)) {
      const named = await parts.reading.room(room.id)
      if (named && !isRejection(named) && mayEnter(gate, caller, named)) return ridOf(named.room)
    }
    return invalidRoom(NAME)
  },
})
