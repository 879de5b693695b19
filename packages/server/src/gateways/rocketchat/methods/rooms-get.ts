// `rooms/get`: the rooms of which the caller is a member, as far as the ACL `list` shows them (design 6). With a date what has
// changed since, and from which they are gone.
import { z } from 'zod'
import { method } from '../method.ts'
import { date } from '../params.ts'
import { removedRooms, roomsFor } from '../rooms/lists.ts'

export const roomsGet = method({
  name: 'rooms/get',
  params: z.union([z.tuple([date.nullish()]).rest(z.unknown()), z.tuple([])]),
  async run({ gate, caller: { account } }, [since]) {
    const update = await roomsFor(gate, account, since ?? null)
    return since ? { update, remove: await removedRooms(gate, account, since) } : update
  },
})
