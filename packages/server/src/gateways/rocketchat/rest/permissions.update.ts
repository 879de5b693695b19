// `permissions.update`: which roles have which permissions.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { Envelope, route } from '../route.ts'
import { permissionsShown, savePermissions } from '../settings/permissions-shown.ts'

const role = z.string().max(256)
const shape = z.looseObject({
  permissions: z.array(z.looseObject({ _id: z.string().max(256), roles: z.array(role).max(300) })).max(300),
})

export const permissionsUpdate = route({
  verb: 'POST',
  paths: ['/v1/permissions.update'],
  input: z.unknown(),
  async run({ gate, caller }, body) {
    const failed = (error: string, errorType: string) => new Envelope(400, { success: false, error, errorType })
    if (!gate.permissions.may(caller.account, 'access-permissions'))
      return failed('Editing permissions is not allowed', 'error-edit-permissions-not-allowed')
    const given = shape.safeParse(body)
    if (!given.success) return failed('Invalid body params', 'error-invalid-body-params')
    const refused = await savePermissions(gate, given.data.permissions)
    if (refused instanceof MeteorError) return failed(refused.reason, String(refused.error))
    return { permissions: permissionsShown(gate) }
  },
})
