// `integrations.remove`: from then on nobody posts by it.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import {
  integrationDocument,
  integrationFor,
  MANAGING,
  outgoingRefused,
  removeIntegration,
} from '../integrations/integration.ts'
import { failure, route } from '../route.ts'

export const integrationsRemove = route({
  verb: 'POST',
  paths: ['/v1/integrations.remove'],
  input: z.looseObject({ type: z.string(), integrationId: z.string().nullish() }),
  permission: { any: MANAGING },
  async run({ gate, caller }, { type, integrationId }) {
    if (type === 'webhook-outgoing') return outgoingRefused
    if (type !== 'webhook-incoming') return new MeteorError('invalid-params', 'must match exactly one schema in oneOf')
    const found = integrationId ? await integrationFor(gate, caller, integrationId) : undefined
    if (!found) return failure('No integration found.')
    const refused = await removeIntegration(gate, found.integration, found.version)
    return refused ?? { integration: await integrationDocument(gate, found.integration) }
  },
})
