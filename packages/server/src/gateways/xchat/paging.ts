// Pagination tokens (x-chat.md 1.4): opaque to clients, a place in a list to us. A token of one list is foreign to
// another, and a foreign token is refused.
import { isEventId } from '@conclave/wire'

/** `newer`: events again, after a place instead of before it. */
export type List = 'events' | 'newer' | 'chain' | 'key_log' | 'conversations' | 'subscriptions'

export function pageToken(list: List, place: string): string {
  return Buffer.from(`${list}:${place}`, 'utf8').toString('base64url')
}

/** The place, which is a decimal number below 2^63; undefined for a token that is not of this list. */
export function placeOf(list: List, token: string): string | undefined {
  if (token.length > 64) return undefined
  const text = Buffer.from(token, 'base64url').toString('utf8')
  const place = text.slice(list.length + 1)
  return text.startsWith(`${list}:`) && isEventId(place) && pageToken(list, place) === token ? place : undefined
}
