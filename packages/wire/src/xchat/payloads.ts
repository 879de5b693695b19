/**
 * The texts that X's clients sign (x-chat.md 5.4), signature version 7, the only one that the server accepts. Components
 * are joined with commas and nothing is escaped, so a component with a comma in it makes the whole not signable. Lists
 * and values stand exactly as in the decoded detail: absent is `null`, the order of ids is the client's.
 */
import { encodeBase64NoPad } from '../base64.ts'
import { type Decoded, decoded, undecodable } from '../decoded.ts'
import type { ConversationKeyChangeEvent, MessageCreateEvent, MessageDeleteEvent } from './detail.ts'
import type {
  GroupChange,
  GroupCreate,
  GroupIdsChange,
  GroupInviteDisable,
  GroupInviteEnableChange,
  GroupJoinRequest,
  GroupMemberAddChange,
  GroupTitleChange,
} from './group-change.ts'
import type { MetadataChange } from './metadata-change.ts'

/** The newest version, and the one that an absent version stands for. */
export const SIGNATURE_VERSION = '7'

/** The ids around every signed text; `conversationId` in the canonical form (`min:max` or `g…`). */
export type Signed = { readonly messageId: string; readonly senderId: string; readonly conversationId: string }

type Component = string | boolean | undefined

/** Refused without a key version: an unencrypted message cannot be signed. */
export function messageCreatePayload(signed: Signed, event: MessageCreateEvent): Decoded<string> {
  if (event.conversationKeyVersion === undefined) return undecodable('no conversation key version')
  const contents = encodeBase64NoPad(event.contents)
  return join('MessageCreateEvent', signed, [signed.conversationId, event.conversationKeyVersion, contents])
}

/** `conversationKey` is the plaintext key, so that only members can verify this one. */
export function keyChangePayload(
  signed: Signed,
  event: ConversationKeyChangeEvent,
  conversationKey: Uint8Array,
): Decoded<string> {
  const key = encodeBase64NoPad(conversationKey)
  return join('ConversationKeyChangeEvent', signed, [signed.conversationId, event.conversationKeyVersion, key])
}

export function groupChangePayload(signed: Signed, change: GroupChange): Decoded<string> {
  switch (change.kind) {
    case 'create':
      return groupCreatePayload(signed, change)
    case 'memberAdd':
      return memberAddPayload(signed, change)
    case 'memberRemove':
      return memberRemovePayload(signed, change)
    case 'adminAdd':
      return adminAddPayload(signed, change)
    case 'adminRemove':
      return adminRemovePayload(signed, change)
    case 'title':
      return titlePayload(signed, change)
    case 'avatar':
      return avatarPayload(signed, change)
    case 'inviteEnable':
      return inviteEnablePayload(signed, change)
    case 'inviteDisable':
      return inviteDisablePayload(signed, change)
    case 'joinRequest':
      return joinRequestPayload(signed, change)
    case 'joinReject':
      return joinRejectPayload(signed, change)
  }
}

/** Neither the conversation id, the admins nor the lifetime are signed. */
export function groupCreatePayload(signed: Signed, change: GroupCreate): Decoded<string> {
  const { conversationKeyVersion, memberIds, isLegacyGroupUpgrade, title, avatarUrl } = change
  return joinGroup('GroupCreate', signed, [
    conversationKeyVersion,
    ...memberIds,
    isLegacyGroupUpgrade,
    title,
    avatarUrl,
  ])
}

/** New, current and admin ids stand in one row without a mark between them: compare each list with the roster. */
export function memberAddPayload(signed: Signed, change: GroupMemberAddChange): Decoded<string> {
  const invite = change.groupInviteEnable
  return joinGroup('GroupMemberAddChange', signed, [
    signed.conversationId,
    ...change.memberIds,
    ...change.currentMemberIds,
    ...change.currentAdminIds,
    change.currentTitle,
    change.currentAvatarUrl,
    change.currentTtlMsec,
    change.conversationKeyVersion,
    change.screenCaptureBlockingEnabled,
    ...(invite === undefined ? [] : [invite.inviteUrl, invite.affiliateId, invite.expiresAtMsec]),
  ])
}

