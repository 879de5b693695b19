// `roles.update`: what a role is called and described by.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { ROLE_NAME } from '../limits.ts'
import { route } from '../route.ts'

export const rolesUpdate = route({
  verb: 'POST',
  paths: ['/v1/roles.update'],
  input: z.looseObject({
    roleId: z.string().max(256),
    name: z.string().trim().min(1).max(ROLE_NAME),
    scope: z.enum(['Users', 'Subscriptions']).optional(),
    description: z.string().max(1_024).optional(),
    mandatory2fa: z.boolean().optional(),
  }),
  permission: 'access-permissions',
  async run({ gate }, { roleId, name, scope, description, mandatory2fa }) {
    const role = gate.roles.get(roleId)
    if (!role) return new MeteorError('error-invalid-roleId', 'This role does not exist')
    if (role.protected && (name !== role.name || (scope ?? role.scope) !== role.scope))
      return new MeteorError('error-role-protected', 'Role is protected')
    if (role.protected) return { role }
    const next = {
      ...role,
      name,
      scope: scope ?? role.scope,
      description: description ?? role.description,
      mandatory2fa: mandatory2fa ?? role.mandatory2fa,
    }
    return (await gate.roles.put(gate, next)) ?? { role: next }
  },
})
