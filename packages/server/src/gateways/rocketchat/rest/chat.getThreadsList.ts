// `chat.getThreadsList`: messages of a room that have replies; all, those that the caller follows, or has not read to the
// end; with a text, those that hold it.
import { z } from 'zod'
import { isRejection } from '../../../room/rejection.ts'
import { errorOf, failure, MeteorError } from '../errors.ts'
import { PAGE_MOST } from '../limits.ts'
import { documentsFor } from '../messages/encode-message.ts'
import { route } from '../route.ts'
import { markedPage } from './marked-page.ts'
import { PAGED, pagedAnswer, pageOf } from './page.ts'
import { roomNamed } from './room-named.ts'

const query = z.looseObject({
  rid: z.unknown().optional(),
  type: z.string().optional(),
  text: z.string().max(1_024).optional(),
  ...PAGED,
})

export const chatGetThreadsList = route({
  verb: 'GET',
  paths: ['/v1/chat.getThreadsList'],
  input: query,
  async run(call, { rid, type, text, ...paged }) {
    const { gate, caller } = call
    if (!gate.settings.get('Threads_enabled')) return new MeteorError('error-not-allowed', 'Threads Disabled')
    const refused = new MeteorError('error-not-allowed', 'Not Allowed')
    const found = await roomNamed(call, rid, failure('Match error: Expected string, got undefined'), refused)
    if (found instanceof MeteorError) return found
    const of = type === 'following' ? 'threads followed' : type === 'unread' ? 'threads unread' : 'threads'
    if (!text) return markedPage(call, found, { of }, paged, 'threads')
    const all = await gate.parts.reading.marked(caller.account, {
      room: found.room.id,
      of,
      offset: 0,
      limit: PAGE_MOST,
    })
    if (isRejection(all)) return errorOf(all, 'chat.getThreadsList')
    const words = text.toLowerCase()
    const threads = await documentsFor(gate.parts, caller.account, found.room, all.events)
    const fitting = threads.filter(({ msg }) => String(msg).toLowerCase().includes(words))
    return pagedAnswer('threads', fitting, pageOf(gate, paged))
  },
})
