// `subscriptions.get`, `subscriptions.getOne`: the caller's memberships.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { id } from '../params.ts'
import { removedSubscriptions, subscriptionsFor } from '../rooms/lists.ts'
import { ownMembership } from '../rooms/membership-acts.ts'
import { documentOfMembership } from '../rooms/subscription-document.ts'
import { route } from '../route.ts'

const since = z.looseObject({ updatedSince: z.string().optional() })

export const subscriptionsGet = route({
  verb: 'GET',
  paths: ['/v1/subscriptions.get'],
  input: since,
  async run({ gate, caller: { account } }, { updatedSince }) {
    const at = updatedSince ? new Date(updatedSince) : null
    if (at && Number.isNaN(at.getTime()))
      return new MeteorError('error-roomId-param-invalid', 'The "lastUpdate" query parameter must be a valid date.')
    const update = await subscriptionsFor(gate, account, at)
    return { update, remove: at ? await removedSubscriptions(gate, account, at) : [] }
  },
})

export const subscriptionsGetOne = route({
  verb: 'GET',
  paths: ['/v1/subscriptions.getOne'],
  input: z.looseObject({ roomId: id }),
  async run({ gate, caller }, { roomId }) {
    const own = await ownMembership(gate, caller, roomId)
    if (!own) return { subscription: null }
    return { subscription: await documentOfMembership(gate, own.room, caller.account, own.membership) }
  },
})
