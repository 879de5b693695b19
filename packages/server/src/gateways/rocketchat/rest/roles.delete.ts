// `roles.delete`: a role that nobody has.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { route } from '../route.ts'
import { usersInRole } from '../users/role-members.ts'

export const rolesDelete = route({
  verb: 'POST',
  paths: ['/v1/roles.delete'],
  input: z.looseObject({ roleId: z.string().max(256) }),
  permission: 'access-permissions',
  async run({ gate }, { roleId }) {
    const role = gate.roles.find(roleId)
    if (!role) return new MeteorError('error-invalid-roleId', 'This role does not exist')
    if (role.protected) return new MeteorError('error-role-protected', 'Cannot delete a protected role')
    if ((await usersInRole(gate, role._id)).length > 0)
      return new MeteorError('error-role-in-use', "Cannot delete role because it's in use")
    await gate.roles.remove(gate, role)
    return {}
  },
})
