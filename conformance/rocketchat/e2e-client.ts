// A Rocket.Chat client's end-to-end encryption in WebCrypto, both generations of its formats (rocketchat.md section 6):
// v1 (before 7.13: AES-CBC, 12 characters of key id) and v2 (AES-GCM, UUID key ids).
import type { webcrypto } from 'node:crypto'

type CryptoKey = webcrypto.CryptoKey
type JsonWebKey = webcrypto.JsonWebKey
const { subtle } = globalThis.crypto

export type Generation = 'v1' | 'v2'

/** Whatever carries calls: the real ddp-client, or the raw one. */
export interface Wire {
  // biome-ignore lint/suspicious/noExplicitAny: results are looked at by each test
  call(method: string, ...params: unknown[]): Promise<any>
}

interface RoomKey {
  readonly id: string
  readonly key: CryptoKey
  /** The JWK text, which is what travels. */
  readonly text: string
}

const WRAPPED_CHARS = 344
const b64 = (bytes: ArrayBuffer | Uint8Array): string => Buffer.from(bytes as Uint8Array).toString('base64')
const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(text, 'base64'))
const utf8 = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text)
const randomBytes = (count: number): Uint8Array<ArrayBuffer> => crypto.getRandomValues(new Uint8Array(count))

export class E2eClient {
  readonly wire: Wire
  readonly id: string
  readonly generation: Generation
  readonly rooms = new Map<string, RoomKey>()
  /** The private key's JWK text: must never be seen on any wire. */
  privateText = ''
  publicText = ''
  #private: CryptoKey | undefined

  constructor(wire: Wire, id: string, generation: Generation) {
    this.wire = wire
    this.id = id
    this.generation = generation
  }

  /** Makes a key pair, wraps the private half with a passphrase, and uploads both. */
  async setUp(passphrase: string): Promise<void> {
    const algorithm = {
      name: 'RSA-OAEP',
      modulusLength: 2048,
      publicExponent: new Uint8Array([1, 0, 1]),
      hash: 'SHA-256',
    }
    const pair = (await subtle.generateKey(algorithm, true, ['encrypt', 'decrypt'])) as webcrypto.CryptoKeyPair
    this.#private = pair.privateKey
    this.privateText = JSON.stringify(await subtle.exportKey('jwk', pair.privateKey))
    this.publicText = JSON.stringify(await subtle.exportKey('jwk', pair.publicKey))
    const private_key = await this.#wrapPrivate(passphrase)
    await this.wire.call('e2e.setUserPublicAndPrivateKeys', { public_key: this.publicText, private_key })
  }

