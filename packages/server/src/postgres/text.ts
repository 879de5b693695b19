// Texts as PostgreSQL can keep them. It takes every character but NUL, and in JSON no half of a surrogate pair, so NUL is
// written in two characters that it does take; those texts keep their order by bytes. Everything that goes there or comes
// from there passes here (pool.ts), so no client's text can fail a statement. Texts that are JSON themselves (bodies) hold
// neither: JSON.stringify escapes both.

import { createHash } from 'node:crypto'

/** Bytes that are surely taken by an index, which takes 2,704 at most. */
const INDEXED = 2_000

/** Stands before what it escapes. */
const MARK = '\u0001'
const NUL = `${MARK}\u0001`
const ITSELF = `${MARK}\u0002`

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const ESCAPED = /[\u0000\u0001]/g
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above.
const ESCAPES = /\u0001[\u0001\u0002]/g

/** Halves of surrogate pairs become U+FFFD, as in SQLite. */
export function toStored(text: string): string {
  const whole = text.isWellFormed() ? text : text.toWellFormed()
  return whole.replace(ESCAPED, character => (character === '\0' ? NUL : ITSELF))
}

export function fromStored(text: string): string {
  return text.includes(MARK) ? text.replace(ESCAPES, pair => (pair === NUL ? '\0' : MARK)) : text
}

/** What JSON.stringify escapes of the above: it writes nothing else so. */
const SUSPECT = /\\u(?:000[01]|d[89a-f])/
const ESCAPE = /\\(?:u([0-9a-f]{4})|[^u])/g

/** A value as JSON for a parameter, with every text in it as `toStored` gives it, names of members too. */
export function storedJson(value: unknown): string {
  const json = JSON.stringify(value)
  if (!SUSPECT.test(json)) return json
  return json.replace(ESCAPE, (found, code: string | undefined) => {
    if (code === '0000') return '\\u0001\\u0001'
    if (code === '0001') return '\\u0001\\u0002'
    return code?.startsWith('d') ? '\\ufffd' : found
  })
}

/** Of a column of type jsonb, read as text. */
export function fromStoredJson(json: string): unknown {
  return json.includes('\\u0001') ? JSON.parse(json, (_, value) => restored(value)) : JSON.parse(json)
}

function restored(value: unknown): unknown {
  if (typeof value === 'string') return fromStored(value)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [fromStored(name), member]))
}

/** Of a text that is only ever looked for, in a column that is unique or indexed: itself, or a digest where it is too long
 * for an index. */
export function indexed(text: string): string {
  if (text.length * 3 <= INDEXED || Buffer.byteLength(toStored(text)) <= INDEXED) return text
  return `\u0001${createHash('sha256').update(text).digest('hex')}`
}
