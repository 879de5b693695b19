/**
 * One id space for all three wires (design section 3, x-chat.md 2). Ids are decimal strings below 2^63; the ids of
 * different things are different types. What a wire shows instead is a pure, reversible function of the id: a UUID
 * (Dino), `g` and the id, or two ids (X): `g…` is a group, a pair is one-to-one (with a colon inside events and
 * signatures, with a hyphen in REST), and a bare user id means "the pair of the caller and this user".
 */

export {
  COUNTER_MAX,
  FLOOR,
  IdSequence,
  LAST_MS,
  NODE_MAX,
  nodeOf,
  snowflake,
  timeOf,
  X_EPOCH_MS,
} from './snowflake.ts'
export { idOfUuid, uuidOf } from './uuid.ts'

declare const brand: unique symbol
/** A `T` that is not interchangeable with another brand of `T`. */
export type Brand<T, B extends string> = T & { readonly [brand]: B }

export type UserId = Brand<string, 'UserId'>
export type RoomId = Brand<string, 'RoomId'>
export type ChannelId = Brand<string, 'ChannelId'>
export type EventId = Brand<string, 'EventId'>

/** The largest id below 2^63, as a text to compare with. */
const ID_MAX = '9223372036854775807'
const DECIMAL = /^(?:0|[1-9][0-9]{0,18})$/

/** Below 0, 0 or above 0 as the number `a` is below, equal to or above the number `b`. For `sort`. */
export function compareIds(a: string, b: string): number {
  const left = withoutLeadingZeros(a)
  const right = withoutLeadingZeros(b)
  if (left.length !== right.length) return left.length - right.length
  return left < right ? -1 : left > right ? 1 : 0
}

/** Decimal, no leading zero (but `0` itself, Dino's admin), below 2^63. May come from outside. */
export function isUserId(text: unknown): text is UserId {
  return isDecimalId(text)
}

/** The form only: whether such a room exists is the store's knowledge. */
export function isRoomId(text: unknown): text is RoomId {
  return isDecimalId(text)
}

/** The form only: whether such a channel exists is the store's knowledge. */
export function isChannelId(text: unknown): text is ChannelId {
  return isDecimalId(text)
}

/** The form only: whether such an event exists is the store's knowledge. */
export function isEventId(text: unknown): text is EventId {
  return isDecimalId(text)
}

function isDecimalId(text: unknown): boolean {
  if (typeof text !== 'string' || text.length > ID_MAX.length || !DECIMAL.test(text)) return false
  return text.length < ID_MAX.length || text <= ID_MAX
}

function withoutLeadingZeros(text: string): string {
  if (text.length < 2 || text.charCodeAt(0) !== 48) return text
  let start = 1
  while (start < text.length - 1 && text.charCodeAt(start) === 48) start++
  return text.slice(start)
}

export type ConversationId =
  | { readonly kind: 'group'; readonly room: RoomId }
  | { readonly kind: 'user'; readonly user: UserId }
  | { readonly kind: 'pair'; readonly users: readonly [UserId, UserId] }

/** `g` and the room's id, as X shows a group. */
export function groupIdOf(room: RoomId): string {
  return `g${room}`
}

/** Two users, the lower number first. `:` inside events and signatures, `-` in REST resources. */
export function pairIdOf(a: UserId, b: UserId, separator: ':' | '-'): string {
  return compareIds(a, b) <= 0 ? a + separator + b : b + separator + a
}

/**
 * Every form that clients send: `g…`, a bare user id, `a-b`, `b-a`, `a:b`, `b:a`; the users of a pair come back in
 * numeric order. Undefined for anything else; ids have 1 to 19 digits, no leading zero, and are below 2^63.
 */
export function parseConversationId(text: unknown): ConversationId | undefined {
  if (typeof text !== 'string' || text.length > 39) return undefined
  if (text.startsWith('g')) {
    const room = text.slice(1)
    return isRoomId(room) ? { kind: 'group', room } : undefined
  }
  const at = text.search(/[-:]/)
  if (at < 0) return isUserId(text) ? { kind: 'user', user: text } : undefined
  const a = text.slice(0, at)
  const b = text.slice(at + 1)
  if (!isUserId(a) || !isUserId(b)) return undefined
  return { kind: 'pair', users: compareIds(a, b) <= 0 ? [a, b] : [b, a] }
}
