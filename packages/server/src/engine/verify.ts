// Verifying what X's clients sign (x-chat.md 5.4). Reading a key takes a third of the time of a verification, and the
// same few people sign: keys that were read are kept. A key is its text, so what is kept is never old.
import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import { decodeBase64 } from '@conclave/wire'
import { CACHED_SIGNING_KEYS } from '../limits.ts'

const keys = new Map<string, KeyObject>()

/** ECDSA P-256/SHA-256, raw r||s, over UTF-8; key as base64 SPKI. False for anything malformed. */
export function verifyText(signingKey: string, text: string, signature: string): boolean {
  const raw = decodeBase64(signature, 64)
  if (raw?.length !== 64) return false
  const key = keyOf(signingKey)
  return key !== undefined && verify('sha256', Buffer.from(text, 'utf8'), { key, dsaEncoding: 'ieee-p1363' }, raw)
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
