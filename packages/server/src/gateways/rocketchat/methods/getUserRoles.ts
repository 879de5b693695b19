// `getUserRoles`: users with a role that clients show beside their names.

import { method } from '../method.ts'
import { nothing } from '../params.ts'
import { usersInPublicRoles } from '../users/role-members.ts'

export const getUserRoles = method({
  name: 'getUserRoles',
  params: nothing,
  run: ({ gate }) => usersInPublicRoles(gate),
})
