/**
 * ConversationMetadataChange, the union inside X's ConversationMetadataChangeEvent (x-chat.md 4.1): how long messages last,
 * and whether a conversation notifies. Screen capture is not read here.
 */
import type { ThriftStruct } from '../thrift.ts'
import { boolField, i64Field, onlyFields, required, textsField, unionField } from '../thrift-fields.ts'
import type { StructWriter } from '../thrift-writer.ts'

export type DurationChange = {
  readonly kind: 'durationChange'
  /** Decimal. */
  readonly ttlMsec: string
  /** For what was sent before, too. Not signed. */
  readonly applyToAll?: boolean | undefined
}

export type DurationRemove = { readonly kind: 'durationRemove' }

export type MuteChange = {
  readonly kind: 'mute' | 'unmute'
  /** Conversations, in the form that is signed. */
  readonly ids: readonly string[]
}

export type MetadataChange = DurationChange | DurationRemove | MuteChange

const DURATION_CHANGE = 1
const DURATION_REMOVE = 2
const MUTE_KINDS = { mute: 3, unmute: 4 } as const

/** The change, or the number of a union member that the server does not read. Throws `Malformed`. */
export function readMetadataChange(union: ThriftStruct): MetadataChange | number {
  const { id, value } = unionField(union)
  switch (id) {
    case DURATION_CHANGE: {
      const ttlMsec = required('ttl_msec', i64Field(onlyFields(value, 1, 2), 1))
      return { kind: 'durationChange', ttlMsec, applyToAll: boolField(value, 2) }
    }
    case DURATION_REMOVE:
      onlyFields(value)
      return { kind: 'durationRemove' }
    case MUTE_KINDS.mute:
      return { kind: 'mute', ids: textsField(onlyFields(value, 1), 1) ?? [] }
    case MUTE_KINDS.unmute:
      return { kind: 'unmute', ids: textsField(onlyFields(value, 1), 1) ?? [] }
    default:
      return id
  }
}

/** Writes the union's one field. */
export function writeMetadataChange(writer: StructWriter, change: MetadataChange): void {
  switch (change.kind) {
    case 'durationChange':
      writer.struct(DURATION_CHANGE, inner => {
        inner.i64(1, change.ttlMsec)
        inner.bool(2, change.applyToAll)
      })
      break
    case 'durationRemove':
      writer.struct(DURATION_REMOVE, () => {})
      break
    default:
      writer.struct(MUTE_KINDS[change.kind], inner => inner.texts(1, change.ids))
  }
}
