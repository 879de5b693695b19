/**
 * EJSON, the JSON of DDP (rocketchat.md 1.8): `{$date: ms}` is a Date, `{$binary: base64}` bytes, `{$escape: object}`
 * an object that only looks like one of these. Types of other names (`$type`, `$regexp`, …) are left as they are: no
 * client needs them, and making objects by a name from outside is how decoders get hurt.
 */
import { decodeBase64, encodeBase64 } from './base64.ts'
import type { Decoded } from './decoded.ts'
import { EJSON_MAX_BINARY_BYTES, EJSON_MAX_DEPTH } from './limits.ts'
import { attempt, Malformed } from './malformed.ts'

/** A Date holds no more ms than this, in either direction. */
const DATE_RANGE = 8.64e15

type Members = Record<string, unknown>

/** `value` as the JSON parser gave it. The answer shares no object with it; keys named `__proto__` are left out. */
export function decodeEjson(value: unknown): Decoded<unknown> {
  if (typeof value !== 'object' || value === null) return { ok: true, value }
  return attempt(() => decodeValue(value, 1))
}

/** The JSON value that stands for `value`: what JSON.stringify then takes. It shares with it what needs no change. Objects
 * made by classes are not expected. */
export function encodeEjson(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Date) return { $date: value.getTime() }
  if (value instanceof Uint8Array) return { $binary: encodeBase64(value) }
  if (Array.isArray(value)) return encodeElements(value)
  const encoded = encodeMembers(value as Members)
  return looksSpecial(encoded) ? { $escape: encoded } : encoded
}

function encodeElements(elements: readonly unknown[]): readonly unknown[] {
  let encoded: unknown[] | undefined
  for (let at = 0; at < elements.length; at++) {
    const element = encodeEjson(elements[at])
    if (element === elements[at]) continue
    encoded ??= [...elements]
    encoded[at] = element
  }
  return encoded ?? elements
}

function encodeMembers(members: Members): Members {
  let encoded: Members | undefined
  for (const key of Object.keys(members)) {
    const member = encodeEjson(members[key])
    if (member === members[key] && key !== '__proto__') continue
    encoded ??= { ...members }
    if (key === '__proto__') Reflect.deleteProperty(encoded, key)
    else encoded[key] = member
  }
  return encoded ?? members
}

function decodeValue(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (depth > EJSON_MAX_DEPTH) throw new Malformed('nested too deeply')
  const inner = (member: unknown) => decodeValue(member, depth + 1)
  if (Array.isArray(value)) return value.map(inner)
  const members = value as Members
  switch (onlyKey(members)) {
    case '$date':
      return decodeDate(members.$date)
    case '$binary':
      return decodeBinary(members.$binary)
    case '$escape':
      return mapMembers(isObject(members.$escape) ? members.$escape : members, inner)
    default:
      return mapMembers(members, inner)
  }
}

function decodeDate(ms: unknown): Date {
  if (typeof ms !== 'number' || !(Math.abs(ms) <= DATE_RANGE)) throw new Malformed('a $date is no time')
  return new Date(ms)
}

function decodeBinary(text: unknown): Uint8Array {
  const bytes = typeof text === 'string' ? decodeBase64(text, EJSON_MAX_BINARY_BYTES) : undefined
  if (bytes === undefined) throw new Malformed('a $binary is not base64, or too large')
  return bytes
}

/** What a decoder would take for something else: one special key, or a custom type. */
function looksSpecial(members: Members): boolean {
  const key = onlyKey(members)
  if (key !== undefined) return key === '$date' || key === '$binary' || key === '$escape' || key === '$InfNaN'
  const pair = Object.keys(members).length === 2
  return pair && (('$type' in members && '$value' in members) || ('$regexp' in members && '$flags' in members))
}

function onlyKey(members: Members): string | undefined {
  let only: string | undefined
  for (const key in members) {
    if (only !== undefined) return undefined
    only = key
  }
  return only
}

function mapMembers(members: Members, map: (value: unknown) => unknown): Members {
  const mapped: Members = {}
  for (const key of Object.keys(members)) if (key !== '__proto__') mapped[key] = map(members[key])
  return mapped
}

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
