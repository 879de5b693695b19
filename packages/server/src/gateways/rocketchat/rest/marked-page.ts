// A page of messages that were found by what was done to them, as `chat.get…Messages` give it.
import type { UserId } from '@conclave/wire'
import type { RoomEvent } from '../../../room/events.ts'
import { isRejection } from '../../../room/rejection.ts'
import type { MarkedQuery } from '../../../store/store.ts'
import { errorOf, type MeteorError } from '../errors.ts'
import { PAGE_MOST } from '../limits.ts'
import { documentsFor } from '../messages/encode-message.ts'
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

/** Those that name any of some users, newest first, among the newest PAGE_MOST that name each. */
export async function mentioningPage(
  { gate, caller }: RestCall,
  { room }: Found,
  users: readonly UserId[],
  asked: Parameters<typeof pageOf>[1],
): Promise<object | MeteorError> {
  const { offset, count } = pageOf(gate, asked)
  const events = new Map<number, RoomEvent>()
  for (const sought of users) {
    const query = { room: room.id, of: 'mentioning', sought, offset: 0, limit: PAGE_MOST } as const
    const page = await gate.parts.reading.marked(caller.account, query)
    if (isRejection(page)) return errorOf(page, 'messages')
    for (const event of page.events) events.set(event.sequence, event)
  }
  const part = [...events.values()].sort((a, b) => b.sequence - a.sequence).slice(offset, offset + count)
  const messages = await documentsFor(gate.parts, caller.account, room, part)
  return { messages, count: messages.length, offset, total: events.size }
}
