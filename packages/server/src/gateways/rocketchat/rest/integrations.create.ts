// `integrations.create`: an incoming webhook.

import { MeteorError } from '../errors.ts'
import {
  addIntegration,
  integrationDocument,
  notAuthorized,
  outgoingRefused,
  rightsOf,
} from '../integrations/integration.ts'
import { integrationShape, settle } from '../integrations/settle.ts'
import { failure, route } from '../route.ts'

export const integrationsCreate = route({
  verb: 'POST',
  paths: ['/v1/integrations.create'],
  input: integrationShape,
  async run({ gate, caller }, given) {
    if (given.type === 'webhook-outgoing') return outgoingRefused
    if (given.type !== 'webhook-incoming') return failure('Invalid integration type.')
    const { all, own } = rightsOf(gate, caller)
    if (!all && !own) return notAuthorized
    const settled = await settle(gate, caller, given)
    if (settled instanceof MeteorError) return settled
    const added = await addIntegration(gate, caller, settled)
    return added instanceof MeteorError ? added : { integration: await integrationDocument(gate, added) }
  },
})
