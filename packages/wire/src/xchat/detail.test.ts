// Details and envelopes as values: what is written is read back, what is read is embedded byte for byte, and what two
// readers could understand differently is refused.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeBase64 } from '../base64.ts'
import { StructWriter } from '../thrift-writer.ts'
import { decodeDetail, decodeDetailBytes, encodeDetail, type WritableDetail, wrapMessageCreate } from './detail.ts'
import { decodeMessageCreate, decodeMessageEvent, encodeMessageEvent } from './events.ts'

const text = fc.string({ unit: 'grapheme', maxLength: 20 })
const id = fc.bigInt(0n, 2n ** 63n - 1n).map(String)
const ids = fc.array(id, { maxLength: 5 })
const i64 = fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n).map(String)
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })

const change = fc.oneof(
  fc.record({
    kind: fc.constant('create' as const),
    memberIds: ids,
    adminIds: ids,
    title: maybe(text),
    avatarUrl: maybe(text),
    conversationKeyVersion: id,
    isLegacyGroupUpgrade: maybe(fc.boolean()),
    ttlMsec: maybe(i64),
  }),
  fc.record({
    kind: fc.constant('memberAdd' as const),
    memberIds: ids,
    currentMemberIds: ids,
    currentAdminIds: ids,
    currentTitle: maybe(text),
    currentAvatarUrl: maybe(text),
    conversationKeyVersion: id,
    currentTtlMsec: maybe(i64),
    currentPendingMemberIds: maybe(ids),
    screenCaptureBlockingEnabled: maybe(fc.boolean()),
    groupInviteEnable: maybe(
      fc.record({ expiresAtMsec: maybe(i64), inviteUrl: maybe(text), affiliateId: maybe(text) }),
    ),
  }),
  fc.record({
    kind: fc.constantFrom('title' as const, 'avatar' as const),
    value: maybe(text),
    conversationKeyVersion: id,
  }),
  fc.record({
    kind: fc.constantFrom('adminAdd' as const, 'adminRemove' as const, 'memberRemove' as const, 'joinReject' as const),
    ids,
  }),
  fc.record({
    kind: fc.constant('inviteEnable' as const),
    expiresAtMsec: maybe(i64),
    inviteUrl: text,
    affiliateId: maybe(text),
  }),
  fc.record({ kind: fc.constant('inviteDisable' as const), disabledBy: id }),
  fc.record({ kind: fc.constant('joinRequest' as const), userId: id }),
)

const metadataChange = fc.oneof(
  fc.record({ kind: fc.constant('durationChange' as const), ttlMsec: i64, applyToAll: maybe(fc.boolean()) }),
  fc.record({ kind: fc.constant('durationRemove' as const) }),
  fc.record({ kind: fc.constantFrom('mute' as const, 'unmute' as const), ids }),
)

const anyDetail: fc.Arbitrary<WritableDetail> = fc.oneof(
  fc.record({
    kind: fc.constant('messageCreate' as const),
    event: fc.record({
      contents: fc.uint8Array({ maxLength: 200 }),
      conversationKeyVersion: maybe(id),
      shouldNotify: maybe(fc.boolean()),
      ttlMsec: maybe(i64),
    }),
  }),
  fc.record({
    kind: fc.constant('keyChange' as const),
    event: fc.record({
      conversationKeyVersion: id,
      participantKeys: fc.array(fc.record({ userId: id, encryptedConversationKey: text, publicKeyVersion: id }), {
        maxLength: 4,
      }),
      forKeyRotation: maybe(fc.boolean()),
    }),
  }),
  fc.record({ kind: fc.constant('groupChange' as const), change, forKeyRotation: maybe(fc.boolean()) }),
  fc.record({
    kind: fc.constant('messageDelete' as const),
    event: fc.record({ sequenceIds: ids, action: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }) }),
  }),
  fc.record({ kind: fc.constant('metadataChange' as const), change: metadataChange }),
)

/** One union with one member that holds whatever `write` puts there. */
function union(field: number, write: (writer: StructWriter) => void): string {
  const writer = new StructWriter()
  writer.struct(field, write)
  return encodeBase64(writer.finish())
}

