// What checking chains needs of the platform, from node:crypto: at once, and with the keys that come again kept ready.
import { createPublicKey, hash, type KeyObject, verify } from 'node:crypto'
import type { ChainCrypto } from '@conclave/wire/transparency/crypto'
import { CACHED_SIGNING_KEYS } from '../limits.ts'

const keys = new Map<string, KeyObject | null>()

export const nodeCrypto: ChainCrypto = {
  sha256: bytes => hash('sha256', bytes, 'buffer'),

  verify(key, bytes, signature) {
    const known = keyOf(key)
    return known !== null && verify('sha256', bytes, { key: known, dsaEncoding: 'ieee-p1363' }, signature)
  },
}

/** null for what is no key. */
function keyOf(spki: Uint8Array): KeyObject | null {
  const name = Buffer.from(spki).toString('base64')
  const known = keys.get(name)
  if (known !== undefined) return known
  let key: KeyObject | null = null
  try {
    key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
  } catch {}
  if (keys.size >= CACHED_SIGNING_KEYS) keys.clear()
  keys.set(name, key)
  return key
}