export function memberRemovePayload(signed: Signed, change: GroupIdsChange): Decoded<string> {
  return joinGroup('GroupMemberRemoveChange', signed, [signed.conversationId, ...change.ids])
}

export function adminAddPayload(signed: Signed, change: GroupIdsChange): Decoded<string> {
  return joinGroup('GroupAdminAddChange', signed, [signed.conversationId, ...change.ids])
}

export function adminRemovePayload(signed: Signed, change: GroupIdsChange): Decoded<string> {
  return joinGroup('GroupAdminRemoveChange', signed, [signed.conversationId, ...change.ids])
}

/** An absent title is the empty text here, not `null`. */
export function titlePayload(signed: Signed, change: GroupTitleChange): Decoded<string> {
  const { conversationKeyVersion, value = '' } = change
  return joinGroup('GroupTitleChange', signed, [signed.conversationId, conversationKeyVersion, value])
}

/** An absent URL is the empty text here, not `null`. */
export function avatarPayload(signed: Signed, change: GroupTitleChange): Decoded<string> {
  const { conversationKeyVersion, value = '' } = change
  return joinGroup('GroupAvatarUrlChange', signed, [signed.conversationId, conversationKeyVersion, value])
}

/** The affiliate last, other than in an addition that names the invite. */
export function inviteEnablePayload(signed: Signed, change: GroupInviteEnableChange): Decoded<string> {
  const { inviteUrl, expiresAtMsec, affiliateId } = change
  return joinGroup('GroupInviteEnable', signed, [signed.conversationId, inviteUrl, expiresAtMsec, affiliateId])
}

export function inviteDisablePayload(signed: Signed, change: GroupInviteDisable): Decoded<string> {
  return joinGroup('GroupInviteDisable', signed, [signed.conversationId, change.disabledBy])
}

/** By which link somebody asks is not signed. */
export function joinRequestPayload(signed: Signed, change: GroupJoinRequest): Decoded<string> {
  return joinGroup('GroupJoinRequest', signed, [signed.conversationId, change.userId])
}

export function joinRejectPayload(signed: Signed, change: GroupIdsChange): Decoded<string> {
  return joinGroup('GroupJoinReject', signed, [signed.conversationId, ...change.ids])
}

export function messageDeletePayload(signed: Signed, event: MessageDeleteEvent): Decoded<string> {
  return join('MessageDeleteEvent', signed, [signed.conversationId, String(event.action), ...event.sequenceIds])
}

/** Whether it is for all messages is not signed. */
export function metadataPayload(signed: Signed, change: MetadataChange): Decoded<string> {
  const { conversationId } = signed
  switch (change.kind) {
    case 'durationChange':
      return joinMetadata('MessageDurationChange', signed, [conversationId, change.ttlMsec])
    case 'durationRemove':
      return joinMetadata('MessageDurationRemove', signed, [conversationId])
    case 'mute':
      return joinMetadata('MuteConversation', signed, [conversationId, ...change.ids])
    case 'unmute':
      return joinMetadata('UnmuteConversation', signed, [conversationId, ...change.ids])
  }
}

function joinMetadata(change: string, signed: Signed, components: readonly Component[]): Decoded<string> {
  return join(`ConversationMetadataChangeEvent.${change}`, signed, components)
}

function joinGroup(change: string, signed: Signed, components: readonly Component[]): Decoded<string> {
  return join(`GroupChangeEvent.${change}`, signed, components)
}

function join(name: string, signed: Signed, components: readonly Component[]): Decoded<string> {
  const texts = [name, signed.messageId, signed.senderId, ...components.map(each => String(each ?? null))]
  const text = texts.join(',')
  let commas = 0
  for (let at = text.indexOf(','); at >= 0; at = text.indexOf(',', at + 1)) commas++
  return commas === texts.length - 1 ? decoded(text) : undecodable('a signed component contains a comma')
}
