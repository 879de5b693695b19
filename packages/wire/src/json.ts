/**
 * JSON from outside (all three wires). A scan that only looks at brackets, commas and quotes comes before the parser,
 * so that a bomb of brackets costs one pass and neither stack nor memory; keys named `__proto__` never come out.
 */
import { type Decoded, decoded, undecodable } from './decoded.ts'
import { utf8Length } from './utf8.ts'

export type JsonLimits = {
  /** Of the text as UTF-8. */
  readonly maxBytes: number
  /** Objects and arrays inside each other; `[]` has depth 1. */
  readonly maxDepth: number
  /** Values in all: members of every object and elements of every array. */
  readonly maxKeys?: number
}

/** A spelling of `__proto__`, or a key that could be one with escapes undone. */
const SUSPICIOUS = /__proto__|\\u00(?:5f|70|72|6f|74)/i

/** The value, or `too large`, `nested too deeply`, `too many values`, `not JSON`. */
export function parseJson(text: string, limits: JsonLimits): Decoded<unknown> {
  if (text.length > limits.maxBytes) return undecodable('too large')
  if (text.length * 3 > limits.maxBytes && utf8Length(text) > limits.maxBytes) return undecodable('too large')
  const refusal = scan(text, limits.maxDepth, limits.maxKeys ?? Number.POSITIVE_INFINITY)
  if (refusal !== undefined) return undecodable(refusal)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undecodable('not JSON')
  }
  if (SUSPICIOUS.test(text)) dropProto(value)
  return decoded(value)
}

function scan(text: string, maxDepth: number, maxKeys: number): string | undefined {
  let depth = 0
  let values = 0
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x22: // "
        at = endOfString(text, at + 1)
        break
      case 0x7b: // {
      case 0x5b: // [
        if (++depth > maxDepth) return 'nested too deeply'
        if (++values > maxKeys) return 'too many values'
        break
      case 0x2c: // ,
        if (++values > maxKeys) return 'too many values'
        break
      case 0x7d: // }
      case 0x5d: // ]
        if (--depth < 0) return 'not JSON'
        break
    }
  }
  return undefined
}

/** Where the string that begins before `from` ends; the text's length if it does not. */
function endOfString(text: string, from: number): number {
  let at = from
  for (;;) {
    const quote = text.indexOf('"', at)
    if (quote < 0) return text.length
    let slashes = 0
    while (quote - slashes > from && text.charCodeAt(quote - slashes - 1) === 0x5c) slashes++
    if (slashes % 2 === 0) return quote
    at = quote + 1
  }
}

/** Depth is bounded by the scan. */
function dropProto(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  if (Array.isArray(value)) {
    for (const element of value) dropProto(element)
    return
  }
  if (Object.hasOwn(value, '__proto__')) Reflect.deleteProperty(value, '__proto__')
  for (const member of Object.values(value)) dropProto(member)
}
