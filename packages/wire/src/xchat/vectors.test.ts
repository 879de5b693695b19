// X's published fixtures and what X's own SDK generated: every event is read, written again to the same bytes, and its
// signature fits the text that payloads.ts gives (x-chat.md 4, 5.4).
import { createECDH, verify } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import vectors from '../../vectors/xchat.json' with { type: 'json' }
import type { Decoded } from '../decoded.ts'
import type { MessageEventDetail } from './events.ts'
import {
  decodeDetail,
  decodeDetailBytes,
  decodeEventSignature,
  decodeMessageCreate,
  decodeMessageEvent,
  encodeDetail,
  encodeEventSignature,
  encodeMessageEvent,
  wrapMessageCreate,
} from './events.ts'
import { parsePublicKey, parseSignature, parseWrap, sameKey } from './keys.ts'
import {
  adminAddPayload,
  adminRemovePayload,
  avatarPayload,
  groupCreatePayload,
  keyChangePayload,
  memberAddPayload,
  memberRemovePayload,
  messageCreatePayload,
  messageDeletePayload,
  titlePayload,
} from './payloads.ts'

const { official, generated } = vectors
const ann = generated.users.A

function value<T>(decoded: Decoded<T>): T {
  if (!decoded.ok) throw new Error(decoded.error)
  return decoded.value
}

function verifies(signingKey: string, text: string, signature: string): boolean {
  const raw = parseSignature(signature)
  if (!raw) return false
  const key = {
    key: Buffer.from(parsePublicKey(signingKey)?.spki ?? []),
    format: 'der',
    type: 'spki',
    dsaEncoding: 'ieee-p1363',
  } as const
  return verify('sha256', Buffer.from(text), key, raw)
}

function payload(
  detail: MessageEventDetail,
  messageId: string,
  senderId: string,
  conversationId: string,
  key: string,
): string {
  const signed = { messageId, senderId, conversationId }
  if (detail.kind === 'messageDelete') return value(messageDeletePayload(signed, detail.event))
  if (detail.kind === 'keyChange') return value(keyChangePayload(signed, detail.event, Buffer.from(key, 'base64')))
  if (detail.kind === 'messageCreate') return value(messageCreatePayload(signed, detail.event))
  if (detail.kind !== 'groupChange') throw new Error(`no payload for ${detail.kind}`)
  const { change } = detail
  if (change.kind === 'create') return value(groupCreatePayload(signed, change))
  if (change.kind === 'memberAdd') return value(memberAddPayload(signed, change))
  throw new Error(`no vector for ${change.kind}`)
}

describe('what the SDK signed', () => {
  for (const name of ['group_create', 'member_add', 'one_to_one'] as const) {
    const change = generated[name]
    test.each(change.actionSignatures.map((action, at) => [at, action] as const))(
      `${name}: action %i verifies over its text, and over no other`,
      (_at, action) => {
        const detail = value(decodeDetail(action.encodedMessageEventDetail))
        const text = payload(detail.value, action.messageId, ann.user_id, change.conversationId, change.conversationKey)
        expect(verifies(ann.signing_public_key, text, action.signature)).toBe(true)
        expect(verifies(ann.signing_public_key, `${text},`, action.signature)).toBe(false)
        if ('signaturePayload' in action && typeof action.signaturePayload === 'string')
          expect(text).toBe(action.signaturePayload)
      },
    )

    test(`${name}: details are written to the very bytes that they were read from`, () => {
      for (const action of change.actionSignatures) {
        const { value: detail, bytes } = value(decodeDetail(action.encodedMessageEventDetail))
        if (detail.kind === 'other') throw new Error('unread')
        expect(Buffer.from(encodeDetail(detail)).toString('base64')).toBe(Buffer.from(bytes).toString('base64'))
      }
    })

    test(`${name}: every wrap is one`, () => {
      for (const { encryptedKey } of change.participantKeys) expect(parseWrap(encryptedKey)?.length).toBe(113)
    })
  }

  test('a deletion', () => {
    const { messageId, encodedMessageEventDetail, signature, signaturePayload } = generated.delete
    const text = payload(
      value(decodeDetail(encodedMessageEventDetail)).value,
      messageId,
      ann.user_id,
      generated.group_id,
      '',
    )
    expect(text).toBe(signaturePayload)
    expect(verifies(ann.signing_public_key, text, signature)).toBe(true)
  })

  test.each([
    ['send', generated.send.payload, generated.users.A],
    ['send after rotation', generated.send_after_rotation.payload, generated.users.A],
    ['reply', generated.reply, generated.users.B],
    ['reaction', generated.reaction_add, generated.users.C],
  ])('a message: %s', (_name, message, sender) => {
    const create = value(decodeMessageCreate(message.encryptedContent))
    expect(create.value.conversationKeyVersion).toBe(message.conversationKeyVersion)
    const signed = { messageId: message.messageId, senderId: sender.user_id, conversationId: generated.group_id }
    const text = value(messageCreatePayload(signed, create.value))
    expect(verifies(sender.signing_public_key, text, message.signature)).toBe(true)
    expect(
      verifies(
        sender.signing_public_key,
        value(messageCreatePayload({ ...signed, conversationId: 'g1' }, create.value)),
        message.signature,
      ),
    ).toBe(false)
    const signature = value(decodeEventSignature(message.encodedEventSignature))
    expect([signature.signature, signature.publicKeyVersion]).toEqual([
      message.signature,
      message.signatureInfo.publicKeyVersion,
    ])
    expect(encodeEventSignature(signature)).toBe(message.encodedEventSignature)
    const detail = value(decodeDetailBytes(wrapMessageCreate(create.bytes)))
    expect(detail.kind === 'messageCreate' && detail.event.contents).toEqual(create.value.contents)
  })
})

