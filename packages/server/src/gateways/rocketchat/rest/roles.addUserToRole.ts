// `roles.addUserToRole`: everywhere, or in the room that is named.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { route } from '../route.ts'
import { personFrom, WHO } from '../users/find.ts'
import { changeRoleOf } from '../users/role-members.ts'

export const rolesAddUserToRole = route({
  verb: 'POST',
  paths: ['/v1/roles.addUserToRole'],
  input: z.looseObject({
    ...WHO,
    roleId: z.string().max(256).optional(),
    roleName: z.string().max(256).optional(),
    roomId: z.string().max(256).optional(),
  }),
  async run({ gate, caller }, given) {
    const person = await personFrom(gate, given)
    if (person instanceof MeteorError) return person
    const role = gate.roles.find(given.roleId ?? given.roleName ?? '')
    if (!role) return new MeteorError('error-role-not-found', 'Role not found')
    return (await changeRoleOf(gate, caller, person, { role, rid: given.roomId, granted: true })) ?? { role }
  },
})
