// `roles.removeUserFromRole`: everywhere, or in the room that is named.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { route } from '../route.ts'
import { personNamed } from '../users/find.ts'
import { changeRoleOf } from '../users/role-members.ts'

export const rolesRemoveUserFromRole = route({
  verb: 'POST',
  paths: ['/v1/roles.removeUserFromRole'],
  input: z.looseObject({
    username: z.string().max(256),
    roleId: z.string().max(256).optional(),
    roleName: z.string().max(256).optional(),
    scope: z.string().max(256).optional(),
    roomId: z.string().max(256).optional(),
  }),
  async run({ gate, caller }, given) {
    const person = await personNamed(gate, given.username)
    if (!person) return new MeteorError('error-invalid-user', 'There is no user with this username')
    const role = gate.roles.find(given.roleId ?? given.roleName ?? '')
    if (!role) return new MeteorError('error-invalid-roleId', 'This role does not exist')
    const rid = given.scope ?? given.roomId
    return (await changeRoleOf(gate, caller, person, { role, rid, granted: false })) ?? { role }
  },
})
