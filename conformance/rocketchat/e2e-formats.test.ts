// Every vector of both generations (packages/wire/vectors/rocketchat.json): what the vendor's clients have made is read, what
// is made here is read again.
import { createHash } from 'node:crypto'
import { splitGroupKey } from '@conclave/wire/rocketchat/content'
import { describe, expect, test } from 'vitest'
import vectors from '../../packages/wire/vectors/rocketchat.json' with { type: 'json' }
import {
  keyIdOf,
  legacyKeyId,
  newRoomKey,
  openContent,
  openFile,
  pairOf,
  roomKeyOf,
  sealContent,
  sealFile,
  unwrapPrivate,
  unwrapRoomKey,
  v1KeyId,
  wordsOf,
  wrapPrivate,
  wrapRoomKey,
} from './e2e-formats.ts'

// biome-ignore lint/suspicious/noExplicitAny: each kind of vector has its own fields
type Any = any
const of = (list: readonly unknown[], id: string): Any => list.find(one => (one as { id: string }).id === id)
const [v1, v2] = [of(vectors.user_private_key, 'keychain-v1'), of(vectors.user_private_key, 'keychain-v2')]

describe.each([v1, v2])('the private key of $id', vector => {
  const { userId, passphrase, stored_private_key, plaintext_private_jwk, public_key, format } = vector
  test('is opened by its passphrase, and by no other', async () => {
    expect(await unwrapPrivate(stored_private_key, userId, passphrase)).toBe(plaintext_private_jwk)
    await expect(unwrapPrivate(stored_private_key, userId, `${passphrase} `)).rejects.toThrow()
  })
  test('wrapped anew is opened again, and shows nothing of itself', async () => {
    const text = await wrapPrivate(format, userId, 'another passphrase', plaintext_private_jwk)
    expect(await unwrapPrivate(text, userId, 'another passphrase')).toBe(plaintext_private_jwk)
    expect(text).not.toContain(JSON.parse(plaintext_private_jwk).d.slice(0, 20))
  })
  test('fits its public half', async () => {
    const { privateKey } = await pairOf(public_key, plaintext_private_jwk)
    const key = await newRoomKey(format)
    expect(await unwrapRoomKey(await wrapRoomKey(key, public_key), privateKey)).toMatchObject({ id: key.id })
  })
})

describe('room keys', () => {
  test.each(['wrap-v1', 'wrap-v2'])('%s is unwrapped by its recipient alone', async id => {
    const { kid, plaintext_jwk, E2EKey } = of(vectors.group_key_string, id)
    const mine = await pairOf(v2.public_key, v2.plaintext_private_jwk)
    expect(await unwrapRoomKey(E2EKey, mine.privateKey)).toMatchObject({ id: kid, text: plaintext_jwk })
    const other = await pairOf(v1.public_key, v1.plaintext_private_jwk)
    await expect(unwrapRoomKey(E2EKey, other.privateKey)).rejects.toThrow()
  })
  test('what has another length is none', async () => {
    const { prefix, base64 } = of(vectors.group_key_string, 'prefixed-v1-shape')
    expect(splitGroupKey(prefix + base64)).toEqual({ keyId: prefix, wrapped: base64 })
    const { privateKey } = await pairOf(v2.public_key, v2.plaintext_private_jwk)
    const { input_prefix, input_fill, input_fill_count } = of(vectors.group_key_string, 'prefixed-error-343')
    for (const wrong of [
      of(vectors.group_key_string, 'prefixed-error-short').input,
      input_prefix + input_fill.repeat(input_fill_count),
      prefix + Buffer.alloc(of(vectors.group_key_string, 'prefixed-encode-255-bytes').data_length).toString('base64'),
    ])
      await expect(unwrapRoomKey(wrong, privateKey)).rejects.toThrow(RangeError)
  })
  test('have the ids of their generation', async () => {
    const [modern, legacy] = [of(vectors.key_id, 'kid-v1-7x'), of(vectors.key_id, 'kid-v1-legacy')]
    expect(createHash('sha256').update(modern.jwk).digest('hex')).toBe(modern.sha256_hex)
    expect(await v1KeyId(modern.jwk)).toBe(modern.kid)
    expect(legacyKeyId(legacy.jwk)).toBe(legacy.kid)
    expect((await newRoomKey('v1')).id).toMatch(/^[0-9a-f]{12}$/)
    expect((await newRoomKey('v2')).id).toMatch(/^[0-9a-f-]{36}$/)
  })
})

describe('messages', () => {
  test.each(['msg-v1-web', 'msg-v1-mobile', 'msg-v2-web'])('%s is read', async id => {
    const { room_key_jwk, content, plaintext, kid } = of(vectors.message_content, id)
    const { key } = await roomKeyOf('', JSON.stringify(room_key_jwk))
    const plain = await openContent(content, key)
    expect(plain).toEqual(JSON.parse(plaintext))
    expect(['hello', 'world']).toContain(wordsOf(plain))
    expect(keyIdOf(content)).toBe(kid ?? content.kid)
    const sealed = await sealContent(await roomKeyOf(keyIdOf(content), JSON.stringify(room_key_jwk)), plain)
    expect(sealed.algorithm).toBe(content.algorithm)
    expect(await openContent(sealed, key)).toEqual(plain)
  })
  test.each(['msg-error-v1-short', 'msg-error-v2-missing', 'msg-error-alg'])('%s is refused', async id => {
    const { key } = await newRoomKey('v2')
    await expect(openContent(of(vectors.message_content, id).content, key)).rejects.toThrow()
  })
})

describe('files', () => {
  const { key_jwk, iv_base64, plaintext_base64, ciphertext_base64, plaintext_sha256_hex } = of(vectors.file, 'file-ctr')
  const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'base64'))
  const encryption = { key: key_jwk, iv: iv_base64 }

  test('the vector is opened, and one that was changed on its way is not', async () => {
    const hashes = { sha256: plaintext_sha256_hex }
    expect(await openFile(bytes(ciphertext_base64), { encryption, hashes })).toEqual(bytes(plaintext_base64))
    const changed = bytes(ciphertext_base64)
    changed[0] = (changed[0] as number) ^ 1
    await expect(openFile(changed, { encryption, hashes })).rejects.toThrow('not what was sent')
  })
  test('are uploaded under the hash of their name, and opened again', async () => {
    const { name, uploaded } = of(vectors.file, 'file-ctr').uploaded_filename_example
    const plain = new TextEncoder().encode('a picture')
    const sealed = await sealFile(name, plain)
    expect(sealed.name).toBe(uploaded)
    expect(await openFile(new Uint8Array(sealed.bytes), sealed)).toEqual(plain)
  })
})
