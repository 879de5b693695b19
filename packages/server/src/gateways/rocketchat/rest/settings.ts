// `settings`: everything to who may see it, else what is public.
import { z } from 'zod'
import { route } from '../route.ts'
import { settingsShown, wantedIds } from '../settings/settings-shown.ts'
import { PAGED, pagedAnswer, pageOf } from './page.ts'

export const settings = route({
  verb: 'GET',
  paths: ['/v1/settings'],
  input: z.looseObject({ ...PAGED, _id: z.string().max(65_536).optional(), query: z.string().max(65_536).optional() }),
  async run({ gate, caller }, given) {
    const ids = wantedIds(given._id, given.query)
    const all = gate.permissions.may(caller.account, 'view-privileged-setting')
    const shown = settingsShown(gate).filter(({ _id, public: isPublic }) => (all || isPublic) && (!ids || ids.has(_id)))
    return pagedAnswer('settings', shown, pageOf(gate, given))
  },
})
