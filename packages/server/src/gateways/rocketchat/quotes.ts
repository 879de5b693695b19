// A link to a message of this server in the text of a plain one quotes it. Kept is where the quoted one is, and its text is
// read when the quote is shown: what is deleted is quoted nowhere any more. Only its sender's right to read counts: whoever
// quotes something shows it.
import type { EventId, RoomId } from '@conclave/wire'
import type { RoomEvent } from '../../room/events.ts'
import type { GatewayParts } from '../gateway.ts'
import { accountOf, type Document } from './encode.ts'
import { userRefOf } from './names.ts'

/** Where a quoted message is, and how it was linked. */
export interface Quote {
  readonly link: string
  readonly room: RoomId
  readonly sequence: number
  readonly id: EventId
}

function quotesIn({ body }: RoomEvent): readonly Quote[] {
  const extra = body.type === 'message' && body.content.suite === 'none' ? body.content.extra?.rocketchat : undefined
  return (extra?.quotes as readonly Quote[] | undefined) ?? []
}

export function hasQuotes(event: RoomEvent): boolean {
  return quotesIn(event).length > 0
}

/** As attachments, in the order of the links. */
export async function quotesOf(parts: GatewayParts, event: RoomEvent): Promise<Document[]> {
  const shown: Document[] = []
  for (const { link, room, sequence, id } of quotesIn(event)) {
    const quoted = await parts.reading.message(room, sequence)
    if (!quoted || quoted.id !== id || quoted.erased || quoted.body.type !== 'message') continue
    if (quoted.body.content.suite !== 'none') continue
    const author = userRefOf(quoted.actor === null ? null : await accountOf(parts, quoted.actor))
    shown.push({
      text: quoted.body.content.text,
      author_name: author.username,
      author_icon: `/avatar/${encodeURIComponent(author.username)}`,
      message_link: link,
      ts: new Date(quoted.at),
    })
  }
  return shown
}
