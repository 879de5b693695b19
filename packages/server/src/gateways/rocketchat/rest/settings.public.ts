// `settings.public`: what clients must know of the server, logged in or not; some by `_id` or by a query.
import { z } from 'zod'
import { openRoute } from '../route.ts'
import { settingsShown, wantedIds } from '../settings/settings-shown.ts'
import { PAGED, pagedAnswer, pageOf } from './page.ts'

export const settingsPublic = openRoute({
  verb: 'GET',
  paths: ['/v1/settings.public'],
  input: z.looseObject({ ...PAGED, _id: z.string().max(65_536).optional(), query: z.string().max(65_536).optional() }),
  open: true,
  async run({ gate }, given) {
    const ids = wantedIds(given._id, given.query)
    const shown = settingsShown(gate).filter(({ _id, public: isPublic }) => isPublic && (!ids || ids.has(_id)))
    return pagedAnswer(
      'settings',
      shown.map(({ _id, value }) => ({ _id, value, enterprise: false })),
      pageOf(gate, { count: 0, ...given }),
    )
  },
})
