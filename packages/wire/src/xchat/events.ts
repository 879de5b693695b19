/**
 * MessageEvent, the envelope that the server builds around what a client signed, and MessageEventSignature (x-chat.md
 * 4.1). X's clients decrypt this envelope and verify the signature over its ids, so `conversationId` must be the
 * canonical form (colon or `g`), and `detail` goes in byte for byte.
 */
import { decodeBase64, encodeBase64 } from '../base64.ts'
import { type Decoded, undecodable } from '../decoded.ts'
import { XCHAT_MAX_EVENT_BYTES, XCHAT_MAX_SIGNATURE_BYTES } from '../limits.ts'
import { attempt } from '../malformed.ts'
import { decodeStruct, type ThriftStruct } from '../thrift.ts'
import { boolField, i32Field, required, structField, structsField, textField } from '../thrift-fields.ts'
import { StructWriter } from '../thrift-writer.ts'

export {
  type ConversationKeyChangeEvent,
  DELETE_FOR_ALL,
  DELETE_FOR_SELF,
  decodeDetail,
  decodeDetailBytes,
  decodeMessageCreate,
  encodeDetail,
  encodeMessageCreate,
  type MessageCreateEvent,
  type MessageDeleteEvent,
  type MessageEventDetail,
  type ParticipantKey,
  type WithBytes,
  type WritableDetail,
  wrapMessageCreate,
} from './detail.ts'
export type {
  GroupChange,
  GroupCreate,
  GroupIdsChange,
  GroupInviteDisable,
  GroupInviteEnable,
  GroupInviteEnableChange,
  GroupJoinRequest,
  GroupMemberAddChange,
  GroupTitleChange,
} from './group-change.ts'
export type { DurationChange, DurationRemove, MetadataChange, MuteChange } from './metadata-change.ts'

export type MessageSigningKeyInfo = {
  readonly memberId?: string | undefined
  readonly publicKeyVersion?: string | undefined
  readonly signingPublicKey?: string | undefined
}

export type MessageEventSignature = {
  /** Base64 of 64 bytes, r and s, as a rule without padding. */
  readonly signature: string
  readonly publicKeyVersion: string
  /** Absent counts as 7. */
  readonly signatureVersion?: string | undefined
  /** In whatever form the client sent; nobody verifies with it. */
  readonly signingPublicKey?: string | undefined
  readonly signingKeyInfos?: readonly MessageSigningKeyInfo[] | undefined
}

export const RELAY_LIVE_FANOUT = 0
export const RELAY_MESSAGE_PULL = 1

export type MessageEvent = {
  readonly sequenceId: string
  readonly messageId: string
  readonly senderId: string
  /** `min:max` or `g…`: it is inside the signed text. */
  readonly conversationId: string
  readonly conversationToken?: string | undefined
  /** Decimal text, ms since 1970. */
  readonly createdAtMsec: string
  /** One encoded MessageEventDetail, verbatim. */
  readonly detail: Uint8Array
  /** `RELAY_…`; 2 is a legacy fan-out, 3 a rebound event. */
  readonly relaySource?: number | undefined
  readonly signature?: MessageEventSignature | undefined
  readonly previousSequenceId?: string | undefined
  readonly isTrusted?: boolean | undefined
}

/** Padded base64, as `encoded_event` holds it. */
export function encodeMessageEvent(event: MessageEvent): string {
  const writer = new StructWriter(event.detail.length + 1024)
  writer.text(1, event.sequenceId)
  writer.text(2, event.messageId)
  writer.text(3, event.senderId)
  writer.text(4, event.conversationId)
  writer.text(5, event.conversationToken)
  writer.text(6, event.createdAtMsec)
  writer.encoded(7, event.detail)
  writer.i32(8, event.relaySource)
  const signature = event.signature
  if (signature !== undefined) writer.struct(9, inner => writeSignature(inner, signature))
  writer.text(10, event.previousSequenceId)
  writer.bool(11, event.isTrusted)
  return encodeBase64(writer.finish())
}

export function decodeMessageEvent(base64: string): Decoded<MessageEvent> {
  const bytes = decodeBase64(base64, XCHAT_MAX_EVENT_BYTES)
  if (bytes === undefined) return undecodable('not base64, or too large')
  const struct = decodeStruct(bytes, { maxBytes: XCHAT_MAX_EVENT_BYTES })
  return struct.ok ? attempt(() => readMessageEvent(struct.value, bytes)) : struct
}

/** `encoded_message_event_signature` of a message. */
export function decodeEventSignature(base64: string): Decoded<MessageEventSignature> {
  const bytes = decodeBase64(base64, XCHAT_MAX_SIGNATURE_BYTES)
  if (bytes === undefined) return undecodable('not base64, or too large')
  const struct = decodeStruct(bytes, { maxBytes: XCHAT_MAX_SIGNATURE_BYTES })
  return struct.ok ? attempt(() => readSignature(struct.value)) : struct
}

/** The struct alone, padded base64. */
export function encodeEventSignature(signature: MessageEventSignature): string {
  const writer = new StructWriter()
  writeSignature(writer, signature)
  return encodeBase64(writer.finish())
}

function readMessageEvent(struct: ThriftStruct, bytes: Uint8Array): MessageEvent {
  const detail = required('detail', structField(struct, 7))
  const signature = structField(struct, 9)
  return {
    sequenceId: required('sequence_id', textField(struct, 1)),
    messageId: required('message_id', textField(struct, 2)),
    senderId: required('sender_id', textField(struct, 3)),
    conversationId: required('conversation_id', textField(struct, 4)),
    conversationToken: textField(struct, 5),
    createdAtMsec: required('created_at_msec', textField(struct, 6)),
    detail: bytes.subarray(detail.start, detail.end),
    relaySource: i32Field(struct, 8),
    signature: signature && readSignature(signature),
    previousSequenceId: textField(struct, 10),
    isTrusted: boolField(struct, 11),
  }
}

function readSignature(struct: ThriftStruct): MessageEventSignature {
  return {
    signature: required('signature', textField(struct, 1)),
    publicKeyVersion: required('public_key_version', textField(struct, 2)),
    signatureVersion: textField(struct, 3),
    signingPublicKey: textField(struct, 4),
    signingKeyInfos: structsField(struct, 5)?.map(info => ({
      memberId: textField(info, 1),
      publicKeyVersion: textField(info, 2),
      signingPublicKey: textField(info, 3),
    })),
  }
}

function writeSignature(writer: StructWriter, signature: MessageEventSignature): void {
  writer.text(1, signature.signature)
  writer.text(2, signature.publicKeyVersion)
  writer.text(3, signature.signatureVersion)
  writer.text(4, signature.signingPublicKey)
  writer.structs(5, signature.signingKeyInfos, (inner, info) => {
    inner.text(1, info.memberId)
    inner.text(2, info.publicKeyVersion)
    inner.text(3, info.signingPublicKey)
  })
}
