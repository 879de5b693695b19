// The texts of Rocket.Chat's end-to-end encryption in WebCrypto, both generations (rocketchat.md section 6): v1 (before 7.13:
// AES-CBC, 12 characters of key id) and v2 (AES-GCM, UUID key ids). Pure: nothing here talks to a server.
import type { webcrypto } from 'node:crypto'

type CryptoKey = webcrypto.CryptoKey
type JsonWebKey = webcrypto.JsonWebKey
const { subtle } = globalThis.crypto

export type Generation = 'v1' | 'v2'

export interface RoomKey {
  readonly id: string
  readonly key: CryptoKey
  /** The JWK text, which is what travels. */
  readonly text: string
}

/** A key pair, its public half as the server holds it. */
export interface Pair {
  readonly publicText: string
  /** Must never be seen on any wire. */
  readonly privateText: string
  readonly privateKey: CryptoKey
}

const WRAPPED_CHARS = 344
const RSA = { name: 'RSA-OAEP', hash: 'SHA-256' }
const b64 = (bytes: ArrayBuffer | Uint8Array): string => Buffer.from(bytes as Uint8Array).toString('base64')
const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(text, 'base64'))
const utf8 = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text)
const textOf = (bytes: ArrayBuffer): string => new TextDecoder().decode(bytes)
const randomBytes = (count: number): Uint8Array<ArrayBuffer> => crypto.getRandomValues(new Uint8Array(count))
const hexDigest = async (bytes: Uint8Array<ArrayBuffer>): Promise<string> =>
  Buffer.from(await subtle.digest('SHA-256', bytes)).toString('hex')

export async function newPair(): Promise<Pair> {
  const algorithm = { ...RSA, modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) }
  const pair = (await subtle.generateKey(algorithm, true, ['encrypt', 'decrypt'])) as webcrypto.CryptoKeyPair
  return {
    privateKey: pair.privateKey,
    privateText: JSON.stringify(await subtle.exportKey('jwk', pair.privateKey)),
    publicText: JSON.stringify(await subtle.exportKey('jwk', pair.publicKey)),
  }
}

export async function pairOf(publicText: string, privateText: string): Promise<Pair> {
  const jwk = JSON.parse(privateText) as JsonWebKey
  return { publicText, privateText, privateKey: await subtle.importKey('jwk', jwk, RSA, true, ['decrypt']) }
}

/** What the server keeps as `private_key`. */
export async function wrapPrivate(
  generation: Generation,
  user: string,
  passphrase: string,
  privateText: string,
): Promise<string> {
  if (generation === 'v1') {
    const key = await passphraseKey(passphrase, user, 1000, 'AES-CBC')
    const iv = randomBytes(16)
    const sealed = await subtle.encrypt({ name: 'AES-CBC', iv }, key, utf8(privateText))
    return JSON.stringify({ $binary: b64(Buffer.concat([iv, new Uint8Array(sealed)])) })
  }
  const salt = `v2:${user}:${crypto.randomUUID()}`
  const key = await passphraseKey(passphrase, salt, 100_000, 'AES-GCM')
  const iv = randomBytes(12)
  const sealed = await subtle.encrypt({ name: 'AES-GCM', iv }, key, utf8(privateText))
  return JSON.stringify({ iv: b64(iv), ciphertext: b64(sealed), salt, iterations: 100_000 })
}

/** Whichever generation has wrapped it. Rejects where the passphrase is another one. */
export async function unwrapPrivate(text: string, user: string, passphrase: string): Promise<string> {
  const stored = JSON.parse(text)
  if (stored.$binary) {
    const bytes = bytesOf(stored.$binary)
    const key = await passphraseKey(passphrase, user, 1000, 'AES-CBC')
    return textOf(await subtle.decrypt({ name: 'AES-CBC', iv: bytes.subarray(0, 16) }, key, bytes.subarray(16)))
  }
  const key = await passphraseKey(passphrase, stored.salt, stored.iterations, 'AES-GCM')
  return textOf(await subtle.decrypt({ name: 'AES-GCM', iv: bytesOf(stored.iv) }, key, bytesOf(stored.ciphertext)))
}

async function passphraseKey(passphrase: string, salt: string, iterations: number, name: string): Promise<CryptoKey> {
  const base = await subtle.importKey('raw', utf8(passphrase), 'PBKDF2', false, ['deriveKey'])
  const derivation = { name: 'PBKDF2', hash: 'SHA-256', salt: utf8(salt), iterations }
  return subtle.deriveKey(derivation, base, { name, length: 256 }, false, ['encrypt', 'decrypt'])
}

export async function newRoomKey(generation: Generation): Promise<RoomKey> {
  const algorithm = generation === 'v1' ? { name: 'AES-CBC', length: 128 } : { name: 'AES-GCM', length: 256 }
  const key = (await subtle.generateKey(algorithm, true, ['encrypt', 'decrypt'])) as CryptoKey
  const text = JSON.stringify(await subtle.exportKey('jwk', key))
  return { id: generation === 'v1' ? await v1KeyId(text) : crypto.randomUUID(), key, text }
}

/** Of clients from 7.0 to 7.12. */
export async function v1KeyId(text: string): Promise<string> {
  return (await hexDigest(utf8(text))).slice(0, 12)
}

/** Of clients before 7.0: the same for nearly every room. */
export function legacyKeyId(text: string): string {
  return b64(utf8(text)).slice(0, 12)
}

