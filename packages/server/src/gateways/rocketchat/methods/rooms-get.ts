// `rooms/get`: the rooms of which the caller is a member; as in `subscriptions/get`, nothing is said of rooms left.

import { z } from 'zod'
import { roomDocument } from '../encode.ts'
import { method } from '../method.ts'
import { date } from '../params.ts'

export const roomsGet = method({
  name: 'rooms/get',
  params: z.union([z.tuple([date.nullish()]).rest(z.unknown()), z.tuple([])]),
  async run({ gate, caller }, [since]) {
    const { parts } = gate
    const update: object[] = []
    for (const room of await parts.reading.roomsOf(caller.account.id)) update.push(await roomDocument(parts, room))
    return since ? { update, remove: [] } : update
  },
})
