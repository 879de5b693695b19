// `permissions/get`: which roles have which permissions; with a date what has changed since.

import { method } from '../method.ts'
import { date, list } from '../params.ts'
import { permissionsShown } from '../settings/permissions-shown.ts'

export const permissionsGet = method({
  name: 'permissions/get',
  params: list(date.nullish()),
  async run({ gate }, [since]) {
    const update = permissionsShown(gate, since?.getTime())
    return since ? { update, remove: [] } : update
  },
})
