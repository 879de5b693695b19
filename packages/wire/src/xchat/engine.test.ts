// X's own engine as the judge of what we encode and of the texts that we say are signed (x-chat.md 5.4): it reads the
// envelope, builds the text itself, and verifies. What the reference leaves open (how a flag or an invite is signed)
// is settled here, and every positive has a negative beside it.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'
import { encodeBase64, encodeBase64NoPad } from '../base64.ts'
import type { Decoded } from '../decoded.ts'
import { StructWriter } from '../thrift-writer.ts'
import {
  decodeDetail,
  encodeDetail,
  encodeMessageEvent,
  type GroupChange,
  type MetadataChange,
  type WritableDetail,
} from './events.ts'
import * as payloads from './payloads.ts'

type Engine = {
  generateKeypairs(): {
    publicKey: { publicKey: string; signingPublicKey: string; identityPublicKeySignature: string }
  }
  sign(data: Uint8Array): Uint8Array
  decryptEvents(
    events: string[],
    keys: object[],
  ): { messages: { event: { verified?: boolean; change?: object } }[]; errors: Record<string, string> }
}

const folder = join(dirname(createRequire(import.meta.url).resolve('@xdevplatform/chat-xdk')), 'pkg')
const wasm = await import(pathToFileURL(join(folder, 'chat_xdk_wasm.js')).href)
await wasm.default({ module_or_path: readFileSync(join(folder, 'chat_xdk_wasm_bg.wasm')) })
const engine: Engine = new wasm.Chat()

const senderId = '1111111111111111111'
const publicKeyVersion = '1795311025463'
const signed = {
  messageId: '88cc0f29-45de-4043-8c31-7dfbc456386b',
  senderId,
  conversationId: 'g2080761390344937796',
}
const { publicKey, signingPublicKey, identityPublicKeySignature } = engine.generateKeypairs().publicKey
const signingKeys = [
  {
    userId: senderId,
    publicKeyVersion,
    publicKey: signingPublicKey,
    identityPublicKey: publicKey,
    identityPublicKeySignature,
  },
]

function value<T>(decoded: Decoded<T>): T {
  if (!decoded.ok) throw new Error(decoded.error)
  return decoded.value
}

/** Whether the engine finds `text` signed under an event with this detail. */
function accepts(detail: WritableDetail, text: string): boolean {
  return read(encodeDetail(detail), text)?.verified === true
}

function read(detail: Uint8Array, text: string) {
  const envelope = encodeMessageEvent({
    ...signed,
    sequenceId: '2080761390344937801',
    createdAtMsec: '1795311025745',
    detail,
    signature: {
      signature: encodeBase64NoPad(engine.sign(new TextEncoder().encode(text))),
      publicKeyVersion,
      signatureVersion: payloads.SIGNATURE_VERSION,
    },
  })
  return engine.decryptEvents([envelope], signingKeys).messages[0]?.event
}

const create = { kind: 'create', memberIds: ['1', '2'], adminIds: ['1'], conversationKeyVersion: '9' } as const
const add = {
  kind: 'memberAdd',
  memberIds: ['3'],
  currentMemberIds: ['1', '2'],
  currentAdminIds: ['1'],
  conversationKeyVersion: '9',
} as const
const invite = { inviteUrl: 'https://x.example/i', affiliateId: '77', expiresAtMsec: '1795311025745' }

