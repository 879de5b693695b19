// Rocket.Chat's one key pair per user (rocketchat.md 5.2, 6.1): the public JWK and the private one, which arrives
// wrapped by the user's passphrase. Every change stands in the user's key log (L9).
import { createHash } from 'node:crypto'
import type { UserId } from '@conclave/wire'
import type { Bus } from '../bus/bus.ts'
import type { Clock } from '../clock.ts'
import type { HeldKeyPair, KeyPair, Row, Store } from '../store/store.ts'
import type { Accounts } from './accounts.ts'
import { Cache } from './cache.ts'
import { PRIVATE_KEY_TEXT, PUBLIC_KEY_TEXT } from './limits.ts'
import { type IdentityRejection, isRefused } from './rejection.ts'
import { dropped, type Tokens } from './tokens.ts'

export interface KeyPairsParts {
  readonly store: Store
  readonly clock: Clock
  readonly bus: Bus
  readonly accounts: Accounts
  readonly tokens: Tokens
}

/** What others may know of somebody's pair. */
export interface PublicHalf {
  /** null: they have no pair. */
  readonly publicKey: string | null
  /** ms since 1970 when they came to have one. */
  readonly since: number
}

const NONE: PublicHalf = { publicKey: null, since: 0 }

export class KeyPairs {
  readonly #parts: KeyPairsParts
  /** Asked of every member of a room who has no key of it, whenever the room is shown. */
  readonly #halves: Cache<PublicHalf>

  constructor(parts: KeyPairsParts) {
    this.#parts = parts
    this.#halves = new Cache(async user => {
      const pair = await parts.store.keyPair(user as UserId)
      return pair ? { publicKey: pair.publicKey, since: pair.since } : NONE
    })
  }

  of(user: UserId): Promise<HeldKeyPair | undefined> {
    return this.#parts.store.keyPair(user)
  }

  /** From memory where it is known. */
  async publicHalf(user: UserId): Promise<PublicHalf> {
    return this.#halves.peek(user) ?? (await this.#halves.load(user)) ?? NONE
  }

  /** The user's account was written, which is so with every change of a pair; null: any may have been. */
  forget(user: string | null): void {
    if (user === null) this.#halves.clear()
    else this.#halves.forget(user)
  }

  /** Without `force` a pair that is there stays; of two devices that set their first at once, one is refused. */
  async set(user: UserId, pair: KeyPair, force: boolean): Promise<KeyPair | IdentityRejection> {
    const unfit = checkPair(pair)
    if (unfit) return unfit
    const { store, accounts } = this.#parts
    const done = await accounts.alone(user, async () => {
      if (!force && (await store.keyPair(user))) return { rejected: 'pair.exists' }
      return [this.#row(user, pair, pair.publicKey)]
    })
    return isRefused(done) ? done : pair
  }

  /**
   * The user starts anew: without a pair, without the tokens that Rocket.Chat issued, and out of every session on
   * that wire, whatever its token. The copies of room keys are the engine's to take away.
   */
  async reset(user: UserId): Promise<IdentityRejection | null> {
    const { store, accounts, tokens, bus } = this.#parts
    const theirs = async () =>
      tokens.withTheirs((await store.tokensOf(user)).filter(({ issuer }) => issuer === 'rocketchat'))
    let ended: Awaited<ReturnType<typeof theirs>> = []
    const done = await accounts.alone(user, async () => {
      const pair = await store.keyPair(user)
      ended = await theirs()
      return [...(pair ? [this.#row(user, null, pair.publicKey)] : []), ...dropped(ended)]
    })
    if (isRefused(done)) return done
    tokens.ended(ended, 'keys reset')
    bus.publish('all', { kind: 'end', token: null, user, wire: 'rocketchat', reason: 'keys reset' })
    return null
  }

  #row(user: UserId, pair: KeyPair | null, publicKey: string): Row {
    const fingerprint = createHash('sha256').update(publicKey, 'utf8').digest('hex')
    return { put: 'keyPair', user, pair, at: this.#parts.clock.now(), fingerprint }
  }
}

function checkPair(pair: KeyPair): IdentityRejection | undefined {
  const { publicKey, privateKey } = pair
  if (publicKey.length === 0 || publicKey.length > PUBLIC_KEY_TEXT)
    return { rejected: 'pair.malformed', field: 'publicKey' }
  if (privateKey.length === 0 || privateKey.length > PRIVATE_KEY_TEXT)
    return { rejected: 'pair.malformed', field: 'privateKey' }
  for (const field of ['publicKey', 'privateKey'] as const)
    if (isPlainPrivateKey(pair[field])) return { rejected: 'pair.unwrapped', field }
  return undefined
}

/** L8: a private key that is not wrapped is not kept. Known by its JWK, also inside another text, and by its PEM. */
function isPlainPrivateKey(text: string): boolean {
  if (text.includes('PRIVATE KEY-----')) return true
  let value: unknown = text
  for (let layer = 0; layer < LAYERS && typeof value === 'string'; layer++) {
    try {
      value = JSON.parse(value)
    } catch {
      return false
    }
  }
  return typeof value === 'object' && value !== null && 'kty' in value && 'd' in value
}

/** A JWK as text, or that text as a JSON text once more. */
const LAYERS = 2
