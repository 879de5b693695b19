// `integrations.history`: of outgoing webhooks, of which there are none.
import { z } from 'zod'
import { forbiddenRoom, route } from '../route.ts'
import { PAGED, pagedAnswer, pageOf } from './page.ts'

export const integrationsHistory = route({
  verb: 'GET',
  paths: ['/v1/integrations.history'],
  input: z.looseObject({ ...PAGED, id: z.string().min(1) }),
  async run({ gate, caller }, input) {
    const may = (id: 'manage-outgoing-integrations' | 'manage-own-outgoing-integrations'): boolean =>
      gate.permissions.may(caller.account, id)
    if (!may('manage-outgoing-integrations') && !may('manage-own-outgoing-integrations')) return forbiddenRoom
    return { ...pagedAnswer('history', [], pageOf(gate, input)), items: 0 }
  },
})
