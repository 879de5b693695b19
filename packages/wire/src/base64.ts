/**
 * Base64 as the wires use it: X takes both alphabets with and without padding (x-chat.md 4), Dino tests texts the way
 * Python's decoder does (dino.md 1.2). Portable code; where the platform has Node's Buffer, long texts go through it.
 */
import { decodeUtf8, encodeUtf8 } from './utf8.ts'

/** What is used of Node's Buffer where there is one. */
type FastBytes = {
  from(text: string, encoding: 'base64' | 'utf8'): Uint8Array & { toString(encoding: 'base64' | 'utf8'): string }
  from(bytes: ArrayBufferLike, offset: number, length: number): { toString(encoding: 'base64'): string }
}
const fast = (globalThis as { Buffer?: FastBytes }).Buffer
/** Below this many characters the loop is faster than the call and the copy out of Buffer's pool. */
const FAST_FROM_CHARS = 512

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const STANDARD = valuesOf(ALPHABET)
const BOTH = valuesOf(`${ALPHABET}-_`)
BOTH[45] = 62
BOTH[95] = 63
const FOREIGN = 64
const WIDE = /[\u0100-\uffff]/
const EQUALS = 61
/** What stands in a decoded text for bytes that are no UTF-8, or for itself. */
const REPLACEMENT = '\ufffd'

/**
 * The bytes of a text in the standard or the URL alphabet, padded correctly or not at all. Undefined if there is any
 * other character, if the length is impossible, or if there are more than `maxBytes` bytes. Left-over bits are ignored.
 */
export function decodeBase64(text: string, maxBytes: number): Uint8Array | undefined {
  let chars = text.length
  if (chars > 0 && text.charCodeAt(chars - 1) === EQUALS) {
    if (chars % 4 !== 0) return undefined
    chars -= text.charCodeAt(chars - 2) === EQUALS ? 2 : 1
  }
  if (chars % 4 === 1) return undefined
  const size = Math.floor((chars * 3) / 4)
  if (size > maxBytes) return undefined
  if (fast !== undefined && chars >= FAST_FROM_CHARS) {
    // Buffer skips foreign characters, so they show as missing bytes; of a wide one it would take the low half.
    if (WIDE.test(text)) return undefined
    const bytes = fast.from(text.slice(0, chars), 'base64')
    return bytes.length === size ? new Uint8Array(bytes) : undefined
  }
  return decodeChars(text, chars, size)
}

function decodeChars(text: string, chars: number, size: number): Uint8Array | undefined {
  const bytes = new Uint8Array(size)
  let seen = 0
  let bits = 0
  let out = 0
  for (let at = 0; at < chars; at++) {
    const code = text.charCodeAt(at)
    const six = code < 128 ? BOTH[code]! : FOREIGN
    seen |= six
    bits = (bits << 6) | six
    if ((at & 3) === 3) {
      bytes[out++] = bits >>> 16
      bytes[out++] = bits >>> 8
      bytes[out++] = bits
      bits = 0
    }
  }
  if (seen >= FOREIGN) return undefined
  if (chars % 4 === 2) bytes[out] = bits >>> 4
  if (chars % 4 === 3) {
    bytes[out++] = bits >>> 10
    bytes[out] = bits >>> 2
  }
  return bytes
}

/** Standard alphabet, padded. */
export function encodeBase64(bytes: Uint8Array): string {
  if (fast !== undefined) return fast.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
  const parts: string[] = []
  for (let at = 0; at < bytes.length; at += 3) {
    const left = bytes.length - at
    const bits = (bytes[at]! << 16) | ((left > 1 ? bytes[at + 1]! : 0) << 8) | (left > 2 ? bytes[at + 2]! : 0)
    const third = left > 1 ? ALPHABET[(bits >> 6) & 63]! : '='
    const fourth = left > 2 ? ALPHABET[bits & 63]! : '='
    parts.push(ALPHABET[bits >> 18]! + ALPHABET[(bits >> 12) & 63]! + third + fourth)
  }
  return parts.join('')
}

/** Standard alphabet without padding, as byte values stand in X's signed texts. */
export function encodeBase64NoPad(bytes: Uint8Array): string {
  const padded = encodeBase64(bytes)
  if (bytes.length % 3 === 0) return padded
  return padded.slice(0, bytes.length % 3 === 1 ? -2 : -1)
}

/** Padded base64 of a text's UTF-8, as Dino writes names and contents. */
export function encodeUtf8Base64(text: string): string {
  return fast === undefined ? encodeBase64(encodeUtf8(text)) : fast.from(text, 'utf8').toString('base64')
}

/**
 * Dino's acceptance test (dino.md 1.2): the decoded text, or undefined where Dino answers "not base64 encoded". A blank
 * text fails; characters outside of the standard alphabet are skipped; what follows a complete padding is ignored; the
 * padding must be right after skipping; the bytes must be UTF-8.
 */
export function dinoBase64(text: string): string | undefined {
  if (text.trim() === '') return undefined
  return usualBase64(text) ?? skippedBase64(text)
}

/** What every client sends: nothing but the alphabet, padded right. Undefined for anything else, right or wrong. */
function usualBase64(text: string): string | undefined {
  if (fast === undefined) return undefined
  const bytes = fast.from(text, 'base64')
  if (bytes.toString('base64') !== text) return undefined
  const decoded = bytes.toString('utf8')
  return decoded.includes(REPLACEMENT) ? undefined : decoded
}

function skippedBase64(text: string): string | undefined {
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4) + 3)
  let size = 0
  let bits = 0
  let position = 0
  let pads = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === EQUALS) {
      if (position >= 2 && position + ++pads >= 4) {
        position = 0
        break
      }
      continue
    }
    const six = code < 128 ? STANDARD[code]! : FOREIGN
    if (six === FOREIGN) continue
    pads = 0
    bits = ((bits << 6) | six) & 0xffffff
    position = (position + 1) & 3
    if (position === 2) bytes[size++] = bits >>> 4
    else if (position === 3) bytes[size++] = bits >>> 2
    else if (position === 0) bytes[size++] = bits
  }
  return position === 0 ? decodeUtf8(bytes.subarray(0, size)) : undefined
}

function valuesOf(alphabet: string): Uint8Array {
  const values = new Uint8Array(128).fill(64)
  for (let at = 0; at < alphabet.length; at++) values[alphabet.charCodeAt(at)] = at
  return values
}
