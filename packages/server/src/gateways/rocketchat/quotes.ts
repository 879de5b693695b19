// A link to a message of this server in the text of a plain one quotes it. Kept is where the quoted one is, and its text is
// read when the quote is shown: what is deleted is quoted nowhere any more. Only its sender's right to read counts: whoever
// quotes something shows it.
import type { EventId, RoomId } from '@conclave/wire'
import type { Content, RoomEvent } from '../../room/events.ts'
import type { GatewayParts } from '../gateway.ts'
import { accountOf, type Document } from './encode.ts'
import { messageOf } from './found-message.ts'
import type { Caller, Gate } from './gate.ts'
import { QUOTES } from './limits.ts'
import { userRefOf } from './names.ts'

interface Quote {
  readonly link: string
  readonly room: RoomId
  readonly sequence: number
  readonly id: EventId
}

const LINK = /\bhttps?:\/\/[^\s<>"'`()[\]]+[?&]msg=([\w.~-]{1,128})/g

export async function withQuotes<T extends { readonly suite: string }>(
  gate: Gate,
  caller: Caller,
  content: T,
): Promise<T> {
  const plain = content as unknown as Content
  if (plain.suite !== 'none' || !plain.text.includes('msg=')) return content
  const quotes: Quote[] = []
  for (const [link, id] of plain.text.matchAll(LINK)) {
    if (quotes.length >= QUOTES) break
    if (!id || !isOurs(gate.parts, link)) continue
    const found = await messageOf(gate, caller, id)
    if (!found || found.target.whispered || found.body.content.suite !== 'none') continue
    quotes.push({ link, room: found.room.id, sequence: found.target.sequence, id: found.target.id })
  }
  if (quotes.length === 0) return content
  return { ...plain, extra: { ...plain.extra, rocketchat: { ...plain.extra?.rocketchat, quotes } } } as unknown as T
}

function isOurs(parts: GatewayParts, link: string): boolean {
  return URL.canParse(link) && new URL(link).origin === new URL(parts.publicUrl()).origin
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
