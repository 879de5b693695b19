/**
 * UTF-8, strictly: bytes that are no UTF-8 (a lone surrogate included) are refused, a byte order mark is a character
 * like any other.
 */

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const encoder = new TextEncoder()

/** The text, or undefined if the bytes are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes)
  } catch {
    return undefined
  }
}

/** UTF-8 of a text; a lone surrogate becomes U+FFFD. */
export function encodeUtf8(text: string): Uint8Array {
  return encoder.encode(text)
}

/** Bytes that a text takes as UTF-8, without encoding it. */
export function utf8Length(text: string): number {
  let size = text.length
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code < 0x80) continue
    size += 1
    if (code < 0x800) continue
    size += 1
    // A surrogate pair is 4 bytes for 2 units: the first unit counts 3, the second 1.
    if (code < 0xd800 || code > 0xdbff) continue
    const next = text.charCodeAt(at + 1)
    if (next >= 0xdc00 && next <= 0xdfff) at++
  }
  return size
}
