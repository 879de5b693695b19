// `roles.create`: a role of the server's own.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { ROLE_NAME } from '../limits.ts'
import { route } from '../route.ts'

export const rolesCreate = route({
  verb: 'POST',
  paths: ['/v1/roles.create'],
  input: z.looseObject({
    name: z.string().trim().min(1).max(ROLE_NAME),
    scope: z.enum(['Users', 'Subscriptions']).optional(),
    description: z.string().max(1_024).optional(),
    mandatory2fa: z.boolean().optional(),
  }),
  permission: 'access-permissions',
  async run({ gate }, { name, scope = 'Users', description = '', mandatory2fa = false }) {
    if (gate.roles.find(name))
      return new MeteorError('error-duplicate-role-names-not-allowed', 'Role name already exists')
    const role = { _id: gate.parts.newId(), name, scope, description, mandatory2fa, protected: false } as const
    return (await gate.roles.put(gate, role)) ?? { role }
  },
})
