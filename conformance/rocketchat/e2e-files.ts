// A Rocket.Chat client's encrypted files in WebCrypto (rocketchat.md 6.4): AES-256-CTR under a key of the file's own, which
// travels in the message's ciphertext together with the hash of the plain bytes.
import type { webcrypto } from 'node:crypto'
import type { E2eClient } from './e2e-client.ts'
import { get, post, sha256 } from './files.ts'
import type { Name } from './start.ts'

// biome-ignore lint/suspicious/noExplicitAny: message documents
type Any = any
const { subtle } = globalThis.crypto

export interface PlainFile {
  readonly name: string
  readonly type: string
  readonly bytes: Uint8Array
}

const b64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
const counter = (iv: Uint8Array) => ({ name: 'AES-CTR', counter: new Uint8Array(iv), length: 64 })

/** Encrypts, uploads and confirms as the web client does; gives the message as the server answers it. */
export async function sendEncryptedFile(
  url: string,
  who: Name,
  client: E2eClient,
  rid: string,
  file: PlainFile,
  confirm: (path: string, body: object) => Promise<Any>,
): Promise<Any> {
  const key = (await subtle.generateKey({ name: 'AES-CTR', length: 256 }, true, ['encrypt', 'decrypt'])) as CryptoKeyOf
  const iv = crypto.getRandomValues(new Uint8Array(16))
  const sealed = new Uint8Array(await subtle.encrypt(counter(iv), key, new Uint8Array(file.bytes)))
  const encryption = { key: await subtle.exportKey('jwk', key), iv: b64(iv) }
  const hashes = { sha256: sha256(file.bytes) }
  const about = { type: file.type, typeGroup: file.type.split('/')[0], name: file.name, encryption, hashes }
  const uploaded = await post(url, who, `rooms.media/${rid}`, {
    bytes: sealed,
    name: sha256(Buffer.from(file.name)),
    type: 'file',
    fields: { content: JSON.stringify(await client.encrypt(rid, JSON.stringify(about))) },
  })
  if (uploaded.status !== 200) throw new Error(JSON.stringify(uploaded.body))
  const { _id, url: link } = uploaded.body.file
  const shown = { _id, name: file.name, type: file.type, size: file.bytes.length }
  const attachment = {
    title: file.name,
    type: 'file',
    title_link: link,
    title_link_download: true,
    encryption,
    hashes,
    ...(file.type.startsWith('image/')
      ? { image_url: link, image_type: file.type, image_size: file.bytes.length }
      : { format: 'BIN', size: file.bytes.length }),
  }
  const content = await client.encrypt(rid, JSON.stringify({ attachments: [attachment], files: [shown], file: shown }))
  return confirm(`rooms.mediaConfirm/${rid}/${_id}`, { msg: '', t: 'e2e', content })
}
type CryptoKeyOf = webcrypto.CryptoKey

/** The file of a message, as its reader gets it; throws where the bytes are not those that were sent. */
export async function openEncryptedFile(url: string, who: Name, client: E2eClient, message: Any): Promise<PlainFile> {
  const { attachments } = JSON.parse(await client.decrypt(message))
  const [{ title, title_link, encryption, hashes, image_type }] = attachments
  const { status, bytes } = await get(url, who, title_link)
  if (status !== 200) throw new Error(`the file is answered ${status}`)
  const key = await subtle.importKey('jwk', encryption.key, { name: 'AES-CTR' }, false, ['decrypt'])
  const iv = Buffer.from(encryption.iv, 'base64')
  const plain = new Uint8Array(await subtle.decrypt(counter(iv), key, new Uint8Array(bytes)))
  if (sha256(plain) !== hashes.sha256) throw new Error('the bytes are others than were sent')
  return { name: title, type: image_type ?? '', bytes: plain }
}