describe('details', () => {
  test('are read as they were written, with their bytes', () => {
    fc.assert(
      fc.property(anyDetail, detail => {
        const bytes = encodeDetail(detail)
        expect(decodeDetail(encodeBase64(bytes))).toEqual({ ok: true, value: { value: detail, bytes } })
        expect(decodeDetailBytes(bytes)).toEqual({ ok: true, value: detail })
      }),
    )
  })

  test.each([5, 6, 8, 10, 12, 13, 14, 99])('member %i of the union is named, not read', field => {
    const answer = decodeDetail(union(field, writer => writer.text(1, 'x')))
    expect(answer.ok && answer.value.value).toEqual({ kind: 'other', union: 'MessageEventDetail', field })
  })

  test.each([12, 13])('group change %i is named, not read', field => {
    const answer = decodeDetail(union(4, writer => writer.struct(1, inner => inner.struct(field, () => {}))))
    expect(answer.ok && answer.value.value).toEqual({ kind: 'other', union: 'GroupChange', field })
  })

  test.each([5, 6, 7, 8, 9])('metadata change %i is named, not read', field => {
    const answer = decodeDetail(union(9, writer => writer.struct(1, inner => inner.struct(field, () => {}))))
    expect(answer.ok && answer.value.value).toEqual({ kind: 'other', union: 'ConversationMetadataChange', field })
  })

  test.each([
    ['no lifetime in its change', union(9, w => w.struct(1, x => x.struct(1, () => {}))), 'ttl_msec is missing'],
    ['a metadata change of nothing', union(9, () => {}), 'conversation_metadata_change is missing'],
    [
      'no version in a key change',
      union(3, writer => writer.texts(2, undefined)),
      'conversation_key_version is missing',
    ],
    ['no URL in an invite', union(4, w => w.struct(1, x => x.struct(8, () => {}))), 'invite_url is missing'],
    ['nobody who ends an invite', union(4, w => w.struct(1, x => x.struct(9, () => {}))), 'disabled_by is missing'],
    [
      'nobody who asks to join',
      union(4, w => w.struct(1, x => x.struct(10, () => {}))),
      'requesting_user_id is missing',
    ],
    ['no action in a deletion', union(7, writer => writer.texts(1, ['5'])), 'action is missing'],
    ['a version that is a number', union(3, writer => writer.i64(1, '9')), 'field 1 has the wrong type'],
    [
      'wraps that are texts',
      union(3, writer => {
        writer.text(1, '9')
        writer.texts(2, ['x'])
      }),
      'field 2 has the wrong type',
    ],
    ['an empty union', encodeBase64(new Uint8Array([0])), 'a union does not have exactly one field'],
  ])('%s is refused by name', (_name, base64, error) => {
    expect(decodeDetail(base64)).toEqual({ ok: false, error })
  })

  test('two members in one union are refused: one reader would take the first, another the last', () => {
    const writer = new StructWriter()
    writer.struct(3, inner => inner.text(1, '9'))
    writer.struct(7, inner => inner.i32(2, 2))
    expect(decodeDetail(encodeBase64(writer.finish())).ok).toBe(false)
  })

  /** Writes a right struct, and `more` into it. */
  type Place = (writer: StructWriter, more: (inner: StructWriter) => void) => void
  const inUnion =
    (kind: number, fill: (inner: StructWriter) => void): Place =>
    (writer, more) =>
      writer.struct(1, change =>
        change.struct(kind, inner => {
          fill(inner)
          more(inner)
        }),
      )
  const places: readonly (readonly [string, number, Place])[] = [
    ['a key change', 3, (writer, more) => [writer.text(1, '9'), more(writer)]],
    [
      'a wrap',
      3,
      (writer, more) => {
        writer.text(1, '9')
        writer.structs(2, ['x'], (inner, text) => {
          for (const id of [1, 2, 3]) inner.text(id, text)
          more(inner)
        })
      },
    ],
    ['a group change', 4, (writer, more) => [inUnion(4, () => {})(writer, () => {}), more(writer)]],
    ['a creation', 4, inUnion(1, inner => inner.text(5, '9'))],
    ['a title', 4, inUnion(2, inner => inner.text(2, '9'))],
    ['an avatar', 4, inUnion(3, inner => inner.text(2, '9'))],
    ['new admins', 4, inUnion(4, () => {})],
    ['new members', 4, inUnion(5, inner => inner.text(6, '9'))],
    [
      'an invite',
      4,
      (writer, more) => inUnion(5, inner => [inner.text(6, '9'), inner.struct(11, more)])(writer, () => {}),
    ],
    ['admins no more', 4, inUnion(6, () => {})],
    ['a removal', 4, inUnion(7, () => {})],
    ['a new invite', 4, inUnion(8, inner => inner.text(2, 'u'))],
    ['an invite no more', 4, inUnion(9, inner => inner.text(1, '1'))],
    ['a request to join', 4, inUnion(10, inner => inner.text(1, '1'))],
    ['requests rejected', 4, inUnion(11, () => {})],
    ['a deletion', 7, (writer, more) => [writer.i32(2, 2), more(writer)]],
    ['a lifetime', 9, inUnion(1, inner => inner.i64(1, '9'))],
    ['no lifetime', 9, inUnion(2, () => {})],
    ['a mute', 9, inUnion(3, () => {})],
    ['no mute', 9, inUnion(4, () => {})],
    ['a metadata change', 9, (writer, more) => [inUnion(2, () => {})(writer, () => {}), more(writer)]],
  ]
  test.each(places)(
    '%s with a field that is not known here is refused, as X’s readers may know it',
    (_, field, write) => {
      expect(decodeDetail(union(field, writer => write(writer, () => {}))).ok).toBe(true)
      const foreign = union(field, writer => write(writer, inner => inner.text(12, 'x')))
      expect(decodeDetail(foreign)).toEqual({ ok: false, error: 'field 12 is not known here' })
    },
  )

  test.each([
    [104, (writer: StructWriter) => writer.text(104, 'x')],
    [105, (writer: StructWriter) => writer.i32(105, 1)],
    [106, (writer: StructWriter) => writer.bool(106, true)],
    [107, (writer: StructWriter) => writer.texts(107, ['x'])],
    [108, (writer: StructWriter) => writer.text(108, 'x')],
    [1, (writer: StructWriter) => writer.struct(108, inner => inner.i32(1, 1))],
    [4, (writer: StructWriter) => writer.struct(108, inner => inner.text(4, 'x'))],
    [109, (writer: StructWriter) => writer.text(109, 'x')],
  ])('field %i of a message that is not what X’s readers take it for is refused', (field, write) => {
    const writer = new StructWriter()
    writer.binary(100, new Uint8Array([1]))
    write(writer)
    const error = `field ${field} has the wrong type`
    expect(decodeMessageCreate(encodeBase64(writer.finish()))).toEqual({ ok: false, error })
  })

  test('a text that is not UTF-8 is refused', () => {
    const base64 = union(3, writer => writer.binary(1, new Uint8Array([0xff])))
    expect(decodeDetail(base64)).toEqual({ ok: false, error: 'a text is not UTF-8' })
  })
})

