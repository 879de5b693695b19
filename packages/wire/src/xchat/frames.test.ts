// What X's SDK was seen to send (x-chat-frames.md section 2): every recorded payload text comes out of the decoded
// detail, and the recorded signatures verify over it with the recorded key.
import { createHash, verify } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import frames from '../../vectors/xchat-frames.json' with { type: 'json' }
import type { Decoded } from '../decoded.ts'
import { decodeDetail, decodeEventSignature, decodeMessageCreate, encodeDetail, encodeMessageCreate } from './events.ts'
import { fingerprintInput, fingerprintText, parsePublicKey, parseSignature, parseWrap } from './keys.ts'
import { groupCreatePayload, memberAddPayload, messageCreatePayload, messageDeletePayload } from './payloads.ts'

const sender = frames.sender_id
const group = frames.group_create.conversationId
const { publicKey: registered, version } = frames.registration

function value<T>(decoded: Decoded<T>): T {
  if (!decoded.ok) throw new Error(decoded.error)
  return decoded.value
}

function verifies(key: string, signed: string | Uint8Array, signature: string): boolean {
  const raw = parseSignature(signature)
  const spki = parsePublicKey(key, 'spki')?.spki
  if (raw === undefined || spki === undefined) return false
  const text = typeof signed === 'string' ? Buffer.from(signed) : signed
  return verify('sha256', text, { key: Buffer.from(spki), format: 'der', type: 'spki', dsaEncoding: 'ieee-p1363' }, raw)
}

function reencoded(base64: string): string {
  const { value: detail } = value(decodeDetail(base64))
  if (detail.kind === 'other') throw new Error('unread')
  return Buffer.from(encodeDetail(detail)).toString('base64')
}

describe('recorded frames', () => {
  test('2.1: each key of a registration signs the other, over its SPKI form', () => {
    const identity = parsePublicKey(registered.publicKey)!
    const signing = parsePublicKey(registered.signingPublicKey)!
    expect(verifies(registered.signingPublicKey, identity.spki, registered.identityPublicKeySignature)).toBe(true)
    expect(verifies(registered.publicKey, signing.spki, registered.signingPublicKeySignature)).toBe(true)
    expect(verifies(registered.signingPublicKey, identity.sec1, registered.identityPublicKeySignature)).toBe(false)
    const hash = createHash('sha256').update(fingerprintInput(identity)).digest()
    expect(fingerprintText(hash)).toBe(registered.publicKeyFingerprint)
  })

  test.each(['key_change', 'group_create', 'member_add'] as const)(
    '2.2 to 2.4: the key change of %s names the wraps of the body',
    name => {
      const { participantKeys, conversationKeyVersion, actionSignatures } = frames[name]
      const { value: detail } = value(decodeDetail(actionSignatures[0]!.encodedMessageEventDetail))
      expect(detail).toEqual({
        kind: 'keyChange',
        event: {
          conversationKeyVersion,
          participantKeys: participantKeys.map(({ encryptedKey, ...key }) => ({
            ...key,
            encryptedConversationKey: encryptedKey,
          })),
          forKeyRotation: false,
        },
      })
      for (const { encryptedKey } of participantKeys) expect(parseWrap(encryptedKey)).toHaveLength(113)
      expect(reencoded(actionSignatures[0]!.encodedMessageEventDetail)).toBe(
        actionSignatures[0]!.encodedMessageEventDetail,
      )
    },
  )

  test('2.3: a group', () => {
    const { messageId, encodedMessageEventDetail, signature, signaturePayload } = frames.group_create
      .actionSignatures[1] as { [name: string]: string }
    const { value: detail } = value(decodeDetail(encodedMessageEventDetail!))
    if (detail.kind !== 'groupChange' || detail.change.kind !== 'create') throw new Error(detail.kind)
    expect(detail.change).toMatchObject({ title: 'Team', ttlMsec: '60000', adminIds: [sender] })
    const signed = { messageId: messageId!, senderId: sender, conversationId: group }
    expect(groupCreatePayload(signed, detail.change)).toEqual({ ok: true, value: signaturePayload })
    expect(verifies(registered.signingPublicKey, signaturePayload!, signature!)).toBe(true)
    expect(reencoded(encodedMessageEventDetail!)).toBe(encodedMessageEventDetail)
  })

  test('2.4: new members', () => {
    const { messageId, encodedMessageEventDetail, signature, signaturePayload } = frames.member_add
      .actionSignatures[1] as { [name: string]: string }
    const { value: detail } = value(decodeDetail(encodedMessageEventDetail!))
    if (detail.kind !== 'groupChange' || detail.change.kind !== 'memberAdd') throw new Error(detail.kind)
    expect(detail.change.currentPendingMemberIds).toEqual([])
    const signed = { messageId: messageId!, senderId: sender, conversationId: group }
    expect(memberAddPayload(signed, detail.change)).toEqual({ ok: true, value: signaturePayload })
    expect(verifies(registered.signingPublicKey, signaturePayload!, signature!)).toBe(true)
    expect(reencoded(encodedMessageEventDetail!)).toBe(encodedMessageEventDetail)
  })

  test('2.5: a message', () => {
    const { messageId, encryptedContent, signature, encodedEventSignature, conversationKeyVersion } = frames.message
    const create = value(decodeMessageCreate(encryptedContent))
    expect(create.value).toMatchObject({ conversationKeyVersion, shouldNotify: true })
    expect(create.value.contents).toHaveLength(103)
    const text = value(messageCreatePayload({ messageId, senderId: sender, conversationId: group }, create.value))
    expect(verifies(registered.signingPublicKey, text, signature)).toBe(true)
    expect(Buffer.from(encodeMessageCreate(create.value)).toString('base64')).toBe(encryptedContent)
    expect(value(decodeEventSignature(encodedEventSignature))).toEqual({
      signature,
      publicKeyVersion: version,
      signatureVersion: '7',
    })
  })

  test('2.6: a deletion', () => {
    const { messageId, encodedMessageEventDetail, signature, signaturePayload } = frames.delete
    const { value: detail } = value(decodeDetail(encodedMessageEventDetail))
    if (detail.kind !== 'messageDelete') throw new Error(detail.kind)
    const signed = { messageId, senderId: sender, conversationId: group }
    expect(messageDeletePayload(signed, detail.event)).toEqual({ ok: true, value: signaturePayload })
    expect(verifies(registered.signingPublicKey, signaturePayload, signature)).toBe(true)
  })
})
