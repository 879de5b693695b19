// `joinRoom`: membership of a public room, as far as its ACLs let the caller in.
import { z } from 'zod'
import { isRejection } from '../../../room/rejection.ts'
import { errorOf, invalidRoom, notAllowed } from '../errors.ts'
import { method } from '../method.ts'
import { roomOf } from '../names.ts'
import { id, list } from '../params.ts'
import { submit } from '../submit.ts'

const NAME = 'joinRoom'

export const joinRoom = method({
  name: NAME,
  params: list(id, z.unknown().optional()),
  async run(call, [rid]) {
    const { account } = call.caller
    const found = await roomOf(call.gate.parts, account, rid)
    if (!found) return invalidRoom(NAME)
    if (found.room.members.has(account.id)) return true
    if (found.room.suite !== 'none') return notAllowed(NAME)
    const done = await submit(call, found.room.id, {
      command: 'add-members',
      actor: account.id,
      users: [account.id],
      signed: null,
    })
    return isRejection(done) ? errorOf(done, NAME) : true
  },
})
