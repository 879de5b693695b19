// `integrations.update`: what an incoming webhook posts to and looks like. Its address and who it posts as stay.
import { z } from 'zod'
import { accountOf } from '../encode.ts'
import { MeteorError } from '../errors.ts'
import {
  changeIntegration,
  integrationDocument,
  integrationFor,
  notAuthorized,
  outgoingRefused,
  rightsOf,
} from '../integrations/integration.ts'
import { integrationShape, settle } from '../integrations/settle.ts'
import { SERVER } from '../names.ts'
import { failure, route } from '../route.ts'

export const integrationsUpdate = route({
  verb: 'PUT',
  paths: ['/v1/integrations.update'],
  input: integrationShape.extend({ integrationId: z.string(), username: z.string().nullish() }),
  async run({ gate, caller }, given) {
    if (given.type === 'webhook-outgoing') return outgoingRefused
    if (given.type !== 'webhook-incoming') return failure('Invalid integration type.')
    const { all, own } = rightsOf(gate, caller)
    if (!all && !own) return notAuthorized
    const found = await integrationFor(gate, caller, given.integrationId)
    if (!found) return failure('No integration found.')
    const { as } = found.integration
    const poster = as === null ? SERVER.username : ((await accountOf(gate.parts, as))?.username ?? '')
    const { elsewhere } = found.integration
    const kept = { overrideDestinationChannelEnabled: given.overrideDestinationChannelEnabled ?? elsewhere }
    const settled = await settle(gate, caller, { ...given, ...kept, username: poster })
    if (settled instanceof MeteorError) return settled
    const changed = await changeIntegration(gate, found.integration, found.version, settled)
    return changed instanceof MeteorError ? changed : { integration: await integrationDocument(gate, changed) }
  },
})