export async function roomKeyOf(id: string, text: string): Promise<RoomKey> {
  const jwk = JSON.parse(text) as JsonWebKey
  const name = jwk.alg === 'A256GCM' ? 'AES-GCM' : 'AES-CBC'
  return { id, text, key: await subtle.importKey('jwk', jwk, { name }, true, ['encrypt', 'decrypt']) }
}

/** `E2EKey`: the room's key for one member. */
export async function wrapRoomKey({ id, text }: Pick<RoomKey, 'id' | 'text'>, publicText: string): Promise<string> {
  const to = await subtle.importKey('jwk', JSON.parse(publicText) as JsonWebKey, RSA, false, ['encrypt'])
  return id + b64(await subtle.encrypt({ name: 'RSA-OAEP' }, to, utf8(text)))
}

/** Rejects where it was made for another pair, and for what is no such text. */
export async function unwrapRoomKey(wrapped: string, privateKey: CryptoKey): Promise<RoomKey> {
  const bytes = bytesOf(wrapped.slice(-WRAPPED_CHARS))
  if (wrapped.length <= WRAPPED_CHARS || bytes.length !== 256) throw new RangeError('no wrapped key')
  const text = textOf(await subtle.decrypt({ name: 'RSA-OAEP' }, privateKey, bytes))
  return roomKeyOf(wrapped.slice(0, -WRAPPED_CHARS), text)
}

export type SealedContent = Readonly<Record<string, string>>

/** `content` of a message: as the web client, an object as JSON. */
export async function sealContent({ id, key }: RoomKey, plain: object): Promise<SealedContent> {
  const bytes = utf8(JSON.stringify(plain))
  if (key.algorithm.name === 'AES-CBC') {
    const iv = randomBytes(16)
    const sealed = new Uint8Array(await subtle.encrypt({ name: 'AES-CBC', iv }, key, bytes))
    return { algorithm: 'rc.v1.aes-sha2', ciphertext: id + b64(Buffer.concat([iv, sealed])) }
  }
  const iv = randomBytes(12)
  const ciphertext = b64(await subtle.encrypt({ name: 'AES-GCM', iv }, key, bytes))
  return { algorithm: 'rc.v2.aes-sha2', kid: id, iv: b64(iv), ciphertext }
}

/** The id of the key that a content was made with. Throws on what is none. */
export function keyIdOf({ algorithm, ciphertext, kid, iv }: SealedContent): string {
  if (algorithm === 'rc.v1.aes-sha2' && (ciphertext?.length ?? 0) > 12) return (ciphertext as string).slice(0, 12)
  if (algorithm === 'rc.v2.aes-sha2' && kid && iv && ciphertext) return kid
  throw new Error('no content of a known algorithm')
}

// biome-ignore lint/suspicious/noExplicitAny: whatever the sender's client put into it
export async function openContent(content: SealedContent, key: CryptoKey): Promise<any> {
  keyIdOf(content)
  const { algorithm, ciphertext = '', iv = '' } = content
  if (algorithm === 'rc.v1.aes-sha2') {
    const bytes = bytesOf(ciphertext.slice(12))
    return JSON.parse(
      textOf(await subtle.decrypt({ name: 'AES-CBC', iv: bytes.subarray(0, 16) }, key, bytes.subarray(16))),
    )
  }
  return JSON.parse(textOf(await subtle.decrypt({ name: 'AES-GCM', iv: bytesOf(iv) }, key, bytesOf(ciphertext))))
}

/** The words in it: `text` in messages of old mobile clients. */
export function wordsOf(plain: { msg?: string; text?: string }): string {
  return plain.msg ?? plain.text ?? ''
}

export interface SealedFile {
  readonly bytes: Uint8Array
  /** The name under which it is uploaded. */
  readonly name: string
  /** How it is opened again; travels in the message's own content. */
  readonly encryption: { readonly key: JsonWebKey; readonly iv: string }
  readonly hashes: { readonly sha256: string }
}

const CTR = { name: 'AES-CTR', length: 64 } as const

export async function sealFile(name: string, plain: Uint8Array<ArrayBuffer>): Promise<SealedFile> {
  const key = (await subtle.generateKey({ name: 'AES-CTR', length: 256 }, true, ['encrypt', 'decrypt'])) as CryptoKey
  const counter = randomBytes(16)
  return {
    bytes: new Uint8Array(await subtle.encrypt({ ...CTR, counter }, key, plain)),
    name: await hexDigest(utf8(name)),
    encryption: { key: await subtle.exportKey('jwk', key), iv: b64(counter) },
    hashes: { sha256: await hexDigest(plain) },
  }
}

/** Rejects where the hash of what comes out is another one. */
export async function openFile(
  bytes: Uint8Array<ArrayBuffer>,
  { encryption, hashes }: Pick<SealedFile, 'encryption' | 'hashes'>,
): Promise<Uint8Array<ArrayBuffer>> {
  const key = await subtle.importKey('jwk', encryption.key, { name: 'AES-CTR' }, false, ['decrypt'])
  const plain = new Uint8Array(await subtle.decrypt({ ...CTR, counter: bytesOf(encryption.iv) }, key, bytes))
  if ((await hexDigest(plain)) !== hashes.sha256) throw new Error('the file is not what was sent')
  return plain
}
