// `rooms.bannedUsers`: who is banned from the room now, for those who may ban.
import { z } from 'zod'
import { accountOf } from '../encode.ts'
import { userRefOf } from '../names.ts'
import { id } from '../params.ts'
import { governed } from '../rooms/access.ts'
import { may } from '../rooms/room-acts.ts'
import { route, unauthorized } from '../route.ts'
import { PAGED, pagedAnswer, pageOf } from './page.ts'

export const roomsBannedUsers = route({
  verb: 'GET',
  paths: ['/v1/rooms.bannedUsers'],
  input: z.looseObject({ ...PAGED, roomId: id }),
  async run(call, input) {
    const { gate, caller } = call
    const found = await governed(gate, caller, input.roomId)
    if (!found || !may(call, 'ban-user', found.room)) return unauthorized
    const now = gate.parts.clock.now()
    const banned: object[] = []
    for (const { kind, user, until } of found.room.sanctions) {
      const account = kind === 'ban' && (until === null || until > now) ? await accountOf(gate.parts, user) : undefined
      if (account) banned.push(userRefOf(account))
    }
    return pagedAnswer('bannedUsers', banned, pageOf(gate, input))
  },
})
