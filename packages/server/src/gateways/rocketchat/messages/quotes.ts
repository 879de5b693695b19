// A link to a message of this server in the text of a plain one quotes it. Kept is where the quoted one is, and its text is
// read when the quote is shown: what is deleted is quoted nowhere any more. Whose right to read counts is whoever quotes it,
// in that moment too: what is said after they have gone is not theirs to show (L10).
import type { EventId, RoomId } from '@conclave/wire'
import type { RoomEvent } from '../../../room/events.ts'
import type { GatewayParts } from '../../gateway.ts'
import { accountOf, type Document, quoteOf } from '../encode.ts'

/** Where a quoted message is, and how it was linked. */
export interface Quote {
  readonly link: string
  readonly room: RoomId
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
  // An edit makes them anew.
  const by = event.done?.edited ? event.done.edited.by : event.actor
  const quoter = by === null ? undefined : await accountOf(parts, by)
  for (const { link, room, id } of quotesIn(event)) {
    const quoted = quoter && (await parts.reading.event(quoter, room, id))
    if (!quoted || quoted.erased || quoted.body.type !== 'message') continue
    if (quoted.body.content.suite !== 'none') continue
    shown.push({ ...(await quoteOf(parts, quoted)), message_link: link })
  }
  return shown
}
