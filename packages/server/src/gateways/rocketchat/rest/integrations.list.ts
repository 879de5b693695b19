// `integrations.list`: the webhooks that the caller may manage.
import { z } from 'zod'
import { integrationDocument, integrationsFor, MANAGING } from '../integrations/integration.ts'
import { route } from '../route.ts'
import { PAGED, pagedAnswer, pageOf } from './page.ts'

export const integrationsList = route({
  verb: 'GET',
  paths: ['/v1/integrations.list'],
  input: z.looseObject(PAGED),
  permission: { any: MANAGING },
  async run({ gate, caller }, input) {
    const held = await integrationsFor(gate, caller)
    const page = pageOf(gate, input)
    const shown = held.slice(page.offset, page.offset + page.count)
    const documents = await Promise.all(shown.map(each => integrationDocument(gate, each)))
    return {
      ...pagedAnswer('integrations', [], page),
      integrations: documents,
      count: shown.length,
      items: shown.length,
      total: held.length,
    }
  },
})
