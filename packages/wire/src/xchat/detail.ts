/**
 * MessageEventDetail, the union inside X's envelope, and MessageCreateEvent (x-chat.md 4.1): the parts that clients sign
 * and a server reads. Decoding also gives the bytes, because those go into the envelope as they came: a client may have
 * written fields that are not read here, and its signature and other clients depend on them.
 */
import { decodeBase64 } from '../base64.ts'
import { type Decoded, undecodable } from '../decoded.ts'
import { XCHAT_MAX_DETAIL_BYTES, XCHAT_MAX_MESSAGE_BYTES } from '../limits.ts'
import { attempt } from '../malformed.ts'
import { decodeStruct, type ThriftLimits, type ThriftStruct } from '../thrift.ts'
import {
  binaryField,
  boolField,
  i32Field,
  i32sField,
  i64Field,
  onlyFields,
  required,
  structField,
  structsField,
  textField,
  textsField,
  unionField,
} from '../thrift-fields.ts'
import { StructWriter } from '../thrift-writer.ts'
import { type GroupChange, readGroupChange, writeGroupChange } from './group-change.ts'
import { type MetadataChange, readMetadataChange, writeMetadataChange } from './metadata-change.ts'

export type MessageCreateEvent = {
  /** Ciphertext, a view of the decoded bytes. */
  readonly contents: Uint8Array
  /** Absent means not encrypted, which neither X's SDK nor this server takes. */
  readonly conversationKeyVersion?: string | undefined
  readonly shouldNotify?: boolean | undefined
  /** Decimal. */
  readonly ttlMsec?: string | undefined
}

export type ParticipantKey = {
  readonly userId: string
  /** Base64 of the 113-byte wrap, as the client wrote it. */
  readonly encryptedConversationKey: string
  readonly publicKeyVersion: string
}

export type ConversationKeyChangeEvent = {
  readonly conversationKeyVersion: string
  readonly participantKeys: readonly ParticipantKey[]
  readonly forKeyRotation?: boolean | undefined
}

export const DELETE_FOR_SELF = 1
export const DELETE_FOR_ALL = 2

export type MessageDeleteEvent = {
  readonly sequenceIds: readonly string[]
  /** `DELETE_FOR_SELF` or `DELETE_FOR_ALL`; anything else is for the caller to refuse. */
  readonly action: number
}

/** The kinds that a server writes. */
export type WritableDetail =
  | { readonly kind: 'messageCreate'; readonly event: MessageCreateEvent }
  | { readonly kind: 'keyChange'; readonly event: ConversationKeyChangeEvent }
  | { readonly kind: 'groupChange'; readonly change: GroupChange; readonly forKeyRotation?: boolean | undefined }
  | { readonly kind: 'messageDelete'; readonly event: MessageDeleteEvent }
  | { readonly kind: 'metadataChange'; readonly change: MetadataChange }

/** `other`: a union member that is not read here; `field` is its number in the named union. */
export type MessageEventDetail =
  | WritableDetail
  | { readonly kind: 'other'; readonly union: Union; readonly field: number }

type Union = 'MessageEventDetail' | 'GroupChange' | 'ConversationMetadataChange'

/** What came, and its bytes to embed: exactly one struct, its final zero byte included. */
export type WithBytes<T> = { readonly value: T; readonly bytes: Uint8Array }

const MESSAGE_CREATE = 1
const KEY_CHANGE = 3
const GROUP_CHANGE = 4
const MESSAGE_DELETE = 7
const METADATA_CHANGE = 9

/** `encoded_message_event_detail` of an action signature. */
export function decodeDetail(base64: string): Decoded<WithBytes<MessageEventDetail>> {
  return fromBase64(base64, { maxBytes: XCHAT_MAX_DETAIL_BYTES }, readDetail)
}

/** The same from bytes, as field 7 of an envelope holds them. */
export function decodeDetailBytes(bytes: Uint8Array): Decoded<MessageEventDetail> {
  return read(bytes, { maxBytes: XCHAT_MAX_DETAIL_BYTES }, readDetail)
}

/** `encoded_message_create_event` of a message: the struct without the union around it. */
export function decodeMessageCreate(base64: string): Decoded<WithBytes<MessageCreateEvent>> {
  return fromBase64(base64, { maxBytes: XCHAT_MAX_MESSAGE_BYTES }, readMessageCreate)
}

/** Puts an encoded MessageCreateEvent, byte for byte, into a MessageEventDetail. `bytes` come from a decoder. */
export function wrapMessageCreate(bytes: Uint8Array): Uint8Array {
  const writer = new StructWriter()
  writer.encoded(MESSAGE_CREATE, bytes)
  return writer.finish()
}

