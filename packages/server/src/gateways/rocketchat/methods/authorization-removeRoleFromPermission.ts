// `authorization:removeRoleFromPermission`: a role loses a permission.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { method } from '../method.ts'
import { list } from '../params.ts'
import { isPermission } from '../settings/permissions.ts'
import { savePermissions } from '../settings/permissions-shown.ts'

const NAME = 'authorization:removeRoleFromPermission'

export const authorizationRemoveRoleFromPermission = method({
  name: 'authorization:removeRoleFromPermission',
  params: list(z.string().max(256), z.string().max(256)),
  async run({ gate, caller }, [permission, role]) {
    if (!gate.permissions.may(caller.account, 'access-permissions'))
      return new MeteorError('error-action-not-allowed', 'Editing permission is not allowed', { method: NAME })
    if (!isPermission(permission))
      return new MeteorError('error-invalid-permission', 'Permission not found', { method: NAME })
    const roles = gate.permissions.get(permission).roles.filter(held => held !== role)
    return (await savePermissions(gate, [{ _id: permission, roles: roles }])) ?? undefined
  },
})
