// `saveSettings`: several settings; none of them where one cannot be.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { method } from '../method.ts'
import { list } from '../params.ts'
import { checkSetting, saveSetting } from '../settings/settings-shown.ts'

export const saveSettings = method({
  name: 'saveSettings',
  params: list(z.array(z.looseObject({ _id: z.string().max(256), value: z.unknown() })).max(500)),
  twoFactor: { remember: true },
  async run({ gate, caller }, [changes]) {
    if (!gate.permissions.may(caller.account, 'edit-privileged-setting'))
      return new MeteorError('error-action-not-allowed', 'Editing settings is not allowed', { method: 'saveSettings' })
    for (const { _id, value } of changes) {
      const refused = checkSetting(_id, value)
      if (refused) return refused
    }
    for (const { _id, value } of changes) {
      const refused = await saveSetting(gate, _id, value)
      if (refused) return refused
    }
    return true
  },
})
