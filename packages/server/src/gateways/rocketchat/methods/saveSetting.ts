// `saveSetting`: one setting, by who may change it.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { method } from '../method.ts'
import { list } from '../params.ts'
import { saveSetting as save } from '../settings/settings-shown.ts'

export const saveSetting = method({
  name: 'saveSetting',
  params: list(z.string().max(256), z.unknown()),
  twoFactor: { remember: true },
  async run({ gate, caller }, [name, value]) {
    if (!gate.permissions.may(caller.account, 'edit-privileged-setting'))
      return new MeteorError('error-action-not-allowed', 'Editing settings is not allowed', { method: 'saveSetting' })
    return (await save(gate, name, value)) ?? true
  },
})
