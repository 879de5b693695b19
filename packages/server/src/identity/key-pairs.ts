// Rocket.Chat key pairs (rocketchat.md 5.2): one per user, the private half wrapped by the user's own passphrase.
// It may be replaced; each change stands in the user's key log (L9).
import { createHash } from 'node:crypto'
import type { UserId } from '@conclave/wire'
import type { Clock } from '../clock.ts'
import type { KeyPair, Store, Write } from '../store/store.ts'
import { PRIVATE_KEY_TEXT, PUBLIC_KEY_TEXT } from './limits.ts'
import type { IdentityRejection } from './rejection.ts'

export interface KeyPairsParts {
  readonly store: Store
  readonly write: Write
  readonly clock: Clock
}

export class KeyPairs {
  readonly #parts: KeyPairsParts

  constructor(parts: KeyPairsParts) {
    this.#parts = parts
  }

  of(user: UserId): Promise<KeyPair | undefined> {
    return this.#parts.store.keyPair(user)
  }

  /** Without `force` a pair that is there stays. */
  async set(user: UserId, pair: KeyPair, force: boolean): Promise<KeyPair | IdentityRejection> {
    for (const [field, bound] of [
      ['publicKey', PUBLIC_KEY_TEXT],
      ['privateKey', PRIVATE_KEY_TEXT],
    ] as const) {
      if (pair[field].length === 0 || pair[field].length > bound) return { rejected: 'pair.malformed', field }
    }
    // L8: a private key that is not wrapped must not even pass by. A JWK in plain text is one.
    for (const field of ['publicKey', 'privateKey'] as const)
      if (isPlainPrivateKey(pair[field])) return { rejected: 'pair.unwrapped', field }
    const { store, write, clock } = this.#parts
    if (!force && (await store.keyPair(user))) return { rejected: 'pair.exists' }
    const fingerprint = createHash('sha256').update(pair.publicKey, 'utf8').digest('hex')
    await write({ guards: [], append: null, rows: [{ put: 'keyPair', user, pair, at: clock.now(), fingerprint }] })
    return pair
  }
}

/** A JWK that shows its private exponent. */
function isPlainPrivateKey(text: string): boolean {
  if (!text.startsWith('{')) return false
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && 'kty' in value && 'd' in value
  } catch {
    return false
  }
}
