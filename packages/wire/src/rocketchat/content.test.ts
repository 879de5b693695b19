import { describe, expect, test } from 'vitest'
import vectors from '../../vectors/rocketchat.json' with { type: 'json' }
import { encodeBase64 } from '../base64.ts'
import { legacyCiphertext, parseContent, parseXchatContent, splitGroupKey } from './content.ts'

const base64Of = (size: number) => encodeBase64(new Uint8Array(size).fill(5))

describe('group keys', () => {
  const [upstream] = vectors.group_key_string
  const prefix = upstream!.prefix!
  const wrapped = upstream!.base64!

  test('are split from the end', () => {
    const kid = 'f46d2864-0384-4a87-8815-51fba2cad216'
    expect(splitGroupKey(prefix + wrapped)).toEqual({ keyId: prefix, wrapped })
    expect(splitGroupKey(kid + wrapped)).toEqual({ keyId: kid, wrapped })
    expect(splitGroupKey(`eyJhbGciOiJB${wrapped}`)?.keyId).toBe('eyJhbGciOiJB')
  })

  test('with 343 characters, 255 bytes, a strange prefix or none are refused', () => {
    expect(splitGroupKey(prefix + 'A'.repeat(343))).toBeUndefined()
    expect(splitGroupKey(prefix + base64Of(255))).toBeUndefined()
    expect(splitGroupKey(prefix + base64Of(257))).toBeUndefined()
    expect(splitGroupKey(wrapped)).toBeUndefined()
    expect(splitGroupKey(`${prefix.slice(1)} ${wrapped}`)).toBeUndefined()
    expect(splitGroupKey(prefix + wrapped.replace('K', ' '))).toBeUndefined()
    expect(splitGroupKey(`${prefix}${wrapped}\n`)).toBeUndefined()
  })
})

describe('contents', () => {
  const v2 = { algorithm: 'rc.v2.aes-sha2', kid: 'k', iv: base64Of(12), ciphertext: base64Of(20) }

  test('only the members of the algorithm come out: nothing readable rides along', () => {
    expect(parseContent({ ...v2, msg: 'plain', note: 1 })).toEqual({ keyId: 'k', content: v2 })
    const ciphertext = `32c9e7917b78${base64Of(32)}`
    expect(parseContent({ algorithm: 'rc.v1.aes-sha2', ciphertext, msg: 'plain' })).toEqual({
      keyId: '32c9e7917b78',
      content: { algorithm: 'rc.v1.aes-sha2', ciphertext },
    })
  })

  test.each([
    ['no key id', { ...v2, kid: '' }],
    ['a key id that is a document', { ...v2, kid: 'k'.repeat(65) }],
    ['a key id with a space', { ...v2, kid: 'a b' }],
    ['an iv of 16 bytes', { ...v2, iv: base64Of(16) }],
    ['less than a tag', { ...v2, ciphertext: base64Of(15) }],
    ['no base64', { ...v2, ciphertext: 'hello everybody in this room' }],
    ['too much', { ...v2, ciphertext: 'A'.repeat(4 << 20) }],
    ['no text', { ...v2, ciphertext: { length: 40 } }],
    ['another algorithm', { ...v2, algorithm: 'm.megolm.v1.aes-sha2' }],
  ])('with %s are refused', (_name, value) => expect(parseContent(value)).toBeUndefined())

  test('a v1 text is an iv and whole blocks', () => {
    expect(legacyCiphertext(`32c9e7917b78${base64Of(32)}`)?.keyId).toBe('32c9e7917b78')
    for (const size of [0, 16, 31, 33, 40]) expect(legacyCiphertext(`32c9e7917b78${base64Of(size)}`)).toBeUndefined()
  })
})

describe('messages of suite xchat on this wire', () => {
  const content = {
    algorithm: 'xchat.v1',
    message_id: 'c39fb12f-5fd4-4c40-be6c-22f733f3bc01',
    encoded_message_create_event: 'CwBk',
    encoded_message_event_signature: 'CwAB',
  }

  test('have the members of the body of POST …/messages', () => {
    expect(parseXchatContent({ ...content, conversation_token: 'x' })).toEqual(content)
  })

  test.each(Object.keys(content))('need their %s', name => {
    expect(parseXchatContent({ ...content, [name]: undefined })).toBeUndefined()
    expect(parseXchatContent({ ...content, [name]: '' })).toBeUndefined()
    expect(parseXchatContent({ ...content, [name]: 7 })).toBeUndefined()
  })
})
