// `muteUserInRoom`, `unmuteUserInRoom` and `removeUserFromRoom`: [{ rid, username }].
import { z } from 'zod'
import type { Account } from '../../../room/facts.ts'
import { invalidRoom, MeteorError } from '../errors.ts'
import { type Call, type Method, method } from '../method.ts'
import type { Found } from '../names.ts'
import { id, list } from '../params.ts'
import { governed } from '../rooms/access.ts'
import { kick, mute } from '../rooms/room-acts.ts'
import { personNamed } from '../users/find.ts'

type Deed = (call: Call, found: Found, user: Account, name: string) => Promise<object | true>

export const moderation: readonly Method[] = [
  deed('muteUserInRoom', (call, found, user, name) => mute(call, found, user, true, name)),
  deed('unmuteUserInRoom', (call, found, user, name) => mute(call, found, user, false, name)),
  deed('removeUserFromRoom', kick),
]

function deed(name: string, act: Deed): Method {
  return method({
    name,
    params: list(z.object({ rid: id, username: id })),
    async run(call, [{ rid, username }]) {
      const found = await governed(call.gate, call.caller, rid)
      if (!found) return invalidRoom(name)
      const user = (await personNamed(call.gate, username))?.account
      // Nobody has that name, so nobody of that name is in the room.
      if (!user) return new MeteorError('error-user-not-in-room', 'User is not in this room', { method: name })
      const done = await act(call, found, user, name)
      return done instanceof MeteorError ? done : true
    },
  })
}
