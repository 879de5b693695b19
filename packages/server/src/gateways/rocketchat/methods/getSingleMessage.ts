// `getSingleMessage`: one message by its id.

import { notAllowed } from '../errors.ts'
import { documentsFor } from '../messages/encode-message.ts'
import { messageOf } from '../messages/found-message.ts'
import { method } from '../method.ts'
import { id, list } from '../params.ts'

export const getSingleMessage = method({
  name: 'getSingleMessage',
  params: list(id),
  async run({ gate, caller }, [mid]) {
    const found = await messageOf(gate, caller, mid)
    // Unknown and another's look the same.
    if (!found) return notAllowed('getSingleMessage')
    const [shown] = await documentsFor(gate.parts, caller.account, found.room, [found.event])
    return shown
  },
})
