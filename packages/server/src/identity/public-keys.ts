// X public keys (x-chat.md 3.2, 5.1): registered by their owner, append-only, served for ever (L9). Both binding
// signatures are checked, the reverse one too, so that nobody can put a signing key beside another's identity key.
import { createHash, verify } from 'node:crypto'
import { encodeBase64, type UserId } from '@conclave/wire'
import type { ChainHead, Link } from '@conclave/wire/transparency/chain'
import {
  compareVersions,
  fingerprintText,
  isKeyVersion,
  parsePublicKey,
  parseSignature,
  sameKey,
} from '@conclave/wire/xchat/keys'
import type { Clock } from '../clock.ts'
import { PUBLIC_KEYS, VERSION_AHEAD } from '../limits.ts'
import type { KeySet, PublicKey } from '../room/facts.ts'
import { shownKey } from '../store/chains.ts'
import type { Store, Write } from '../store/store.ts'
import { commit } from './commit.ts'
import type { IdentityRejection, KeyField } from './rejection.ts'

/** What an owner registers; keys are base64 SPKI, signatures base64 r||s. */
export interface Registration {
  readonly identityKey: string
  readonly signingKey: string
  /** By the signing key over the identity key's SPKI. */
  readonly identityKeySignature: string
  /** By the identity key over the signing key's SPKI. */
  readonly signingKeySignature: string
  readonly fingerprint: string
  /** ms as decimal; null lets the server choose. */
  readonly version: string | null
  /** The server may give another version than the one asked for. */
  readonly mayAssign: boolean
}

export interface PublicKeysParts {
  readonly store: Store
  readonly write: Write
  readonly clock: Clock
  /** Tells every node that its copy of the user's keys is old. */
  changed(user: UserId): void
}

export class PublicKeys {
  readonly #parts: PublicKeysParts

  constructor(parts: PublicKeysParts) {
    this.#parts = parts
  }

  of(user: UserId): Promise<KeySet | undefined> {
    return this.#parts.store.keys(user)
  }

  /** Links of the user's key log after that number, and where it ends. */
  async log(
    user: UserId,
    after: number,
    limit: number,
  ): Promise<{ readonly head: ChainHead; readonly links: readonly Link[] }> {
    const { store } = this.#parts
    // The head first: what is added meanwhile is for the next page.
    const head = await store.keyLogHead(user)
    const entries = await store.keyLog(user, after, Math.min(limit, Math.max(0, head.number - after)))
    return { head, links: entries.map(shownKey) }
  }

  async register(caller: UserId, user: UserId, wanted: Registration): Promise<PublicKey | IdentityRejection> {
    if (caller !== user) return { rejected: 'keys.owner' }
    const malformed = checkKeys(wanted)
    if (malformed) return malformed
    const { store, write, clock, changed } = this.#parts
    const registered = await commit<PublicKey>(write, async () => {
      const held = await store.keys(user)
      const now = clock.now()
      const newest = held?.keys.at(-1)
      if (newest && isRepetition(wanted, newest)) return { guards: [], rows: [], value: newest }
      if ((held?.keys.length ?? 0) >= PUBLIC_KEYS) return { rejected: 'keys.many', limit: PUBLIC_KEYS }
      const version = versionFor(wanted, newest?.version ?? null, now)
      if (typeof version !== 'string') return version
      const key: PublicKey = { version, ...canonical(wanted), fingerprint: fingerprintOf(wanted.identityKey), at: now }
      return {
        guards: [{ of: 'keys', id: user, version: held?.version ?? 0 }],
        rows: [{ put: 'publicKey', user, key }],
        value: key,
      }
    })
    if (!('rejected' in registered)) changed(user)
    return registered
  }
}

/** In one spelling of base64, whatever the client's was: what is registered is compared as a text later. */
function canonical(wanted: Registration) {
  return {
    identityKey: encodeBase64(spki(wanted.identityKey)),
    signingKey: encodeBase64(spki(wanted.signingKey)),
    identityKeySignature: encodeBase64(parseSignature(wanted.identityKeySignature) ?? new Uint8Array()),
    signingKeySignature: encodeBase64(parseSignature(wanted.signingKeySignature) ?? new Uint8Array()),
  }
}

/** The newest keys once more, as from a client that did not hear the answer: it gets the same one (L7). */
function isRepetition(wanted: Registration, newest: PublicKey): boolean {
  if (!sameKey(wanted.identityKey, newest.identityKey) || !sameKey(wanted.signingKey, newest.signingKey)) return false
  if (wanted.version === null) return true
  if (!isKeyVersion(wanted.version)) return false
  const order = compareVersions(wanted.version, newest.version)
  // The server may have given the first asking a later version than the one that it is asked for again.
  return order === 0 || (order < 0 && wanted.mayAssign)
}

function versionFor(wanted: Registration, newest: string | null, now: number): string | IdentityRejection {
  const assigned = String(newest !== null && compareVersions(newest, String(now)) >= 0 ? BigInt(newest) + 1n : now)
  if (wanted.version === null) return assigned
  if (!isKeyVersion(wanted.version)) return malformed('version', 'must be decimal')
  const ahead = compareVersions(wanted.version, String(now + VERSION_AHEAD)) > 0
  const stale = newest !== null && compareVersions(wanted.version, newest) <= 0
  if ((ahead || stale) && wanted.mayAssign) return assigned
  if (ahead) return { rejected: 'keys.ahead', latest: String(now + VERSION_AHEAD) }
  if (stale) return { rejected: 'keys.stale', newest }
  return BigInt(wanted.version).toString()
}

function malformed(field: KeyField, text: string): IdentityRejection {
  return { rejected: 'keys.malformed', field, text }
}

function checkKeys(wanted: Registration): IdentityRejection | undefined {
  for (const field of ['identityKey', 'signingKey'] as const) {
    if (!parsePublicKey(wanted[field], 'spki'))
      return malformed(field, 'must be a P-256 key as base64 SPKI of 91 bytes')
  }
  for (const field of ['identityKeySignature', 'signingKeySignature'] as const) {
    if (!parseSignature(wanted[field])) return malformed(field, 'must be base64 of 64 bytes')
  }
  if (!signs(wanted.signingKey, wanted.identityKey, wanted.identityKeySignature)) {
    return { rejected: 'keys.signature', field: 'identityKeySignature' }
  }
  if (!signs(wanted.identityKey, wanted.signingKey, wanted.signingKeySignature)) {
    return { rejected: 'keys.signature', field: 'signingKeySignature' }
  }
  return wanted.fingerprint === '' || wanted.fingerprint === fingerprintOf(wanted.identityKey)
    ? undefined
    : { rejected: 'keys.fingerprint' }
}

/** base64url without padding of the SHA-256 over the identity key's SPKI. */
function fingerprintOf(identityKey: string): string {
  return fingerprintText(createHash('sha256').update(spki(identityKey)).digest())
}

function spki(key: string): Uint8Array {
  return parsePublicKey(key)?.spki ?? new Uint8Array()
}

function signs(by: string, over: string, signature: string): boolean {
  const raw = parseSignature(signature)
  if (!raw) return false
  try {
    const key = { key: Buffer.from(spki(by)), format: 'der', type: 'spki', dsaEncoding: 'ieee-p1363' } as const
    return verify('sha256', spki(over), key, raw)
  } catch {
    return false
  }
}
