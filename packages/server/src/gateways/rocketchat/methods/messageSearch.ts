// `messageSearch`: messages of a room, newest first, that hold the words.
import { z } from 'zod'
import { MeteorError, notAllowed } from '../errors.ts'
import { HISTORY } from '../limits.ts'
import { searchIn } from '../messages/search.ts'
import { method } from '../method.ts'
import { roomOf } from '../names.ts'
import { list } from '../params.ts'

const some = z.number().int().min(0).nullish()

export const messageSearch = method({
  name: 'messageSearch',
  params: list(z.string(), z.string().nullish(), some, some),
  async run({ gate, caller }, [text, rid, limit, offset]) {
    const found = rid ? await roomOf(gate.parts, caller.account, rid) : undefined
    if (!found) return rid ? notAllowed('messageSearch') : { message: { docs: [] } }
    const page = { offset: offset ?? 0, count: Math.min(limit || 20, HISTORY) }
    const docs = await searchIn(gate, caller, found, text, page)
    return docs instanceof MeteorError ? docs : { message: { docs } }
  },
})
