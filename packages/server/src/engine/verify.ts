// Verifying what X's clients sign (x-chat.md 5.4). Reading a key takes a third of the time of a verification, and the
// same few people sign: keys that were read are kept. A key is its text, so what is kept is never old.
import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import { decodeBase64 } from '@conclave/wire'
import { CACHED_SIGNING_KEYS } from '../limits.ts'

const keys = new Map<string, KeyObject>()

/** ECDSA P-256/SHA-256, raw r||s, over UTF-8; key as base64 SPKI. False for anything malformed. */
export function verifyText(signingKey: string, text: string, signature: string): boolean {
  const read = readOf(signingKey, signature)
  return read !== undefined && verify('sha256', Buffer.from(text, 'utf8'), read.key, read.der)
}

/** Signatures that a decision took for good, verified by the threads of libuv: the decision counts if they hold. */
export class DeferredVerification {
  readonly #verifications: Promise<boolean>[] = []

  readonly verify = (signingKey: string, text: string, signature: string): true => {
    this.#verifications.push(verifyElsewhere(signingKey, text, signature))
    return true
  }

  async holds(): Promise<boolean> {
    return (await Promise.all(this.#verifications)).every(Boolean)
  }
}

function verifyElsewhere(signingKey: string, text: string, signature: string): Promise<boolean> {
  const read = readOf(signingKey, signature)
  if (!read) return Promise.resolve(false)
  return new Promise(resolve =>
    verify('sha256', Buffer.from(text, 'utf8'), read.key, read.der, (error, holds) => resolve(!error && holds)),
  )
}

/** Both as OpenSSL takes them; undefined where one is malformed. */
function readOf(signingKey: string, signature: string): { key: KeyObject; der: Uint8Array } | undefined {
  const raw = decodeBase64(signature, 64)
  if (raw?.length !== 64) return undefined
  const key = keyOf(signingKey)
  return key && { key, der: derOf(raw) }
}

const SEQUENCE = 0x30
const INTEGER = 0x02

/** r||s as the DER that OpenSSL reads (RFC 3279 section 2.2.3): told to read r||s itself, node:crypto takes twice as long. */
function derOf(raw: Uint8Array): Uint8Array {
  const [r, s] = [integer(raw.subarray(0, 32)), integer(raw.subarray(32))]
  return Buffer.concat([Buffer.from([SEQUENCE, r.length + s.length]), r, s])
}

/** Shortest form of a positive number. */
function integer(bytes: Uint8Array): Uint8Array {
  let start = 0
  while (start < bytes.length - 1 && bytes[start] === 0) start++
  const sign = (bytes[start] as number) >= 0x80 ? [0] : []
  return Buffer.from([INTEGER, bytes.length - start + sign.length, ...sign, ...bytes.subarray(start)])
}

function keyOf(signingKey: string): KeyObject | undefined {
  const known = keys.get(signingKey)
  if (known) return known
  const der = decodeBase64(signingKey, 128)
  if (!der) return undefined
  let key: KeyObject
  try {
    key = createPublicKey({ key: Buffer.from(der), format: 'der', type: 'spki' })
  } catch {
    return undefined
  }
  if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') return undefined
  if (keys.size >= CACHED_SIGNING_KEYS) {
    const oldest = keys.keys().next()
    if (!oldest.done) keys.delete(oldest.value)
  }
  keys.set(signingKey, key)
  return key
}
