// Ids of Engine.IO sessions. The first two characters are the number of the node on which the session lives, so that any
// node can tell where a request belongs; the rest cannot be guessed, and is all that lets a request into the session.
import type { Random } from '../../clock.ts'

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
/** 20 characters as the library's own; 108 bits of chance. */
const CHANCE = 18
const FORM = /^[A-Za-z0-9_-]{20}$/

/** `node`: 0 to 1023. */
export function newSessionId(node: number, random: Random): string {
  const chance = Buffer.from(random.bytes(CHANCE)).toString('base64url').slice(0, CHANCE)
  return `${DIGITS[node >> 6]}${DIGITS[node & 63]}${chance}`
}

/** null for what is no id of ours. */
export function nodeOf(sid: unknown): number | null {
  if (typeof sid !== 'string' || !FORM.test(sid)) return null
  return (DIGITS.indexOf(sid[0] as string) << 6) | DIGITS.indexOf(sid[1] as string)
}
