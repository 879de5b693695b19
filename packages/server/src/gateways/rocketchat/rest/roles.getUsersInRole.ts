// `roles.getUsersInRole`: who has a role everywhere, or in a room.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { route } from '../route.ts'
import { documentFor } from '../users/documents.ts'
import { picked } from '../users/list.ts'
import { usersInRole, usersInRoleOf } from '../users/role-members.ts'
import { PAGED, pageOf } from './page.ts'

export const rolesGetUsersInRole = route({
  verb: 'GET',
  paths: ['/v1/roles.getUsersInRole'],
  input: z.looseObject({ ...PAGED, role: z.string().max(256).optional(), roomId: z.string().max(256).optional() }),
  async run({ gate, caller }, given) {
    if (!given.role) return new MeteorError('error-param-not-provided', 'Query param "role" is required')
    const may = (id: 'access-permissions' | 'view-other-user-channels') => gate.permissions.may(caller.account, id)
    if (!may('access-permissions') || (given.roomId && !may('view-other-user-channels')))
      return new MeteorError('error-not-allowed', 'Not allowed')
    const role = gate.roles.find(given.role)
    if (!role) return new MeteorError('error-invalid-roleId', 'This role does not exist')
    const held = given.roomId
      ? await usersInRoleOf(gate, caller, role._id, given.roomId)
      : await usersInRole(gate, role._id)
    const { offset, count } = pageOf(gate, given)
    const part = held.slice(offset, offset + count)
    const users = await Promise.all(
      part.map(async account => {
        const user = await documentFor(gate, caller.account, await gate.people.about(account))
        return picked(user, {}, ['name', 'username', 'emails', 'avatarETag', 'createdAt', '_updatedAt'])
      }),
    )
    return { users, total: held.length }
  },
})