  /** A second device: fetches the pair and opens it with the passphrase. */
  async restore(passphrase: string): Promise<void> {
    const { public_key, private_key } = await this.wire.call('e2e.fetchMyKeys')
    this.publicText = public_key
    this.privateText = await this.#unwrapPrivate(private_key, passphrase)
    const algorithm = { name: 'RSA-OAEP', hash: 'SHA-256' }
    this.#private = await subtle.importKey('jwk', JSON.parse(this.privateText) as JsonWebKey, algorithm, true, [
      'decrypt',
    ])
  }

  async #wrapPrivate(passphrase: string): Promise<string> {
    if (this.generation === 'v1') {
      const key = await passphraseKey(passphrase, this.id, 1000, 'AES-CBC')
      const iv = randomBytes(16)
      const sealed = await subtle.encrypt({ name: 'AES-CBC', iv }, key, utf8(this.privateText))
      return JSON.stringify({ $binary: b64(Buffer.concat([iv, new Uint8Array(sealed)])) })
    }
    const salt = `v2:${this.id}:${crypto.randomUUID()}`
    const key = await passphraseKey(passphrase, salt, 100_000, 'AES-GCM')
    const iv = randomBytes(12)
    const sealed = await subtle.encrypt({ name: 'AES-GCM', iv }, key, utf8(this.privateText))
    return JSON.stringify({ iv: b64(iv), ciphertext: b64(sealed), salt, iterations: 100_000 })
  }

  async #unwrapPrivate(text: string, passphrase: string): Promise<string> {
    const stored = JSON.parse(text)
    if (stored.$binary) {
      const bytes = bytesOf(stored.$binary)
      const key = await passphraseKey(passphrase, this.id, 1000, 'AES-CBC')
      return textOf(await subtle.decrypt({ name: 'AES-CBC', iv: bytes.subarray(0, 16) }, key, bytes.subarray(16)))
    }
    const key = await passphraseKey(passphrase, stored.salt, stored.iterations, 'AES-GCM')
    return textOf(await subtle.decrypt({ name: 'AES-GCM', iv: bytesOf(stored.iv) }, key, bytesOf(stored.ciphertext)))
  }

  /** The first in the room makes its key (rocketchat.md 6.2). */
  async createRoomKey(rid: string): Promise<void> {
    const v1 = this.generation === 'v1'
    const algorithm = v1 ? { name: 'AES-CBC', length: 128 } : { name: 'AES-GCM', length: 256 }
    const key = (await subtle.generateKey(algorithm, true, ['encrypt', 'decrypt'])) as CryptoKey
    const text = JSON.stringify(await subtle.exportKey('jwk', key))
    const digest = Buffer.from(await subtle.digest('SHA-256', utf8(text))).toString('hex')
    const id = v1 ? digest.slice(0, 12) : crypto.randomUUID()
    await this.wire.call('e2e.setRoomKeyID', rid, id)
    this.rooms.set(rid, { id, key, text })
    await this.wire.call('e2e.updateGroupKey', rid, this.id, await this.#wrapFor(rid, this.publicText))
  }

  /** Gives the room's key to every member who lacks it. */
  async shareRoomKey(rid: string): Promise<string[]> {
    const { users } = await this.wire.call('e2e.getUsersOfRoomWithoutKey', rid)
    for (const { _id, e2e } of users) {
      await this.wire.call('e2e.updateGroupKey', rid, _id, await this.#wrapFor(rid, e2e.public_key))
    }
    return users.map(({ _id }: { _id: string }) => _id)
  }

  async #wrapFor(rid: string, publicText: string): Promise<string> {
    const { id, text } = this.#roomKey(rid)
    const algorithm = { name: 'RSA-OAEP', hash: 'SHA-256' }
    const to = await subtle.importKey('jwk', JSON.parse(publicText) as JsonWebKey, algorithm, false, ['encrypt'])
    return id + b64(await subtle.encrypt({ name: 'RSA-OAEP' }, to, utf8(text)))
  }

  /** Opens the key that stands on the own subscription; false where there is none. */
  async openRoomKey(rid: string): Promise<boolean> {
    const subscriptions = await this.wire.call('subscriptions/get')
    const own = subscriptions.find((one: { rid: string }) => one.rid === rid)
    if (!own?.E2EKey || !this.#private) return false
    const wrapped = own.E2EKey.slice(-WRAPPED_CHARS)
    const id = own.E2EKey.slice(0, -WRAPPED_CHARS)
    const text = textOf(await subtle.decrypt({ name: 'RSA-OAEP' }, this.#private, bytesOf(wrapped)))
    const jwk = JSON.parse(text) as JsonWebKey
    const name = jwk.alg === 'A256GCM' ? 'AES-GCM' : 'AES-CBC'
    const key = await subtle.importKey('jwk', jwk, { name }, true, ['encrypt', 'decrypt'])
    this.rooms.set(rid, { id, key, text })
    return true
  }

  async encrypt(rid: string, msg: string): Promise<Record<string, unknown>> {
    const { id, key } = this.#roomKey(rid)
    const plain = utf8(JSON.stringify({ msg }))
    if (key.algorithm.name === 'AES-CBC') {
      const iv = randomBytes(16)
      const sealed = new Uint8Array(await subtle.encrypt({ name: 'AES-CBC', iv }, key, plain))
      return { algorithm: 'rc.v1.aes-sha2', ciphertext: id + b64(Buffer.concat([iv, sealed])) }
    }
    const iv = randomBytes(12)
    const ciphertext = b64(await subtle.encrypt({ name: 'AES-GCM', iv }, key, plain))
    return { algorithm: 'rc.v2.aes-sha2', kid: id, iv: b64(iv), ciphertext }
  }

  async send(rid: string, msg: string): Promise<{ _id: string }> {
    return this.wire.call('sendMessage', {
      rid,
      msg: '',
      t: 'e2e',
      e2e: 'pending',
      content: await this.encrypt(rid, msg),
    })
  }

  // biome-ignore lint/suspicious/noExplicitAny: a message document
  async decrypt(message: any): Promise<string> {
    const { key } = this.#roomKey(message.rid)
    const { algorithm, ciphertext, iv } = message.content
    if (algorithm === 'rc.v1.aes-sha2') {
      const bytes = bytesOf(ciphertext.slice(12))
      const plain = await subtle.decrypt({ name: 'AES-CBC', iv: bytes.subarray(0, 16) }, key, bytes.subarray(16))
      return JSON.parse(textOf(plain)).msg
    }
    const plain = await subtle.decrypt({ name: 'AES-GCM', iv: bytesOf(iv) }, key, bytesOf(ciphertext))
    return JSON.parse(textOf(plain)).msg
  }

  #roomKey(rid: string): RoomKey {
    const held = this.rooms.get(rid)
    if (!held) throw new Error('no key of this room')
    return held
  }
}

function textOf(bytes: ArrayBuffer): string {
  return new TextDecoder().decode(bytes)
}

async function passphraseKey(passphrase: string, salt: string, iterations: number, name: string): Promise<CryptoKey> {
  const base = await subtle.importKey('raw', utf8(passphrase), 'PBKDF2', false, ['deriveKey'])
  const derivation = { name: 'PBKDF2', hash: 'SHA-256', salt: utf8(salt), iterations }
  return subtle.deriveKey(derivation, base, { name, length: 256 }, false, ['encrypt', 'decrypt'])
}
