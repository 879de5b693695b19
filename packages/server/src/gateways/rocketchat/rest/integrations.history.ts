// `integrations.history`: of outgoing webhooks, of which there are none.
import { z } from 'zod'
import { route } from '../route.ts'
import { PAGED, pagedAnswer, pageOf } from './page.ts'

export const integrationsHistory = route({
  verb: 'GET',
  paths: ['/v1/integrations.history'],
  input: z.looseObject({ ...PAGED, id: z.string().min(1) }),
  permission: { any: ['manage-outgoing-integrations', 'manage-own-outgoing-integrations'] },
  async run({ gate }, input) {
    return { ...pagedAnswer('history', [], pageOf(gate, input)), items: 0 }
  },
})
