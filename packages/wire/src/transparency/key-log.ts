/**
 * Checks a user's key log (protocol/transparency.md): its chain, what each entry says of itself, and that the keys which
 * are served are those that were logged. Take every link in order, then `end`, then `compare`.
 */
import {
  compareVersions,
  fingerprintInput,
  fingerprintText,
  isKeyVersion,
  parsePublicKey,
  parseSignature,
} from '../xchat/keys.ts'
import type { ChainHead, Link, LoggedKey } from './chain.ts'
import type { ChainCrypto } from './crypto.ts'
import type { Fault, FaultKind } from './fault.ts'
import { type Fields, fieldsOf, Links, textIn } from './links.ts'

/** A row of `GET /2/users/{id}/public_keys`. */
export interface ServedKey {
  readonly public_key_version?: string | undefined
  readonly public_key?: string | undefined
  readonly signing_public_key?: string | undefined
  readonly identity_public_key_signature?: string | undefined
  readonly signing_public_key_signature?: string | undefined
}

export class KeyLogCheck {
  readonly #links: Links
  readonly #crypto: ChainCrypto
  readonly #keys = new Map<string, LoggedKey>()
  #newest: string | null = null

  constructor(user: string, crypto: ChainCrypto, remembered?: ChainHead) {
    this.#links = new Links('key log', user, crypto, remembered)
    this.#crypto = crypto
  }

  get head(): ChainHead {
    return this.#links.head
  }

  /** X keys by version, as far as they were logged rightly. */
  get keys(): ReadonlyMap<string, LoggedKey> {
    return this.#keys
  }

  async take(link: Link): Promise<readonly Fault[]> {
    const { entry, faults } = await this.#links.take(link)
    // Rocket.Chat's entries hold a fingerprint and nothing to check.
    if (entry?.kind !== 'xchat.registered') return faults
    return [...faults, ...(await this.#register(link.number, entry))]
  }

  end(served: ChainHead): readonly Fault[] {
    return this.#links.end(served)
  }

  /** `rows`: every key that is served for the user. */
  compare(rows: readonly ServedKey[]): readonly Fault[] {
    const faults: Fault[] = []
    const served = new Set<string>()
    for (const given of rows) {
      const row = (fieldsOf(given) ?? {}) as ServedKey
      const version = row.public_key_version ?? ''
      served.add(version)
      const logged = this.#keys.get(version)
      if (!logged) faults.push(this.#fault('key.unlogged', `the key of version ${version} is in no entry of the log`))
      else if (!isSame(row, logged))
        faults.push(this.#fault('key.unlogged', `the key of version ${version} is another one than the log's`))
    }
    for (const version of this.#keys.keys())
      if (!served.has(version)) faults.push(this.#fault('key.withheld', `the key of version ${version} is not served`))
    return faults
  }

  /** For whose log it is: a server can log a key of its own for them, which nobody else can tell from a new one of theirs.
   * `own`: the keys that they registered, as logged. */
  compareOwn(own: Iterable<Pick<LoggedKey, 'identityKey' | 'signingKey'>>): readonly Fault[] {
    const registered = new Set<string>()
    for (const { identityKey, signingKey } of own) registered.add(`${identityKey} ${signingKey}`)
    const faults: Fault[] = []
    for (const { version, identityKey, signingKey } of this.#keys.values())
      if (!registered.has(`${identityKey} ${signingKey}`))
        faults.push(this.#fault('key.foreign', `the key of version ${version} was not registered by its user`))
    return faults
  }

  async #register(number: number, entry: Fields): Promise<readonly Fault[]> {
    const key = keyOf(entry)
    if (!key) return [this.#fault('malformed', 'it registers no key', number)]
    const faults: Fault[] = []
    const { version } = key
    if (this.#newest !== null && compareVersions(version, this.#newest) <= 0)
      faults.push(this.#fault('key.order', `version ${version} is not newer than ${this.#newest}`, number))
    const identity = parsePublicKey(key.identityKey, 'spki')
    const signing = parsePublicKey(key.signingKey, 'spki')
    if (!identity || !signing)
      return [...faults, this.#fault('malformed', `version ${version} is no pair of P-256 keys`, number)]
    const fingerprint = fingerprintText(await this.#crypto.sha256(fingerprintInput(identity)))
    if (textIn(entry, 'fingerprint') !== fingerprint)
      faults.push(this.#fault('key.order', `the fingerprint is not the one of version ${version}`, number))
    const bound =
      (await this.#signs(signing.spki, identity.spki, key.identityKeySignature)) &&
      (await this.#signs(identity.spki, signing.spki, key.signingKeySignature))
    if (!bound) faults.push(this.#fault('key.binding', `the two keys of version ${version} are not bound`, number))
    if (faults.length === 0) {
      this.#keys.set(version, key)
      this.#newest = version
    }
    return faults
  }

  async #signs(by: Uint8Array, over: Uint8Array, signature: string): Promise<boolean> {
    const raw = parseSignature(signature)
    return raw !== undefined && this.#crypto.verify(by, over, raw)
  }

  #fault(kind: FaultKind, text: string, number: number | null = null): Fault {
    return this.#links.fault(kind, number, text)
  }
}

function keyOf(entry: Fields): LoggedKey | undefined {
  const key = fieldsOf(entry.key)
  const version = textIn(key, 'version')
  const identityKey = textIn(key, 'identityKey')
  const signingKey = textIn(key, 'signingKey')
  const identityKeySignature = textIn(key, 'identityKeySignature')
  const signingKeySignature = textIn(key, 'signingKeySignature')
  if (!isKeyVersion(version) || identityKey === undefined || signingKey === undefined) return undefined
  if (identityKeySignature === undefined || signingKeySignature === undefined) return undefined
  return { version, identityKey, signingKey, identityKeySignature, signingKeySignature }
}

/** As texts: the server spells base64 in one way. Fields that were not asked for are not compared. */
function isSame(row: ServedKey, logged: LoggedKey): boolean {
  const pairs = [
    [row.public_key, logged.identityKey],
    [row.signing_public_key, logged.signingKey],
    [row.identity_public_key_signature, logged.identityKeySignature],
    [row.signing_public_key_signature, logged.signingKeySignature],
  ]
  return row.public_key !== undefined && row.signing_public_key !== undefined
    ? pairs.every(([served, known]) => served === undefined || served === known)
    : false
}
