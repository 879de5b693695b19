// `e2e.fetchUsersWaitingForGroupKey`: to whom a member could give the keys of these rooms. Rooms that are not the caller's,
// and those in which nobody waits, are left out alike.
import { z } from 'zod'
import { waitingIn } from '../keys/waiting.ts'
import { KEY_ROOMS, WAITING_USERS } from '../limits.ts'
import { roomOf } from '../names.ts'
import { id } from '../params.ts'
import { listed } from '../query.ts'
import { route } from '../route.ts'

export const e2eFetchUsersWaitingForGroupKey = route({
  verb: 'GET',
  paths: ['/v1/e2e.fetchUsersWaitingForGroupKey'],
  input: z.looseObject({ roomIds: z.preprocess(listed, z.array(id).max(KEY_ROOMS)) }),
  async run({ gate, caller: { account } }, input) {
    const waiting: Record<string, { _id: string; public_key: string }[]> = {}
    if (!gate.settings.get('E2E_Enable')) return { usersWaitingForE2EKeys: waiting }
    for (const rid of new Set(input.roomIds)) {
      const found = await roomOf(gate.parts, account, rid)
      if (!found?.room.members.has(account.id)) continue
      const others = (await waitingIn(gate.parts, found.room)).filter(({ user }) => user !== account.id)
      if (others.length === 0) continue
      waiting[rid] = others.slice(0, WAITING_USERS).map(({ user, publicKey }) => ({ _id: user, public_key: publicKey }))
    }
    return { usersWaitingForE2EKeys: waiting }
  },
})
