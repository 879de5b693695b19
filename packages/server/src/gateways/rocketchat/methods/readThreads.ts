// `readThreads`: the replies of a thread are read.
import { messageOf } from '../messages/found-message.ts'
import { method } from '../method.ts'
import { id, list } from '../params.ts'
import { readThread } from '../rooms/membership-acts.ts'

export const readThreads = method({
  name: 'readThreads',
  params: list(id),
  async run({ gate, caller }, [tmid]) {
    const found = await messageOf(gate, caller, tmid)
    if (found) await readThread(gate, caller.account.id, found.event)
    return undefined
  },
})
