// `chat.search`: messages of a room that hold the words, newest first.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { searchIn } from '../messages/search.ts'
import { route } from '../route.ts'
import { PAGED, pageOf } from './page.ts'
import { roomNamed } from './room-named.ts'

export const chatSearch = route({
  verb: 'GET',
  paths: ['/v1/chat.search'],
  input: z.looseObject({ roomId: z.unknown().optional(), searchText: z.string().optional(), ...PAGED }),
  async run(call, { roomId, searchText, offset, count }) {
    const missing = new MeteorError('error-roomId-param-not-provided', 'The required "roomId" query param is missing.')
    const found = await roomNamed(call, roomId, missing)
    if (found instanceof MeteorError) return found
    if (!searchText)
      return new MeteorError('error-searchText-param-not-provided', 'The required "searchText" query param is missing.')
    const page = pageOf(call.gate, {
      ...(offset === undefined ? {} : { offset }),
      ...(count === undefined ? {} : { count }),
    })
    const messages = await searchIn(call.gate, call.caller, found, searchText, page)
    return messages instanceof MeteorError ? messages : { messages }
  },
})
