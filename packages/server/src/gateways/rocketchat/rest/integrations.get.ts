// `integrations.get`: one webhook that the caller may manage.
import { z } from 'zod'
import { integrationDocument, integrationFor, rightsOf } from '../integrations/integration.ts'
import { failure, route } from '../route.ts'

export const integrationsGet = route({
  verb: 'GET',
  paths: ['/v1/integrations.get'],
  input: z.looseObject({ integrationId: z.string().min(1) }),
  async run({ gate, caller }, { integrationId }) {
    const { all, own } = rightsOf(gate, caller)
    if (!all && !own) return failure('not-authorized')
    const found = await integrationFor(gate, caller, integrationId)
    return found
      ? { integration: await integrationDocument(gate, found.integration) }
      : failure('The integration does not exists.')
  },
})
