// `private-settings/get`: the same of every setting, to who may see it.

import { method } from '../method.ts'
import { date, list } from '../params.ts'
import { settingsShown } from '../settings/settings-shown.ts'
import { SEES_SETTINGS } from '../streams.ts'

export const privateSettingsGet = method({
  name: 'private-settings/get',
  params: list(date.nullish()),
  async run({ gate, caller }, [since]) {
    if (!SEES_SETTINGS.some(id => gate.permissions.may(caller.account, id))) return []
    const update = settingsShown(gate, since?.getTime())
    return since ? { update, remove: [] } : update
  },
})
