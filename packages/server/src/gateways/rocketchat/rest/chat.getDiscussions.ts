// `chat.getDiscussions`: the messages that tell of a room's discussions, the newest first; `text` is part of their names.
import { z } from 'zod'
import type { Document } from '../encode.ts'
import { failure, MeteorError } from '../errors.ts'
import { DISCUSSIONS, FILTER } from '../limits.ts'
import { shownMessages } from '../messages/encode-message.ts'
import { fullNameOf } from '../names.ts'
import { discussionsOf, startOf } from '../rooms/discussions.ts'
import { route } from '../route.ts'
import { PAGED, pagedAnswer, pageOf } from './page.ts'
import { roomNamed } from './room-named.ts'

export const chatGetDiscussions = route({
  verb: 'GET',
  paths: ['/v1/chat.getDiscussions'],
  input: z.looseObject({ roomId: z.unknown().optional(), text: z.string().max(FILTER).optional(), ...PAGED }),
  async run(call, { roomId, text = '', ...paged }) {
    const missing = new MeteorError('error-invalid-params', 'The required "roomId" query param is missing.')
    const found = await roomNamed(call, roomId, missing, failure('error-not-allowed'))
    if (found instanceof MeteorError) return found
    const needle = text.toLowerCase()
    const all = await discussionsOf(call, found.room, DISCUSSIONS)
    const fitting = all.filter(({ room }) => fullNameOf(room).toLowerCase().includes(needle))
    const answer = pagedAnswer('messages', fitting, pageOf(call.gate, paged)) as { messages: typeof fitting }
    const messages: Document[] = []
    for (const { at } of answer.messages) {
      const event = await startOf(call, found.room, at)
      if (event) messages.push(...(await shownMessages(call.gate.parts, event, found.room)))
    }
    return { ...answer, messages }
  },
})
