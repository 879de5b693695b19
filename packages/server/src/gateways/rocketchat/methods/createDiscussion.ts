// `createDiscussion`: [{ prid, pmid?, t_name, reply?, users?, encrypted? }] → the discussion, its id under `rid` too.
import { z } from 'zod'
import { method } from '../method.ts'
import { list } from '../params.ts'
import { DISCUSSION, mayNotStart, startDiscussion } from '../rooms/discussions.ts'

export const createDiscussion = method({
  name: 'createDiscussion',
  params: list(z.object(DISCUSSION)),
  async run(call, [asked]) {
    return call.gate.settings.get('Discussion_enabled') ? startDiscussion(call, asked) : mayNotStart()
  },
})
