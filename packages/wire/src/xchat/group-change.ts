/**
 * GroupChange, the union inside X's GroupChangeEvent (x-chat.md 4.1): what a server must read to judge a change of a
 * group. `undefined` means that the field is absent, which is signed as `null`; an absent list is an empty one.
 */
import type { ThriftStruct } from '../thrift.ts'
import {
  boolField,
  i64Field,
  onlyFields,
  required,
  structField,
  textField,
  textsField,
  unionField,
} from '../thrift-fields.ts'
import type { StructWriter } from '../thrift-writer.ts'

export type GroupCreate = {
  readonly kind: 'create'
  readonly memberIds: readonly string[]
  readonly adminIds: readonly string[]
  readonly title?: string | undefined
  readonly avatarUrl?: string | undefined
  readonly conversationKeyVersion: string
  readonly isLegacyGroupUpgrade?: boolean | undefined
  /** Decimal. */
  readonly ttlMsec?: string | undefined
}

export type GroupInviteEnable = {
  /** Decimal, ms since 1970. */
  readonly expiresAtMsec?: string | undefined
  readonly inviteUrl?: string | undefined
  readonly affiliateId?: string | undefined
}

export type GroupMemberAddChange = {
  readonly kind: 'memberAdd'
  /** The new ones; `currentMemberIds` are those from before. */
  readonly memberIds: readonly string[]
  readonly currentMemberIds: readonly string[]
  readonly currentAdminIds: readonly string[]
  readonly currentTitle?: string | undefined
  readonly currentAvatarUrl?: string | undefined
  readonly conversationKeyVersion: string
  /** Decimal. */
  readonly currentTtlMsec?: string | undefined
  readonly currentPendingMemberIds?: readonly string[] | undefined
  readonly screenCaptureBlockingEnabled?: boolean | undefined
  readonly groupInviteEnable?: GroupInviteEnable | undefined
}

/** `value` is the title or the avatar's URL, as a rule encrypted under the named key version. */
export type GroupTitleChange = {
  readonly kind: 'title' | 'avatar'
  readonly value?: string | undefined
  readonly conversationKeyVersion: string
}

/** `ids` are the admins or members that come or go, or those who are not let in. */
export type GroupIdsChange = {
  readonly kind: 'adminAdd' | 'adminRemove' | 'memberRemove' | 'joinReject'
  readonly ids: readonly string[]
}

/** A link by which others ask to be let in. Without its URL X's engine cannot verify it. */
export type GroupInviteEnableChange = Omit<GroupInviteEnable, 'inviteUrl'> & {
  readonly kind: 'inviteEnable'
  readonly inviteUrl: string
}

export type GroupInviteDisable = {
  readonly kind: 'inviteDisable'
  readonly disabledBy: string
}

export type GroupJoinRequest = {
  readonly kind: 'joinRequest'
  /** Who asks to be let in. */
  readonly userId: string
}

export type GroupChange =
  | GroupCreate
  | GroupMemberAddChange
  | GroupTitleChange
  | GroupIdsChange
  | GroupInviteEnableChange
  | GroupInviteDisable
  | GroupJoinRequest

const CREATE = 1
const MEMBER_ADD = 5
const INVITE_ENABLE = 8
const INVITE_DISABLE = 9
const JOIN_REQUEST = 10
const VALUE_KINDS = { title: 2, avatar: 3 } as const
const IDS_KINDS = { adminAdd: 4, adminRemove: 6, memberRemove: 7, joinReject: 11 } as const

/** The change, or the number of a union member that the server does not read. Throws `Malformed`. */
export function readGroupChange(union: ThriftStruct): GroupChange | number {
  const { id, value } = unionField(union)
  switch (id) {
    case CREATE:
      return readCreate(value)
    case MEMBER_ADD:
      return readMemberAdd(value)
    case VALUE_KINDS.title:
    case VALUE_KINDS.avatar:
      onlyFields(value, 1, 2)
      return {
        kind: id === VALUE_KINDS.title ? 'title' : 'avatar',
        value: textField(value, 1),
        conversationKeyVersion: required('conversation_key_version', textField(value, 2)),
      }
    case IDS_KINDS.adminAdd:
      return { kind: 'adminAdd', ids: textsField(onlyFields(value, 1), 1) ?? [] }
    case IDS_KINDS.adminRemove:
      return { kind: 'adminRemove', ids: textsField(onlyFields(value, 1), 1) ?? [] }
    case IDS_KINDS.memberRemove:
      return { kind: 'memberRemove', ids: textsField(onlyFields(value, 1), 1) ?? [] }
    case INVITE_ENABLE:
      return { ...readInvite(value), kind: 'inviteEnable', inviteUrl: required('invite_url', textField(value, 2)) }
    case INVITE_DISABLE:
      return { kind: 'inviteDisable', disabledBy: required('disabled_by', textField(onlyFields(value, 1), 1)) }
    case JOIN_REQUEST:
      return { kind: 'joinRequest', userId: required('requesting_user_id', textField(onlyFields(value, 1), 1)) }
    case IDS_KINDS.joinReject:
      return { kind: 'joinReject', ids: textsField(onlyFields(value, 1), 1) ?? [] }
    default:
      return id
  }
}