describe('envelopes', () => {
  const all = [
    ...Object.entries(official).filter(
      ([name, text]) => name.startsWith('event_') && name.endsWith('_b64') && text.startsWith('CwAB'),
    ),
    ...Object.entries(generated.relayed_events),
  ]
  test.each(all)('%s is read and written again to the same bytes', (_name, base64) => {
    const event = value(decodeMessageEvent(base64))
    expect(encodeMessageEvent(event)).toBe(base64)
  })

  test('an envelope with garbage in it is refused', () => {
    expect(decodeMessageEvent(official.event_garbage_b64).ok).toBe(false)
  })
})

describe('keys', () => {
  test('are compared as points, whatever form each text has', () => {
    const sec1 = official.identity_public_b64
    const spki = parsePublicKey(sec1)?.spki ?? new Uint8Array()
    expect(sameKey(sec1, Buffer.from(spki).toString('base64'))).toBe(true)
    expect(sameKey(sec1, official.signing_public_b64)).toBe(false)
    expect(sameKey(sec1, 'AAAA')).toBe(false)
    expect(parsePublicKey(sec1, 'spki')).toBe(undefined)
  })

  test('only points of the curve are keys', () => {
    for (let n = 0; n < 50; n++) {
      const ecdh = createECDH('prime256v1')
      ecdh.generateKeys()
      const point = ecdh.getPublicKey()
      expect(parsePublicKey(point.toString('base64'))).toBeDefined()
      for (const at of [1, 33, 64]) {
        const off = Buffer.from(point)
        off[at] = (off[at] as number) ^ 1
        expect(parsePublicKey(off.toString('base64'))).toBe(undefined)
      }
    }
    const zero = Buffer.concat([Buffer.from([4]), Buffer.alloc(64)])
    expect(parsePublicKey(zero.toString('base64'))).toBe(undefined)
    const over = Buffer.concat([Buffer.from([4]), Buffer.alloc(64, 0xff)])
    expect(parsePublicKey(over.toString('base64'))).toBe(undefined)
  })
})

describe('signed texts', () => {
  const signed = { messageId: 'm', senderId: '1', conversationId: 'g5' }
  test('say what 5.4 says', () => {
    const add = {
      kind: 'memberAdd',
      memberIds: ['3'],
      currentMemberIds: ['1', '2'],
      currentAdminIds: ['1'],
      conversationKeyVersion: '9',
    } as const
    expect(value(memberAddPayload(signed, add))).toBe(
      'GroupChangeEvent.GroupMemberAddChange,m,1,g5,3,1,2,1,null,null,null,9,null',
    )
    const invite = { inviteUrl: 'https://x', affiliateId: undefined, expiresAtMsec: '7' }
    const more = {
      ...add,
      currentTitle: 'T',
      currentTtlMsec: '60',
      screenCaptureBlockingEnabled: true,
      groupInviteEnable: invite,
    }
    expect(value(memberAddPayload(signed, more))).toBe(
      'GroupChangeEvent.GroupMemberAddChange,m,1,g5,3,1,2,1,T,null,60,9,true,https://x,null,7',
    )
    expect(value(memberRemovePayload(signed, { kind: 'memberRemove', ids: ['2', '3'] }))).toBe(
      'GroupChangeEvent.GroupMemberRemoveChange,m,1,g5,2,3',
    )
    expect(value(adminAddPayload(signed, { kind: 'adminAdd', ids: ['2'] }))).toBe(
      'GroupChangeEvent.GroupAdminAddChange,m,1,g5,2',
    )
    expect(value(adminRemovePayload(signed, { kind: 'adminRemove', ids: ['2'] }))).toBe(
      'GroupChangeEvent.GroupAdminRemoveChange,m,1,g5,2',
    )
    expect(value(titlePayload(signed, { kind: 'title', conversationKeyVersion: '9' }))).toBe(
      'GroupChangeEvent.GroupTitleChange,m,1,g5,9,',
    )
    expect(value(avatarPayload(signed, { kind: 'avatar', value: 'u', conversationKeyVersion: '9' }))).toBe(
      'GroupChangeEvent.GroupAvatarUrlChange,m,1,g5,9,u',
    )
  })

  test('a comma anywhere makes the whole unsignable, so that no list can pass for another', () => {
    const title = { kind: 'title', value: 'a,b', conversationKeyVersion: '9' } as const
    expect(titlePayload(signed, title)).toMatchObject({ ok: false })
    expect(titlePayload({ ...signed, messageId: 'm,1' }, { ...title, value: 'ab' })).toMatchObject({ ok: false })
    expect(memberRemovePayload(signed, { kind: 'memberRemove', ids: ['2,3'] })).toMatchObject({ ok: false })
  })
})