describe('envelopes', () => {
  const signature = fc.record({
    signature: text,
    publicKeyVersion: id,
    signatureVersion: maybe(id),
    signingPublicKey: maybe(text),
    signingKeyInfos: maybe(
      fc.array(fc.record({ memberId: maybe(id), publicKeyVersion: maybe(id), signingPublicKey: maybe(text) }), {
        maxLength: 3,
      }),
    ),
  })
  const event = fc.record({
    sequenceId: id,
    messageId: text,
    senderId: id,
    conversationId: text,
    conversationToken: maybe(text),
    createdAtMsec: id,
    detail: anyDetail.map(encodeDetail),
    relaySource: maybe(fc.integer({ min: 0, max: 3 })),
    signature: maybe(signature),
    previousSequenceId: maybe(id),
    isTrusted: maybe(fc.boolean()),
  })

  test('are read as they were written', () => {
    fc.assert(
      fc.property(event, given => {
        expect(decodeMessageEvent(encodeMessageEvent(given))).toEqual({ ok: true, value: given })
      }),
    )
  })

  test('carry what the client wrote byte for byte, fields that nobody here knows included', () => {
    const writer = new StructWriter()
    writer.text(120, 'a field out of order')
    writer.binary(100, new Uint8Array([1, 2, 3]))
    writer.i64(999, '-1')
    const base64 = encodeBase64(writer.finish())
    const created = decodeMessageCreate(base64)
    if (!created.ok) throw new Error(created.error)
    const detail = wrapMessageCreate(created.value.bytes)
    const envelope = encodeMessageEvent({
      sequenceId: '1',
      messageId: 'm',
      senderId: '2',
      conversationId: '2:3',
      createdAtMsec: '4',
      detail,
    })
    const read = decodeMessageEvent(envelope)
    expect(read.ok && read.value.detail).toEqual(detail)
    expect(Buffer.from(detail).includes(Buffer.from(base64, 'base64'))).toBe(true)
    const again = decodeDetailBytes(detail)
    expect(again.ok && again.value.kind === 'messageCreate' && again.value.event).toEqual(created.value.value)
  })
})
