/**
 * One spelling for a JSON value: RFC 8785 (JCS). Members stand in the order of their names' UTF-16 units, without spaces;
 * texts and numbers are written as ECMAScript's JSON.stringify writes them; members that are `undefined` are not there.
 */
import { TRANSPARENCY_MAX_DEPTH } from '../limits.ts'
import { Malformed } from '../malformed.ts'
import { encodeUtf8 } from '../utf8.ts'

/** UTF-8 of the canonical spelling. Throws `Malformed` for what JSON cannot hold, and for what is nested too deeply. */
export function canonicalBytes(value: unknown): Uint8Array {
  const found = { odd: false }
  const ordered = inOrder(value, 0, found)
  // The platform's own writer is several times as fast as one made here.
  return encodeUtf8(found.odd ? spell(ordered) : JSON.stringify(ordered))
}

/** A name that an object does not keep where it was put: numbers come first, and one is no member at all. */
const ODD = /^(?:0|[1-9][0-9]*|__proto__)$/

/** The same value with its members put in order, and nothing in it that JSON cannot hold. `found.odd`: some names are
 * such that only the writing itself can put them in order. */
function inOrder(value: unknown, depth: number, found: { odd: boolean }): unknown {
  if (typeof value === 'string' || value === null || typeof value === 'boolean' || Number.isFinite(value)) return value
  if (typeof value !== 'object') throw new Malformed('a value that JSON cannot hold')
  if (depth >= TRANSPARENCY_MAX_DEPTH) throw new Malformed('nested too deeply')
  if (Array.isArray(value)) {
    const elements: unknown[] = []
    for (const element of value) elements.push(inOrder(element, depth + 1, found))
    return elements
  }
  const members: Record<string, unknown> = {}
  for (const name of Object.keys(value).sort()) {
    const member = (value as Readonly<Record<string, unknown>>)[name]
    if (member === undefined) continue
    const ordered = inOrder(member, depth + 1, found)
    if (ODD.test(name)) {
      found.odd = true
      Object.defineProperty(members, name, { value: ordered, enumerable: true })
    } else {
      members[name] = ordered
    }
  }
  return members
}

function spell(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(spell).join(',')}]`
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${spell(member)}`).join(',')}}`
}