const changes: readonly (readonly [string, GroupChange])[] = [
  ['a removal', { kind: 'memberRemove', ids: ['2', '3'] }],
  ['new admins', { kind: 'adminAdd', ids: ['2'] }],
  ['admins no more', { kind: 'adminRemove', ids: ['2', '3'] }],
  ['a title', { kind: 'title', value: 'Llb5+/==', conversationKeyVersion: '9' }],
  ['a title taken away', { kind: 'title', conversationKeyVersion: '9' }],
  ['an avatar', { kind: 'avatar', value: 'https://x.example/a', conversationKeyVersion: '9' }],
  ['an avatar taken away', { kind: 'avatar', conversationKeyVersion: '9' }],
  ['a group without anything', create],
  ['a group with a title, an avatar and a lifetime', { ...create, title: 'T', avatarUrl: 'u', ttlMsec: '60000' }],
  ['a group with an empty title', { ...create, title: '' }],
  ['a group that is an upgrade', { ...create, isLegacyGroupUpgrade: true }],
  ['a group that is no upgrade', { ...create, isLegacyGroupUpgrade: false }],
  ['members, nothing else set', add],
  ['members, everything set', { ...add, currentTitle: 'T', currentAvatarUrl: 'u', currentTtlMsec: '60000' }],
  ['members, an empty title', { ...add, currentTitle: '' }],
  ['members, a lifetime of zero', { ...add, currentTtlMsec: '0' }],
  ['members, screen capture blocked', { ...add, screenCaptureBlockingEnabled: true }],
  ['members, screen capture not blocked', { ...add, screenCaptureBlockingEnabled: false }],
  ['members, others pending', { ...add, currentPendingMemberIds: ['8', '9'] }],
  ['members, a whole invite', { ...add, groupInviteEnable: invite }],
  ['members, an invite with a URL', { ...add, groupInviteEnable: { inviteUrl: 'https://x.example/i' } }],
  ['members, an invite with an affiliate', { ...add, groupInviteEnable: { affiliateId: '77' } }],
  ['members, an invite that expires', { ...add, groupInviteEnable: { expiresAtMsec: '5' } }],
  ['members, an empty invite', { ...add, groupInviteEnable: {} }],
  ['an invite with a URL', { kind: 'inviteEnable', inviteUrl: 'https://x.example/i' }],
  ['an invite that expires', { kind: 'inviteEnable', inviteUrl: 'https://x.example/i', expiresAtMsec: '5' }],
  ['a whole invite', { kind: 'inviteEnable', ...invite }],
  ['an invite no more', { kind: 'inviteDisable', disabledBy: senderId }],
  ['a request to join', { kind: 'joinRequest', userId: senderId }],
  ['a request to join for somebody else', { kind: 'joinRequest', userId: '3' }],
  ['requests that are rejected', { kind: 'joinReject', ids: ['3', '4'] }],
  ['members, empty lists', { ...add, currentMemberIds: [], currentAdminIds: [] }],
]

