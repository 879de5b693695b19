/**
 * The shapes of X's keys, wraps, signatures and versions (x-chat.md 4, 5.1, 5.2): what a server can check of them without
 * a private key. A public key has two forms on the wire, SPKI (91 bytes: a fixed prefix and the point) and SEC1 (65
 * bytes: the point); they are compared as points, never as texts.
 */
import { decodeBase64, encodeBase64NoPad } from '../base64.ts'
import { compareIds } from '../ids.ts'
import { isOnP256 } from './p256.ts'

/** Subject public key info of id-ecPublicKey on prime256v1, up to the point. */
const SPKI_PREFIX = new Uint8Array([
  0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
  0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
])
export const SEC1_BYTES = 65
export const SPKI_BYTES = SPKI_PREFIX.length + SEC1_BYTES
/** Ephemeral point 65, encrypted key 32, tag 16. */
export const WRAP_BYTES = 113
/** r and s, 32 each. */
export const SIGNATURE_BYTES = 64

export type PublicKey = { readonly spki: Uint8Array; readonly sec1: Uint8Array }

/** A P-256 key in `form`, or in either form if none is named; undefined for anything that is no point of the curve. */
export function parsePublicKey(base64: string, form?: 'spki' | 'sec1'): PublicKey | undefined {
  const bytes = decodeBase64(base64, SPKI_BYTES)
  if (bytes === undefined) return undefined
  if (bytes.length === SPKI_BYTES && form !== 'sec1') {
    if (!SPKI_PREFIX.every((byte, at) => bytes[at] === byte)) return undefined
    return isOnP256(bytes, SPKI_PREFIX.length) ? { spki: bytes, sec1: bytes.subarray(SPKI_PREFIX.length) } : undefined
  }
  if (bytes.length !== SEC1_BYTES || form === 'spki' || !isOnP256(bytes)) return undefined
  const spki = new Uint8Array(SPKI_BYTES)
  spki.set(SPKI_PREFIX)
  spki.set(bytes, SPKI_PREFIX.length)
  return { spki, sec1: spki.subarray(SPKI_PREFIX.length) }
}

/** Whether two texts hold the same key, whatever form each has; false if one of them is no key. */
export function sameKey(a: string, b: string): boolean {
  const left = parsePublicKey(a)
  const right = parsePublicKey(b)
  return left !== undefined && right !== undefined && left.sec1.every((byte, at) => right.sec1[at] === byte)
}

/** A wrapped conversation key: 113 bytes that begin with a point of the curve. */
export function parseWrap(base64: string): Uint8Array | undefined {
  const bytes = decodeBase64(base64, WRAP_BYTES)
  return bytes !== undefined && bytes.length === WRAP_BYTES && isOnP256(bytes) ? bytes : undefined
}

/** The 64 bytes r and s of a signature; whether they verify is for the platform's ECDSA (IEEE P1363 form). */
export function parseSignature(base64: string): Uint8Array | undefined {
  const bytes = decodeBase64(base64, SIGNATURE_BYTES)
  return bytes?.length === SIGNATURE_BYTES ? bytes : undefined
}

/**
 * The same signature as X's readers take it: the standard alphabet, padded or not, nothing in the bits that are left over.
 * Other spellings of it verify here and would be no signature to them. `base64`: one that `parseSignature` takes.
 */
export function readableSignature(base64: string): string {
  const plain = encodeBase64NoPad(parseSignature(base64) ?? new Uint8Array())
  return base64 === `${plain}==` ? base64 : plain
}

/** What is hashed with SHA-256 for a fingerprint: the identity key's SPKI form, all 91 bytes. */
export function fingerprintInput(key: PublicKey | Uint8Array): Uint8Array {
  return key instanceof Uint8Array ? key : key.spki
}

/** The fingerprint's text from that hash: base64url without padding, 43 characters. */
export function fingerprintText(sha256: Uint8Array): string {
  return encodeBase64NoPad(sha256).replaceAll('+', '-').replaceAll('/', '_')
}

/** The version of a public or conversation key: a decimal text, as a rule ms since 1970. */
export function isKeyVersion(text: unknown): text is string {
  return typeof text === 'string' && /^[0-9]{1,19}$/.test(text)
}

/** Below 0, 0 or above 0; versions are numbers, leading zeros do not count. */
export function compareVersions(a: string, b: string): number {
  return compareIds(a, b)
}
