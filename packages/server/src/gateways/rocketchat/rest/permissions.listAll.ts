// `permissions.listAll`: who may do what, or what of it has changed since.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { route } from '../route.ts'
import { permissionsShown } from '../settings/permissions-shown.ts'

export const permissionsListAll = route({
  verb: 'GET',
  paths: ['/v1/permissions.listAll'],
  input: z.looseObject({ updatedSince: z.string().max(64).optional() }),
  async run({ gate }, { updatedSince }) {
    if (updatedSince === undefined) return { update: permissionsShown(gate), remove: [] }
    const since = Date.parse(updatedSince)
    if (Number.isNaN(since))
      return new MeteorError('error-roomId-param-invalid', 'The "updatedSince" query parameter must be a valid date.')
    return { update: permissionsShown(gate, since), remove: [] }
  },
})
