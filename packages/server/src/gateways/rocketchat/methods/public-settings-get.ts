// `public-settings/get`: what clients must know of the server; with a date what has changed since.

import { openMethod } from '../method.ts'
import { date, list } from '../params.ts'
import { settingsShown } from '../settings/settings-shown.ts'

export const publicSettingsGet = openMethod({
  name: 'public-settings/get',
  params: list(date.nullish()),
  open: true,
  async run({ gate }, [since]) {
    const shown = settingsShown(gate, since?.getTime()).filter(({ public: isPublic }) => isPublic)
    const update = shown.map(({ _id, value, _updatedAt }) => ({ _id, value, _updatedAt }))
    return since ? { update, remove: [] } : update
  },
})
