// `settings/:_id`: one of them.
import { z } from 'zod'
import { Envelope, route } from '../route.ts'
import { isSetting } from '../settings/settings.ts'
import { valueShown } from '../settings/settings-shown.ts'

export const settingsGet = route({
  verb: 'GET',
  paths: ['/v1/settings/:_id'],
  input: z.unknown(),
  permission: 'view-privileged-setting',
  async run({ gate, param }) {
    const _id = param('_id')
    return isSetting(_id) ? { _id, value: valueShown(gate, _id) } : new Envelope(400, { success: false })
  },
})