describe('X’s engine verifies our text of', () => {
  test.each(changes)('%s', (_name, change) => {
    const text = value(payloads.groupChangePayload(signed, change))
    const detail = { kind: 'groupChange', change, forKeyRotation: false } as const
    expect(accepts(detail, text)).toBe(true)
    expect(accepts(detail, `${text},null`)).toBe(false)
    expect(accepts(detail, text.replace(signed.messageId, '88cc0f29-45de-4043-8c31-7dfbc456386c'))).toBe(false)
  })

  test.each([
    ['an empty title for an absent one', add, { ...add, currentTitle: '' }],
    ['a flag that is off for an absent one', add, { ...add, screenCaptureBlockingEnabled: false }],
    ['an empty invite for none', add, { ...add, groupInviteEnable: {} }],
    ['an absent flag for one that is off', { ...create, isLegacyGroupUpgrade: false } as const, create],
  ] as const)('a change, but not with %s', (_name, sent, claimed) => {
    const detail = { kind: 'groupChange', change: sent, forKeyRotation: false } as const
    expect(accepts(detail, value(payloads.groupChangePayload(signed, sent)))).toBe(true)
    expect(accepts(detail, value(payloads.groupChangePayload(signed, claimed)))).toBe(false)
  })

  test.each([1, 2])('a deletion with action %i', action => {
    const event = { sequenceIds: ['5', '6'], action }
    const text = value(payloads.messageDeletePayload(signed, event))
    expect(accepts({ kind: 'messageDelete', event }, text)).toBe(true)
    const other = value(payloads.messageDeletePayload(signed, { ...event, action: 3 - action }))
    expect(accepts({ kind: 'messageDelete', event }, other)).toBe(false)
  })

  const settings: readonly (readonly [string, MetadataChange, MetadataChange])[] = [
    ['a lifetime', { kind: 'durationChange', ttlMsec: '86400000' }, { kind: 'durationChange', ttlMsec: '86400001' }],
    ['a lifetime taken away', { kind: 'durationRemove' }, { kind: 'unmute', ids: [] }],
    ['a mute', { kind: 'mute', ids: [signed.conversationId] }, { kind: 'unmute', ids: [signed.conversationId] }],
    ['a mute that ends', { kind: 'unmute', ids: [signed.conversationId] }, { kind: 'unmute', ids: ['g1'] }],
  ]
  test.each(settings)('%s', (_name, change, other) => {
    const text = value(payloads.metadataPayload(signed, change))
    const detail = { kind: 'metadataChange', change } as const
    expect(accepts(detail, text)).toBe(true)
    expect(accepts({ kind: 'metadataChange', change: other }, text)).toBe(false)
    expect(accepts(detail, `${text},null`)).toBe(false)
    expect(accepts(detail, text.replace(signed.conversationId, 'g2080761390344937797'))).toBe(false)
  })

  test('a lifetime, whether or not it is said to be for all messages: that is not signed', () => {
    const change = { kind: 'durationChange', ttlMsec: '86400000', applyToAll: true } as const
    const text = value(payloads.metadataPayload(signed, change))
    expect(accepts({ kind: 'metadataChange', change }, text)).toBe(true)
    expect(accepts({ kind: 'metadataChange', change: { ...change, applyToAll: false } }, text)).toBe(true)
  })

  test('a title with a comma in it never, whatever is signed', () => {
    const change = { ...create, title: 'a,b' }
    expect(payloads.groupChangePayload(signed, change).ok).toBe(false)
    const text = `GroupChangeEvent.GroupCreate,${signed.messageId},${senderId},9,1,2,null,a,b,null`
    expect(accepts({ kind: 'groupChange', change, forKeyRotation: false }, text)).toBe(false)
  })
})

/** Bytes that a reader by the written types skips as one text, and X's engine as a struct that is over at once, a text and
 * then `fields`: it knows `id` as a struct, whatever is written. The length of the text is the header of the second one. */
function disguised(id: number, fields: Uint8Array): Uint8Array {
  const length = 0x0b_00_63
  const bytes = new Uint8Array(7 + length)
  const view = new DataView(bytes.buffer)
  view.setUint8(0, 11)
  view.setInt16(1, id)
  view.setInt32(3, length)
  view.setInt32(7, length - 4 - fields.length)
  bytes.set(fields, bytes.length - fields.length)
  return bytes
}

test('X’s engine reads other lists out of a field that it knows by another type, so none such gets through', () => {
  const change = new StructWriter()
  const lists = new StructWriter()
  for (const [id, ids] of [
    [1, ['3']],
    [2, ['1', '2']],
    [3, ['1']],
  ] as const)
    change.texts(id, ids)
  for (const [id, ids] of [
    [1, ['3']],
    [2, ['1']],
    [3, ['2', '1']],
  ] as const)
    lists.texts(id, ids)
  change.text(6, '9')
  const [own, theirs] = [change, lists].map(writer => writer.finish().slice(0, -1)) as [Uint8Array, Uint8Array]
  const inner = Buffer.concat([own, disguised(12, theirs), Buffer.of(0)])
  const outer = new StructWriter()
  outer.struct(4, event => event.struct(1, union => union.encoded(5, inner)))
  const detail = outer.finish()
  expect(read(detail, value(payloads.memberAddPayload(signed, add)))).toMatchObject({
    verified: true,
    change: { member_ids: ['3'], current_member_ids: ['1'], current_admin_ids: ['2', '1'] },
  })
  expect(decodeDetail(encodeBase64(detail))).toEqual({ ok: false, error: 'field 12 is not known here' })
})
