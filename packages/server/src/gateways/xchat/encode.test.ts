import type { EventId, RoomId, UserId } from '@conclave/wire'
import { decodeDetailBytes, decodeMessageEvent, encodeBase64, encodeDetail, encodeMessageCreate } from '@conclave/wire'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { EventBody, RoomEvent, Signed } from '../../room/events.ts'
import { encodeEvent, isShown } from './encode.ts'

const id = fc.bigInt({ min: 2070276095283454002n, max: 2n ** 63n - 1n }).map(String)
const user = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }).map(String) as fc.Arbitrary<string> as fc.Arbitrary<UserId>
const users = fc.uniqueArray(user, { minLength: 1, maxLength: 8 })
const bytes = fc.uint8Array({ maxLength: 300 })
const words = fc.string({ unit: 'grapheme', maxLength: 40 })
const version = fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }).map(String)

const detail = fc.oneof(
  fc.record({ version, users }).map(({ version, users }) =>
    encodeDetail({
      kind: 'keyChange',
      event: {
        conversationKeyVersion: version,
        participantKeys: users.map(userId => ({ userId, encryptedConversationKey: 'AA==', publicKeyVersion: '1' })),
      },
    }),
  ),
  users.map(ids => encodeDetail({ kind: 'groupChange', change: { kind: 'adminAdd', ids } })),
  id.map(sequence => encodeDetail({ kind: 'messageDelete', event: { sequenceIds: [sequence], action: 2 } })),
)
const signed: fc.Arbitrary<Signed> = fc
  .record({ messageId: words, detail, signature: bytes, publicKeyVersion: version })
  .map(one => ({
    ...one,
    detail: encodeBase64(one.detail),
    signature: encodeBase64(one.signature),
    signatureVersion: '7',
  }))

const content = fc
  .record({ contents: bytes, version, token: fc.option(words) })
  .map(({ contents, version, token }) => ({
    suite: 'xchat' as const,
    createEvent: encodeBase64(encodeMessageCreate({ contents, conversationKeyVersion: version })),
    signature: encodeBase64(contents),
    publicKeyVersion: version,
    signatureVersion: '7',
    epoch: version,
    ...(token === null ? {} : { conversationToken: token }),
  }))

const body: fc.Arbitrary<EventBody> = fc.oneof(
  fc.record({ type: fc.constant('message' as const), messageId: words, content }),
  fc.record({ type: fc.constant('group.signed' as const), signed }),
  fc.record({ type: fc.constant('epoch.opened' as const), version, wraps: fc.constant([]), signed: fc.option(signed) }),
  fc.record({
    type: fc.constant('members.added' as const),
    users,
    reads: fc.constantFrom('rotation' as const, 'all' as const),
    signed: fc.option(signed),
    title: fc.option(words),
    avatar: fc.option(words),
  }),
  fc.record({
    type: fc.constant('members.removed' as const),
    users,
    how: fc.constantFrom('left' as const, 'kicked' as const, 'banned' as const, 'account' as const),
    reason: words,
    closes: fc.boolean(),
    signed: fc.option(signed),
  }),
  fc.record({
    type: fc.constant('room.retitled' as const),
    title: fc.option(words),
    avatar: fc.option(words),
    signed: fc.option(signed),
  }),
  fc.record({
    type: fc.constant('invite.enabled' as const),
    url: words,
    key: words,
    expiresAt: fc.constant(null),
    signed,
  }),
  fc.record({ type: fc.constant('invite.disabled' as const), signed }),
  fc.record({ type: fc.constant('join.requested' as const), user, signed }),
  fc.record({ type: fc.constant('join.rejected' as const), users, signed: fc.option(signed) }),
  fc.record({ type: fc.constant('acls.changed' as const), acls: fc.constant([]) }),
  fc.record({ type: fc.constant('room.removed' as const), reason: words }),
  fc.record({ type: fc.constant('sanction.lifted' as const), kind: fc.constant('ban' as const), user }),
  fc.record({
    type: fc.constant('message' as const),
    messageId: fc.option(words),
    content: fc.constant({ suite: 'none' as const, text: 'plain' }),
  }),
)

const event: fc.Arbitrary<RoomEvent> = fc.record({
  room: id as fc.Arbitrary<string> as fc.Arbitrary<RoomId>,
  sequence: fc.integer({ min: 1, max: 1e9 }),
  id: id as fc.Arbitrary<string> as fc.Arbitrary<EventId>,
  at: fc.integer({ min: 1_288_834_974_657, max: 3_000_000_000_000 }),
  actor: fc.option(user),
  body,
})

describe('an envelope', () => {
  test('holds every shown event so that X clients read it back, what was signed byte for byte', () => {
    fc.assert(
      fc.property(event, fc.option(id as fc.Arbitrary<string> as fc.Arbitrary<EventId>), (one, previous) => {
        const encoded = encodeEvent(one, 'g5', previous)
        expect(encoded !== undefined).toBe(isShown(one))
        if (!encoded) return
        const read = decodeMessageEvent(encoded.envelope)
        if (!read.ok) throw new Error(read.error)
        const { value } = read
        expect(value).toMatchObject({ sequenceId: one.id, conversationId: 'g5', createdAtMsec: String(one.at) })
        expect(value.senderId).toBe(one.actor ?? '0')
        expect(value.previousSequenceId).toBe(previous ?? undefined)
        expect(decodeDetailBytes(value.detail).ok).toBe(true)
        const given = 'signed' in one.body ? one.body.signed : null
        if (given) {
          expect(encodeBase64(value.detail)).toBe(given.detail)
          expect(value.signature).toMatchObject({
            signature: given.signature,
            publicKeyVersion: given.publicKeyVersion,
          })
        }
        if (one.body.type === 'message' && one.body.content.suite === 'xchat') {
          expect(value.messageId).toBe(one.body.messageId)
          expect(encodeBase64(value.detail.subarray(3, -1))).toBe(one.body.content.createEvent)
        }
      }),
      { numRuns: 500 },
    )
  })

  test('of a removal that nobody signed is built by the server, the same each time', () => {
    const one: RoomEvent = {
      room: '5' as RoomId,
      sequence: 4,
      id: '2070276095283454009' as EventId,
      at: 1_795_311_596_000,
      actor: null,
      body: { type: 'members.removed', users: ['7' as UserId], how: 'kicked', reason: '', closes: true, signed: null },
    }
    const encoded = encodeEvent(one, 'g5', null)!
    expect(encodeEvent(one, 'g5', null)).toEqual(encoded)
    const read = decodeMessageEvent(encoded.envelope)
    if (!read.ok) throw new Error(read.error)
    expect(read.value.signature).toBeUndefined()
    expect(decodeDetailBytes(read.value.detail)).toMatchObject({
      value: { kind: 'groupChange', change: { kind: 'memberRemove', ids: ['7'] } },
    })
  })

  test('is not made of what was erased', () => {
    const none: EventBody = {
      type: 'message',
      messageId: 'an-id',
      content: {
        suite: 'xchat',
        createEvent: '',
        signature: '',
        publicKeyVersion: '1',
        signatureVersion: '7',
        epoch: '1',
      },
    }
    expect(isShown({ body: none, erased: true })).toBe(false)
  })
})