function readCreate(struct: ThriftStruct): GroupCreate {
  onlyFields(struct, 1, 2, 3, 4, 5, 6, 7)
  return {
    kind: 'create',
    memberIds: textsField(struct, 1) ?? [],
    adminIds: textsField(struct, 2) ?? [],
    title: textField(struct, 3),
    avatarUrl: textField(struct, 4),
    conversationKeyVersion: required('conversation_key_version', textField(struct, 5)),
    isLegacyGroupUpgrade: boolField(struct, 6),
    ttlMsec: i64Field(struct, 7),
  }
}

/** Without `admin_settings` (12): this server holds none, and they are not signed. */
function readMemberAdd(struct: ThriftStruct): GroupMemberAddChange {
  onlyFields(struct, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11)
  const invite = structField(struct, 11)
  return {
    kind: 'memberAdd',
    memberIds: textsField(struct, 1) ?? [],
    currentMemberIds: textsField(struct, 2) ?? [],
    currentAdminIds: textsField(struct, 3) ?? [],
    currentTitle: textField(struct, 4),
    currentAvatarUrl: textField(struct, 5),
    conversationKeyVersion: required('conversation_key_version', textField(struct, 6)),
    currentTtlMsec: i64Field(struct, 7),
    currentPendingMemberIds: textsField(struct, 8),
    screenCaptureBlockingEnabled: boolField(struct, 9),
    groupInviteEnable: invite && readInvite(invite),
  }
}

function readInvite(struct: ThriftStruct): GroupInviteEnable {
  onlyFields(struct, 1, 2, 3)
  return {
    expiresAtMsec: i64Field(struct, 1),
    inviteUrl: textField(struct, 2),
    affiliateId: textField(struct, 3),
  }
}

/** Writes the union's one field. */
export function writeGroupChange(writer: StructWriter, change: GroupChange): void {
  switch (change.kind) {
    case 'create':
      writer.struct(CREATE, inner => writeCreate(inner, change))
      break
    case 'memberAdd':
      writer.struct(MEMBER_ADD, inner => writeMemberAdd(inner, change))
      break
    case 'title':
    case 'avatar':
      writer.struct(VALUE_KINDS[change.kind], inner => {
        inner.text(1, change.value)
        inner.text(2, change.conversationKeyVersion)
      })
      break
    case 'inviteEnable':
      writer.struct(INVITE_ENABLE, inner => writeInvite(inner, change))
      break
    case 'inviteDisable':
      writer.struct(INVITE_DISABLE, inner => inner.text(1, change.disabledBy))
      break
    case 'joinRequest':
      writer.struct(JOIN_REQUEST, inner => inner.text(1, change.userId))
      break
    default:
      writer.struct(IDS_KINDS[change.kind], inner => inner.texts(1, change.ids))
  }
}

function writeCreate(writer: StructWriter, change: GroupCreate): void {
  writer.texts(1, change.memberIds)
  writer.texts(2, change.adminIds)
  writer.text(3, change.title)
  writer.text(4, change.avatarUrl)
  writer.text(5, change.conversationKeyVersion)
  writer.bool(6, change.isLegacyGroupUpgrade)
  writer.i64(7, change.ttlMsec)
}

function writeMemberAdd(writer: StructWriter, change: GroupMemberAddChange): void {
  writer.texts(1, change.memberIds)
  writer.texts(2, change.currentMemberIds)
  writer.texts(3, change.currentAdminIds)
  writer.text(4, change.currentTitle)
  writer.text(5, change.currentAvatarUrl)
  writer.text(6, change.conversationKeyVersion)
  writer.i64(7, change.currentTtlMsec)
  writer.texts(8, change.currentPendingMemberIds)
  writer.bool(9, change.screenCaptureBlockingEnabled)
  const invite = change.groupInviteEnable
  if (invite !== undefined) writer.struct(11, inner => writeInvite(inner, invite))
}

function writeInvite(writer: StructWriter, invite: GroupInviteEnable): void {
  writer.i64(1, invite.expiresAtMsec)
  writer.text(2, invite.inviteUrl)
  writer.text(3, invite.affiliateId)
}
