// `channels.getIntegrations`, `groups.getIntegrations`: the webhooks that post to a room, as far as the caller may manage them.
import { z } from 'zod'
import { integrationDocument, integrationsFor, MANAGING } from '../../integrations/integration.ts'
import { PAGED, pageOf } from '../page.ts'
import { familyRoutes } from './family.ts'

export const getIntegrations = familyRoutes({
  families: ['channels', 'groups'],
  verb: 'GET',
  name: 'getIntegrations',
  input: z.looseObject(PAGED),
  everywhere: { any: MANAGING },
  async run({ gate, caller }, input, { room }) {
    const page = pageOf(gate, input)
    const held = (await integrationsFor(gate, caller)).filter(({ targets }) =>
      targets.some(each => each.room === room.id),
    )
    const shown = held.slice(page.offset, page.offset + page.count)
    const integrations = await Promise.all(shown.map(each => integrationDocument(gate, each)))
    return { integrations, count: shown.length, offset: page.offset, items: shown.length, total: held.length }
  },
})
