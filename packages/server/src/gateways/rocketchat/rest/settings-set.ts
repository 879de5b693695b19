// `settings/:_id`: one of them, by who may change it.
import { z } from 'zod'
import { Envelope, route } from '../route.ts'
import { saveSetting } from '../settings/settings-shown.ts'

export const settingsSet = route({
  verb: 'POST',
  paths: ['/v1/settings/:_id'],
  input: z.looseObject({ value: z.unknown() }),
  permission: 'edit-privileged-setting',
  twoFactor: { remember: true },
  async run({ gate, param }, { value }) {
    const refused = await saveSetting(gate, param('_id'), value)
    return refused ? new Envelope(400, { success: false, error: refused.message, errorType: refused.error }) : {}
  },
})