export function encodeDetail(detail: WritableDetail): Uint8Array {
  const writer = new StructWriter()
  switch (detail.kind) {
    case 'messageCreate':
      writer.encoded(MESSAGE_CREATE, encodeMessageCreate(detail.event))
      break
    case 'keyChange':
      writer.struct(KEY_CHANGE, inner => writeKeyChange(inner, detail.event))
      break
    case 'groupChange':
      writer.struct(GROUP_CHANGE, inner => {
        inner.struct(1, union => writeGroupChange(union, detail.change))
        inner.bool(2, detail.forKeyRotation)
      })
      break
    case 'messageDelete':
      writer.struct(MESSAGE_DELETE, inner => {
        inner.texts(1, detail.event.sequenceIds)
        inner.i32(2, detail.event.action)
      })
      break
    case 'metadataChange':
      writer.struct(METADATA_CHANGE, inner => inner.struct(1, union => writeMetadataChange(union, detail.change)))
  }
  return writer.finish()
}

/** The struct without the union around it, as clients send it. */
export function encodeMessageCreate(event: MessageCreateEvent): Uint8Array {
  const writer = new StructWriter()
  writer.binary(100, event.contents)
  writer.text(101, event.conversationKeyVersion)
  writer.bool(102, event.shouldNotify)
  writer.i64(103, event.ttlMsec)
  return writer.finish()
}

function writeKeyChange(writer: StructWriter, event: ConversationKeyChangeEvent): void {
  writer.text(1, event.conversationKeyVersion)
  writer.structs(2, event.participantKeys, (inner, key) => {
    inner.text(1, key.userId)
    inner.text(2, key.encryptedConversationKey)
    inner.text(3, key.publicKeyVersion)
  })
  writer.bool(5, event.forKeyRotation)
}

function readDetail(struct: ThriftStruct): MessageEventDetail {
  const { id, value } = unionField(struct)
  switch (id) {
    case MESSAGE_CREATE:
      return { kind: 'messageCreate', event: readMessageCreate(value) }
    case KEY_CHANGE:
      return { kind: 'keyChange', event: readKeyChange(value) }
    case GROUP_CHANGE: {
      const change = readGroupChange(required('group_change', structField(onlyFields(value, 1, 2), 1)))
      if (typeof change === 'number') return { kind: 'other', union: 'GroupChange', field: change }
      return { kind: 'groupChange', change, forKeyRotation: boolField(value, 2) }
    }
    case MESSAGE_DELETE: {
      const action = required('action', i32Field(onlyFields(value, 1, 2), 2))
      return { kind: 'messageDelete', event: { sequenceIds: textsField(value, 1) ?? [], action } }
    }
    case METADATA_CHANGE: {
      const change = readMetadataChange(required('conversation_metadata_change', structField(onlyFields(value, 1), 1)))
      if (typeof change === 'number') return { kind: 'other', union: 'ConversationMetadataChange', field: change }
      return { kind: 'metadataChange', change }
    }
    default:
      return { kind: 'other', union: 'MessageEventDetail', field: id }
  }
}

/** The signed text of a message has one reading, so that fields that are not known here may stand in it. */
function readMessageCreate(struct: ThriftStruct): MessageCreateEvent {
  checkUnread(struct)
  return {
    contents: required('contents', binaryField(struct, 100)),
    conversationKeyVersion: textField(struct, 101),
    shouldNotify: boolField(struct, 102),
    ttlMsec: i64Field(struct, 103),
  }
}

/** What X's readers know of a message beside that must be what they take it for, or they could not read the message. */
function checkUnread(struct: ThriftStruct): void {
  i64Field(struct, 104)
  boolField(struct, 105)
  i32Field(struct, 106)
  i32sField(struct, 107)
  const franking = structField(struct, 108)
  boolField(struct, 109)
  if (!franking) return
  for (const tag of [1, 2]) binaryField(franking, tag)
  textsField(franking, 4)
}

function readKeyChange(struct: ThriftStruct): ConversationKeyChangeEvent {
  onlyFields(struct, 1, 2, 5)
  return {
    conversationKeyVersion: required('conversation_key_version', textField(struct, 1)),
    participantKeys: (structsField(struct, 2) ?? []).map(key => ({
      userId: required('user_id', textField(onlyFields(key, 1, 2, 3), 1)),
      encryptedConversationKey: required('encrypted_conversation_key', textField(key, 2)),
      publicKeyVersion: required('public_key_version', textField(key, 3)),
    })),
    forKeyRotation: boolField(struct, 5),
  }
}

function read<T>(bytes: Uint8Array, limits: ThriftLimits, from: (struct: ThriftStruct) => T): Decoded<T> {
  const struct = decodeStruct(bytes, limits)
  return struct.ok ? attempt(() => from(struct.value)) : struct
}

function fromBase64<T>(base64: string, limits: ThriftLimits, from: (struct: ThriftStruct) => T): Decoded<WithBytes<T>> {
  const bytes = decodeBase64(base64, limits.maxBytes)
  if (bytes === undefined) return undecodable('not base64, or too large')
  const value = read(bytes, limits, from)
  return value.ok ? { ok: true, value: { value: value.value, bytes } } : value
}
