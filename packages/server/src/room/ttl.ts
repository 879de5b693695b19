// How long messages of X rooms last: what the room says and what the message itself says, whichever is shorter. Neither is
// more than a year, and nothing lasts less than a second.
import { TTL_LEAST, TTL_MOST } from '../limits.ts'
import type { EventBody } from './events.ts'
import type { Rejection } from './rejection.ts'

/** ms from its text: decimal, as thrift and bodies have it. undefined for what is no lifetime. */
export function ttlOf(text: string): number | undefined {
  const ms = Number(text)
  return /^[0-9]{1,15}$/.test(text) && isTtl(ms) ? ms : undefined
}

/** A lifetime that a room may be given, in ms; null: messages stay. */
export function checkTtl(ms: number | null): Rejection | null {
  if (ms === null || isTtl(ms)) return null
  return { rejected: 'limit', text: `a lifetime is ${TTL_LEAST} to ${TTL_MOST} ms` }
}

/** ms since 1970 when a message of now goes by itself; null: it stays. A room's lifetime of 0 is from before they counted. */
export function expiryAt(now: number, room: number | null, own: number | null): number | null {
  const shortest = Math.min(room || Infinity, own ?? Infinity)
  return shortest === Infinity ? null : now + shortest
}

/** ms since 1970 when it goes by itself; null: it stays. */
export function endOf(body: EventBody): number | null {
  return body.type === 'message' ? (body.expiresAt ?? null) : null
}

/** Nobody is shown it any more, whether or not it is erased. */
export function hasEnded(body: EventBody, now: number): boolean {
  const end = endOf(body)
  return end !== null && end <= now
}

function isTtl(ms: number): boolean {
  return ms >= TTL_LEAST && ms <= TTL_MOST
}
