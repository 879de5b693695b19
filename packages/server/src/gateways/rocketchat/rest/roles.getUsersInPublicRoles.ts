// `roles.getUsersInPublicRoles`: users with a role that clients show beside their names.
import { z } from 'zod'
import { route } from '../route.ts'
import { usersInPublicRoles } from '../users/role-members.ts'

export const rolesGetUsersInPublicRoles = route({
  verb: 'GET',
  paths: ['/v1/roles.getUsersInPublicRoles'],
  input: z.unknown(),
  run: async ({ gate }) => ({ users: await usersInPublicRoles(gate) }),
})
