// `licenses.info`: what a licence opens: everything that is there is open.
import { z } from 'zod'
import { route } from '../route.ts'

export const licensesInfo = route({
  verb: 'GET',
  paths: ['/v1/licenses.info'],
  input: z.unknown(),
  run: async () => ({
    license: { activeModules: [], preventedActions: {}, limits: {}, tags: [], trial: false },
    cloudSyncAnnouncement: null,
  }),
})
