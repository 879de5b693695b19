// A page of messages that were found by what was done to them, as `chat.get…Messages` give it.

import { isRejection } from '../../../room/rejection.ts'
import type { MarkedQuery } from '../../../store/store.ts'
import { documentsFor } from '../encode-message.ts'
import { errorOf, type MeteorError } from '../errors.ts'
import type { Found } from '../names.ts'
import type { RestCall } from '../route.ts'
import { pageOf } from './page.ts'

export async function markedPage(
  { gate, caller }: RestCall,
  { room }: Found,
  of: Pick<MarkedQuery, 'of' | 'sought'>,
  asked: Parameters<typeof pageOf>[1],
  name = 'messages',
): Promise<object | MeteorError> {
  const { offset, count } = pageOf(gate, asked)
  const page = await gate.parts.reading.marked(caller.account, { room: room.id, ...of, offset, limit: count })
  if (isRejection(page)) return errorOf(page, name)
  const messages = await documentsFor(gate.parts, caller.account, room, page.events)
  return { [name]: messages, count: messages.length, offset, total: page.total }
}
