// `rooms/get`: the rooms of which the caller is a member, as far as the ACL `list` shows them (design 6); as in
// `subscriptions/get`, nothing is said of rooms left.

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
    for (const { id } of await parts.reading.roomsOf(caller.account.id)) {
      const found = await parts.reading.room(id)
      if (!found || !parts.reading.mayList(caller.account, found.room, found.channel)) continue
      update.push(await roomDocument(parts, found.room))
    }
    return since ? { update, remove: [] } : update
  },
})
