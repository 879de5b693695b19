// `authorization:addPermissionToRole` and `authorization:removeRoleFromPermission`: a role gets a permission, or loses it.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { method } from '../method.ts'
import { list } from '../params.ts'
import { isPermission } from '../settings/permissions.ts'
import { savePermissions } from '../settings/permissions-shown.ts'

export const authorizationAddPermissionToRole = granting('authorization:addPermissionToRole', true)
export const authorizationRemoveRoleFromPermission = granting('authorization:removeRoleFromPermission', false)

function granting(name: string, granted: boolean) {
  return method({
    name,
    params: list(z.string().max(256), z.string().max(256)),
    async run({ gate, caller }, [permission, role]) {
      if (!gate.permissions.may(caller.account, 'access-permissions'))
        return new MeteorError('error-action-not-allowed', 'Editing permission is not allowed', { method: name })
      if (!isPermission(permission))
        return new MeteorError('error-invalid-permission', 'Permission not found', { method: name })
      const others = gate.permissions.get(permission).roles.filter(held => held !== role)
      const roles = granted ? [...others, role] : others
      return (await savePermissions(gate, [{ _id: permission, roles }])) ?? undefined
    },
  })
}
