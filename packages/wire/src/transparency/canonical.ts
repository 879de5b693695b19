/**
 * One spelling for a JSON value: RFC 8785 (JCS). Members stand in the order of their names' UTF-16 units, without spaces;
 * texts and numbers are written as ECMAScript's JSON.stringify writes them; members that are `undefined` are not there.
 */
import { TRANSPARENCY_MAX_DEPTH } from '../limits.ts'
import { Malformed } from '../malformed.ts'
import { encodeUtf8 } from '../utf8.ts'

const PLAIN = /^[A-Za-z0-9+/=_.-]*$/

/** UTF-8 of the canonical spelling. Throws `Malformed` for what JSON cannot hold, and for what is nested too deeply. */
export function canonicalBytes(value: unknown): Uint8Array {
  return encodeUtf8(spell(value, 0))
}

function spell(value: unknown, depth: number): string {
  if (typeof value === 'string') return quoted(value)
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value)
  if (typeof value !== 'object') throw new Malformed('a value that JSON cannot hold')
  if (depth >= TRANSPARENCY_MAX_DEPTH) throw new Malformed('nested too deeply')
  if (Array.isArray(value)) {
    let text = '['
    for (const element of value) text += (text.length > 1 ? ',' : '') + spell(element, depth + 1)
    return `${text}]`
  }
  let text = '{'
  for (const name of Object.keys(value).sort()) {
    const member = (value as Readonly<Record<string, unknown>>)[name]
    if (member !== undefined) text += `${text.length > 1 ? ',' : ''}${quoted(name)}:${spell(member, depth + 1)}`
  }
  return `${text}}`
}

/** Nearly every text here is an id, a key or base64, which is written as it is; the call would cost most of the time. */
function quoted(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text)
}
