// `rooms.muteUser`, `rooms.unmuteUser`, `rooms.banUser`, `rooms.unbanUser`: by id or name of room and user.
import { z } from 'zod'
import type { Account } from '../../../room/facts.ts'
import { invalidRoom, MeteorError } from '../errors.ts'
import type { Found } from '../names.ts'
import { id } from '../params.ts'
import { governed } from '../rooms/access.ts'
import { ban, mute } from '../rooms/room-acts.ts'
import { type RestCall, type Route, route } from '../route.ts'
import { USER_NAMED, userNamed } from '../users/named-user.ts'

type Deed = (call: RestCall, found: Found, user: Account) => Promise<true | MeteorError>

export const roomsModeration: readonly Route[] = [
  deed('muteUser', (call, found, user) => mute(call, found, user, true, 'muteUserInRoom')),
  deed('unmuteUser', (call, found, user) => mute(call, found, user, false, 'unmuteUserInRoom')),
  deed('banUser', (call, found, user) => ban(call, found, user, true, 'banUserFromRoom')),
  deed('unbanUser', (call, found, user) => ban(call, found, user, false, 'unbanUserFromRoom')),
]

function deed(name: string, act: Deed): Route {
  return route({
    verb: 'POST',
    paths: [`/v1/rooms.${name}`],
    input: z.looseObject({ ...USER_NAMED, roomId: id }),
    async run(call, input) {
      const user = await userNamed(call.gate, input)
      if (user instanceof MeteorError) return user
      const found = await governed(call.gate, call.caller, input.roomId)
      if (!found) return invalidRoom(name)
      const done = await act(call, found, user)
      return done instanceof MeteorError ? done : {}
    },
  })
}
