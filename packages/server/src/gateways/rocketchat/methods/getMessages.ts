// `getMessages`: several by their ids, in the order asked; refused as a whole where one is not the caller's to read.
import { z } from 'zod'
import type { Document } from '../encode.ts'
import { notAllowed } from '../errors.ts'
import { MESSAGES_NAMED } from '../limits.ts'
import { documentsFor } from '../messages/encode-message.ts'
import { messageOf } from '../messages/found-message.ts'
import { method } from '../method.ts'
import { id, list } from '../params.ts'

export const getMessages = method({
  name: 'getMessages',
  params: list(z.array(id).max(MESSAGES_NAMED)),
  async run({ gate, caller }, [ids]) {
    const shown: Document[] = []
    for (const mid of ids) {
      const found = await messageOf(gate, caller, mid)
      if (!found) return notAllowed('getMessages')
      shown.push(...(await documentsFor(gate.parts, caller.account, found.room, [found.event])))
    }
    return shown
  },
})
