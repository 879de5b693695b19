// `e2e.getUsersOfRoomWithoutKey`: members who have a public key and no key of the room (rocketchat.md 5.6). An offer
// does not count as a key. For members alone; an X room is in no queue.
import { accountOf } from '../encode.ts'
import { invalidRoom } from '../errors.ts'
import { method } from '../method.ts'
import { roomOf } from '../names.ts'
import { id, list } from '../params.ts'

const NAME = 'e2e.getUsersOfRoomWithoutKey'

export const e2eGetUsersOfRoomWithoutKey = method({
  name: NAME,
  params: list(id),
  async run({ gate, caller }, [rid]) {
    const { parts } = gate
    const found = await roomOf(parts, caller.account, rid)
    if (!found?.room.members.has(caller.account.id)) return invalidRoom(NAME)
    const users: object[] = []
    if (found.room.suite === 'xchat') return { users }
    for (const user of found.room.members.keys()) {
      if (found.room.keys.get(user)?.accepted) continue
      const { publicKey } = await parts.identity.keyPairs.publicHalf(user)
      if (publicKey === null) continue
      const account = await accountOf(parts, user)
      if (account?.active) users.push({ _id: user, e2e: { public_key: publicKey } })
    }
    return { users }
  },
})
