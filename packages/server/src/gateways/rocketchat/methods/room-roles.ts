// `addRoomOwner`, `addRoomModerator`, `addRoomLeader` and their opposites: [rid, userId].

import { invalidRoom, invalidUser, MeteorError } from '../errors.ts'
import { type Method, method } from '../method.ts'
import { id, list } from '../params.ts'
import { governed } from '../rooms/access.ts'
import { type AnyRole, changeRole } from '../rooms/room-acts.ts'
import { personWithId } from '../users/find.ts'

const ROLES: Readonly<Record<string, AnyRole>> = { Owner: 'owner', Moderator: 'moderator', Leader: 'leader' }

export const roomRoles: readonly Method[] = Object.entries(ROLES).flatMap(([word, role]) => [
  roleMethod(`addRoom${word}`, role, true),
  roleMethod(`removeRoom${word}`, role, false),
])

function roleMethod(name: string, role: AnyRole, granted: boolean): Method {
  return method({
    name,
    params: list(id, id),
    async run(call, [rid, userId]) {
      const found = await governed(call.gate, call.caller, rid)
      if (!found) return invalidRoom(name)
      const user = (await personWithId(call.gate, userId))?.account
      if (!user) return invalidUser(name)
      const changed = await changeRole(call, found, user, role, granted, name)
      return changed instanceof MeteorError ? changed : true
    },
  })
}
