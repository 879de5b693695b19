// The small shapes that requests are made of, and how what does not fit is named: `$.user_ids[0]: must be …`,
// `$.user_ids: is missing but it is required` (x-chat.md 1.3).
import type { EventId, UserId } from '@conclave/wire'
import { decodeBase64, isEventId, isUserId } from '@conclave/wire'
import { isKeyVersion } from '@conclave/wire/xchat/keys'
import { z } from 'zod'
import { MESSAGE_ID, TTL_LEAST, TTL_MOST } from '../../limits.ts'
import { ttlOf } from '../../room/ttl.ts'
import { ENCRYPTED_BYTES, ENCRYPTED_TEXT, PAGE_DEFAULT, PAGE_MAX, PARAMETER, SHORT_TEXT } from './limits.ts'
import { type List, placeOf } from './paging.ts'
import { invalidRequest, Refusal } from './problem.ts'

const BASE64 = /^[A-Za-z0-9+/=_-]+$/
const MISSING = 'is missing but it is required'
/** What zod says of a value that is not there. */
const MISSED = new Set<string | undefined>(['invalid_type', 'invalid_union', 'invalid_value'])
/** Characters of a client's own name for a property that are shown to it. */
const SHOWN = 64

/** Half a surrogate pair has no UTF-8: it would be another text once it is stored or signed. */
export function text(max: number) {
  return z
    .string('must be a string')
    .max(max, `must have at most ${max} characters`)
    .refine(value => value.isWellFormed(), 'must not contain half a surrogate pair')
}

export function list<T extends z.ZodType>(element: T, max?: number) {
  const array = z.array(element, 'must be an array')
  return max === undefined ? array : array.max(max, `must have at most ${max} elements`)
}

/** A list that names nothing twice. */
export function distinct<T extends z.ZodType>(element: T, max: number) {
  return list(element, max).refine(values => new Set(values).size === values.length, 'must not hold a duplicate')
}

export function object<S extends z.ZodRawShape>(shape: S) {
  return z.object(shape, 'must be an object')
}

/** An object with these fields and no others. */
export function closed<S extends z.ZodRawShape>(shape: S) {
  return z.strictObject(shape, 'must be an object')
}

/** `max` bounds the characters where the body's own limit does not. */
export function base64(max = Number.MAX_SAFE_INTEGER) {
  return text(max).regex(BASE64, 'must be base64')
}

export const userId = text(SHORT_TEXT)
  .refine(isUserId, 'must be a user id: 1 to 19 digits')
  .transform(id => id as UserId)
export const version = text(SHORT_TEXT).refine(isKeyVersion, 'must be a version: 1 to 19 digits')
export const shortBase64 = base64(SHORT_TEXT)
export const sequenceId = text(SHORT_TEXT)
  .refine(isEventId, 'must be a sequence id: 1 to 19 digits')
  .transform(id => id as EventId)
/** The id stands inside comma-joined signed texts, which know no escaping (x-chat.md 5.4). */
export const messageId = text(MESSAGE_ID)
  .min(1, 'must not be empty')
  .regex(/^[^,]*$/, 'must not contain a comma')
const TTL = `must be a number of ms from ${TTL_LEAST} to ${TTL_MOST}`
/** A lifetime, from text to ms. */
export const ttlMsec = text(SHORT_TEXT)
  .regex(/^[0-9]+$/, TTL)
  .transform((sent, context) => {
    const ms = ttlOf(sent)
    if (ms !== undefined) return ms
    context.addIssue(TTL)
    return z.NEVER
  })
/** Base64 of nonce, tag and ciphertext. */
export const encryptedText = base64(ENCRYPTED_TEXT).refine(
  value => (decodeBase64(value, ENCRYPTED_TEXT)?.length ?? 0) >= ENCRYPTED_BYTES,
  `must be base64 of at least ${ENCRYPTED_BYTES} bytes`,
)

/** A comma-separated list of which every element is one of the named. */
export function names<const N extends string>(allowed: readonly N[]) {
  const known = new Set<string>(allowed)
  return text(PARAMETER)
    .transform(value => value.split(','))
    .refine(list => list.every(name => known.has(name)), `must be a comma-separated list of: ${allowed.join(', ')}`)
    .optional()
}

export const maxResults = z
  .string('must be given once')
  .regex(/^[0-9]{1,4}$/, `must be a number from 1 to ${PAGE_MAX}`)
  .transform(Number)
  .refine(count => count >= 1 && count <= PAGE_MAX, `must be a number from 1 to ${PAGE_MAX}`)
  .default(PAGE_DEFAULT)

/** Gives the place that the token stands for. */
export function paginationToken(of: List) {
  return tokenOf([of])
    .transform(({ place }) => place)
    .optional()
}

/** The same for a list that goes on in two directions. */
export function tokenOf<const L extends List>(lists: readonly L[]) {
  return text(PARAMETER).transform((token, context) => {
    for (const list of lists) {
      const place = placeOf(list, token)
      if (place !== undefined) return { list, place }
    }
    context.addIssue('must be a token of an earlier page of this list')
    return z.NEVER
  })
}

/** The value in its shape, or the first thing that is wrong with it. `root` stands in front of the field's path. */
export function parse<S extends z.ZodType>(schema: S, value: unknown, root: '$.' | ''): z.output<S> | Refusal {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const unknown = result.error.issues.find(each => each.code === 'unrecognized_keys')
  if (unknown) {
    const name = nameOf([...unknown.path, unknown.keys[0]?.slice(0, SHOWN) ?? ''])
    return new Refusal(invalidRequest(name, `${root}${name}: is not a property of this request`))
  }
  const missing = (issue: z.core.$ZodIssue) => MISSED.has(issue.code) && valueAt(value, issue.path) === undefined
  const { issues } = result.error
  // What stands there and is wrong before what is not there: the client meant that.
  const wrong = issues.find(issue => !missing(issue))
  const name = nameOf((wrong ?? issues[0])?.path ?? [])
  const detail = `${name === '' ? '$' : root + name}: ${wrong ? wrong.message : MISSING}`
  return new Refusal(invalidRequest(name, detail))
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at = value
  for (const key of path)
    at = typeof at === 'object' && at !== null ? (at as Record<PropertyKey, unknown>)[key] : undefined
  return at
}

function nameOf(path: readonly PropertyKey[]): string {
  let name = ''
  for (const key of path) name += typeof key === 'number' ? `[${key}]` : `${name === '' ? '' : '.'}${String(key)}`
  return name
}
