// `addUsersToRoom`: by name. Who is a member already stays one; an X room's members are added over X alone.
import { z } from 'zod'
import { isRejection } from '../../../room/rejection.ts'
import { usersNamed } from '../create.ts'
import { errorOf, invalidRoom, notAllowed } from '../errors.ts'
import { method } from '../method.ts'
import { roomOf } from '../names.ts'
import { id, list, usernames } from '../params.ts'
import { submit } from '../submit.ts'

const NAME = 'addUsersToRoom'

export const addUsersToRoom = method({
  name: NAME,
  params: list(z.object({ rid: id, users: usernames })),
  async run(call, [{ rid, users }]) {
    const { gate, caller } = call
    const found = await roomOf(gate.parts, caller.account, rid)
    if (!found) return invalidRoom(NAME)
    if (found.room.suite === 'xchat') return notAllowed(NAME)
    const added = (await usersNamed(gate.parts, users)).filter(user => !found.room.members.has(user))
    // What is said of people who are members already would be the roster, to whoever may not see it.
    if (added.length === 0) return found.room.members.has(caller.account.id) || notAllowed(NAME)
    const done = await submit(call, found.room.id, {
      command: 'add-members',
      actor: caller.account.id,
      users: added,
      signed: null,
    })
    return isRejection(done) ? errorOf(done, NAME) : true
  },
})
