// `leaveRoom`: the end of one's own membership; the last owner stays while others are there.
import { isRejection } from '../../../room/rejection.ts'
import { errorOf, invalidRoom } from '../errors.ts'
import { method } from '../method.ts'
import { roomOf } from '../names.ts'
import { id, list } from '../params.ts'
import { submit } from '../submit.ts'

const NAME = 'leaveRoom'

export const leaveRoom = method({
  name: NAME,
  params: list(id),
  async run(call, [rid]) {
    const { account } = call.caller
    const found = await roomOf(call.gate.parts, account, rid)
    if (!found) return invalidRoom(NAME)
    const done = await submit(call, found.room.id, {
      command: 'remove-members',
      actor: account.id,
      users: [account.id],
      how: 'left',
      reason: '',
      keepOwner: true,
    })
    return isRejection(done) ? errorOf(done, NAME) : undefined
  },
})
