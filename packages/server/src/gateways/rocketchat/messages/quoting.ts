// Looks in the text of a plain message for links to messages that its sender may read, and has it quote them (quotes.ts).
import type { Content } from '../../../room/events.ts'
import type { GatewayParts } from '../../gateway.ts'
import type { Caller, Gate } from '../gate.ts'
import { QUOTES } from '../limits.ts'
import { messageOf } from './found-message.ts'
import type { Quote } from './quotes.ts'

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
    quotes.push({ link, room: found.room.id, id: found.target.id })
  }
  if (quotes.length === 0) return content
  return { ...plain, extra: { ...plain.extra, rocketchat: { ...plain.extra?.rocketchat, quotes } } } as unknown as T
}

function isOurs(parts: GatewayParts, link: string): boolean {
  return URL.canParse(link) && new URL(link).origin === new URL(parts.publicUrl()).origin
}
