// X's requests made without X's SDK, so that each part can be made wrong on its own (x-chat.md 3 to 5), and so that
// one for a thousand members does not take seconds.
import {
  createCipheriv,
  createECDH,
  createHash,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  randomUUID,
  sign,
} from 'node:crypto'
import type { GroupChange, MessageEventDetail, MetadataChange } from '@conclave/wire'
import {
  encodeBase64,
  encodeDetail,
  encodeEventSignature,
  encodeMessageCreate,
  groupChangePayload,
  keyChangePayload,
  messageCreatePayload,
  messageDeletePayload,
  metadataPayload,
} from '@conclave/wire'
import { ask } from './http.ts'
import { tokenOf } from './start.ts'

export interface Hand {
  readonly id: string
  readonly version: string
  readonly identity: KeyObject
  readonly signing: KeyObject
  /** Base64 SPKI. */
  readonly identityKey: string
  readonly signingKey: string
  /** The identity key's point, 65 bytes. */
  readonly point: Buffer
}

export function makeHand(id: string, version: string): Hand {
  const identity = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const signing = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const spki = identity.publicKey.export({ format: 'der', type: 'spki' })
  return {
    id,
    version,
    identity: identity.privateKey,
    signing: signing.privateKey,
    identityKey: spki.toString('base64'),
    signingKey: signing.publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
    point: spki.subarray(26),
  }
}

function signed(key: KeyObject, data: Buffer | string): string {
  return sign('sha256', Buffer.from(data as string), { key, dsaEncoding: 'ieee-p1363' }).toString('base64')
}

/** The body of `POST …/public_keys`. */
export function registration(hand: Hand) {
  return {
    public_key: {
      public_key: hand.identityKey,
      signing_public_key: hand.signingKey,
      identity_public_key_signature: signed(hand.signing, Buffer.from(hand.identityKey, 'base64')),
      signing_public_key_signature: signed(hand.identity, Buffer.from(hand.signingKey, 'base64')),
      public_key_fingerprint: createHash('sha256').update(Buffer.from(hand.identityKey, 'base64')).digest('base64url'),
      registration_method: 'CustomPin',
    },
    version: hand.version,
    generate_version: false,
  }
}

let lastVersion = 0
/** A key version that is newer than every one given before. */
export function nextVersion(): string {
  lastVersion = Math.max(Date.now(), lastVersion + 1)
  return String(lastVersion)
}

/** Registers fresh keys for a user of the world. */
export async function enroll(url: string, id: string): Promise<Hand> {
  const hand = makeHand(id, nextVersion())
  const answer = await ask(url, tokenOf(id), 'POST', `/2/users/${id}/public_keys`, { body: registration(hand) })
  if (answer.status !== 200) throw new Error(`${id} could not register: ${answer.text}`)
  return hand
}

/** ECIES as X's clients do it (x-chat.md 5.2): 113 bytes. */
export function wrap(key: Uint8Array, hand: Hand): string {
  const ephemeral = createECDH('prime256v1')
  const point = ephemeral.generateKeys()
  const shared = ephemeral.computeSecret(hand.point)
  const derived = createHash('sha256')
    .update(shared)
    .update(Buffer.from([0, 0, 0, 1]))
    .update(point)
    .digest()
  const cipher = createCipheriv('aes-128-gcm', derived.subarray(0, 16), derived.subarray(16, 32))
  const sealed = Buffer.concat([cipher.update(key), cipher.final(), cipher.getAuthTag()])
  return Buffer.concat([point, sealed]).toString('base64')
}

export interface ParticipantKey {
  user_id: string
  encrypted_conversation_key: string
  public_key_version: string
}

export function participantKeys(key: Uint8Array, hands: readonly Hand[]): ParticipantKey[] {
  return hands.map(hand => ({
    user_id: hand.id,
    encrypted_conversation_key: wrap(key, hand),
    public_key_version: hand.version,
  }))
}

/** One entry of `action_signatures`. */
export interface Action {
  message_id: string
  encoded_message_event_detail: string
  message_event_signature: Record<string, unknown>
  signature_payload?: string
}

function action(by: Hand, messageId: string, detail: Uint8Array, text: string): Action {
  return {
    message_id: messageId,
    encoded_message_event_detail: encodeBase64(detail),
    message_event_signature: {
      signature: signed(by.signing, text).replace(/=+$/, ''),
      public_key_version: by.version,
      signature_version: '7',
      signing_public_key: by.signingKey,
    },
  }
}

function textOf(payload: { ok: true; value: string } | { ok: false; error: string }): string {
  if (!payload.ok) throw new Error(payload.error)
  return payload.value
}

export function keyChangeAction(
  by: Hand,
  conversationId: string,
  version: string,
  keys: readonly ParticipantKey[],
  key: Uint8Array,
  messageId: string = randomUUID(),
): Action {
  const event = {
    conversationKeyVersion: version,
    participantKeys: keys.map(one => ({
      userId: one.user_id,
      encryptedConversationKey: one.encrypted_conversation_key,
      publicKeyVersion: one.public_key_version,
    })),
    forKeyRotation: false,
  }
  const text = textOf(keyChangePayload({ messageId, senderId: by.id, conversationId }, event, key))
  return action(by, messageId, encodeDetail({ kind: 'keyChange', event }), text)
}

export function groupAction(
  by: Hand,
  conversationId: string,
  change: GroupChange,
  { messageId = randomUUID() as string, text }: { messageId?: string; text?: string } = {},
): Action {
  const ids = { messageId, senderId: by.id, conversationId }
  const signedText = text ?? textOf(groupChangePayload(ids, change))
  const detail: MessageEventDetail = { kind: 'groupChange', change, forKeyRotation: false }
  return action(by, messageId, encodeDetail(detail), signedText)
}

/** A change of a conversation's settings. `conversationId` in the form that is signed. */
export function settingAction(
  by: Hand,
  conversationId: string,
  change: MetadataChange,
  { messageId = randomUUID() as string, text }: { messageId?: string; text?: string } = {},
): Action {
  const signedText = text ?? textOf(metadataPayload({ messageId, senderId: by.id, conversationId }, change))
  return action(by, messageId, encodeDetail({ kind: 'metadataChange', change }), signedText)
}

/** The body of `PUT …/ttl`; null: messages stay. */
export function ttlBody(conversationId: string, by: Hand, ttlMs: number | null) {
  const ttl_msec = ttlMs === null ? null : String(ttlMs)
  const change = ttl_msec === null ? ({ kind: 'durationRemove' } as const) : durationOf(ttl_msec)
  return { ttl_msec, action_signatures: [settingAction(by, conversationId, change)] }
}

/** The body of `PUT …/mute`. */
export function muteBody(conversationId: string, by: Hand, muted: boolean, ids: readonly string[] = [conversationId]) {
  return { muted, action_signatures: [settingAction(by, conversationId, { kind: muted ? 'mute' : 'unmute', ids })] }
}

export function durationOf(ttlMsec: string) {
  return { kind: 'durationChange', ttlMsec } as const
}

/** What a test knows of a group that it made. */
export interface Group {
  readonly id: string
  members: Hand[]
  admins: string[]
  version: string
  title: string | undefined
}

/** A body for `POST …/group`, and the group that it will make. */
export async function groupBody(
  url: string,
  by: Hand,
  members: readonly Hand[],
  { title = 'Team', version = nextVersion() }: { title?: string | undefined; version?: string } = {},
) {
  const initialized = await ask(url, tokenOf(by.id), 'POST', '/2/chat/conversations/group/initialize')
  const id: string = initialized.body.data.conversation_id
  const key = randomBytes(32)
  const keys = participantKeys(key, members)
  const memberIds = members.map(hand => hand.id)
  const change = { kind: 'create', memberIds, adminIds: [by.id], title, conversationKeyVersion: version } as const
  const group: Group = { id, members: [...members], admins: [by.id], version, title }
  const body = {
    conversation_id: id,
    group_members: memberIds,
    group_admins: [by.id] as string[] | undefined,
    group_name: title,
    conversation_key_version: version,
    conversation_participant_keys: keys,
    action_signatures: [keyChangeAction(by, id, version, keys, key), groupAction(by, id, change)],
  }
  return { body, group }
}

export async function makeGroup(
  url: string,
  by: Hand,
  members: readonly Hand[],
  version: string = nextVersion(),
): Promise<Group> {
  const { body, group } = await groupBody(url, by, members, { version })
  const answer = await ask(url, tokenOf(by.id), 'POST', '/2/chat/conversations/group', { body })
  if (answer.status !== 201) throw new Error(`no group: ${answer.text}`)
  return group
}

export interface Faults {
  readonly version?: string
  /** Whom the key is wrapped for; default the new roster. */
  readonly wrapFor?: readonly Hand[]
  /** Lists as they are signed. */
  readonly newIds?: readonly string[]
  readonly currentIds?: readonly string[]
  readonly adminIds?: readonly string[]
  readonly title?: string | undefined
  readonly ttl?: string
  readonly signedVersion?: string
  /** The conversation that the signatures are made for. */
  readonly signedFor?: string
  readonly messageIds?: readonly [string, string]
  /** The text that is signed instead of the right one. */
  readonly text?: string
}

/** The body of `POST …/members`: right unless told otherwise. */
export function additionBody(group: Group, by: Hand, added: readonly Hand[], faults: Faults = {}) {
  const version = faults.version ?? nextVersion()
  const key = randomBytes(32)
  const keys = participantKeys(key, faults.wrapFor ?? [...group.members, ...added])
  const signedFor = faults.signedFor ?? group.id
  const change = {
    kind: 'memberAdd',
    memberIds: faults.newIds ?? added.map(hand => hand.id),
    currentMemberIds: faults.currentIds ?? group.members.map(hand => hand.id),
    currentAdminIds: faults.adminIds ?? group.admins,
    currentTitle: 'title' in faults ? faults.title : group.title,
    currentTtlMsec: faults.ttl,
    conversationKeyVersion: faults.signedVersion ?? version,
    currentPendingMemberIds: [],
  } as const
  const [first = randomUUID() as string, second = randomUUID() as string] = faults.messageIds ?? []
  return {
    user_ids: added.map(hand => hand.id),
    conversation_key_version: version,
    conversation_participant_keys: keys,
    action_signatures: [
      keyChangeAction(by, signedFor, version, keys, key, first),
      groupAction(by, signedFor, change, {
        messageId: second,
        ...(faults.text === undefined ? {} : { text: faults.text }),
      }),
    ],
  }
}

/** Adds for good and tells the group. */
export async function addTo(url: string, group: Group, by: Hand, added: readonly Hand[]) {
  const body = additionBody(group, by, added)
  const answer = await ask(url, tokenOf(by.id), 'POST', `/2/chat/conversations/${group.id}/members`, { body })
  if (answer.status !== 200) throw new Error(`not added: ${answer.text}`)
  group.members = [...group.members, ...added]
  group.version = body.conversation_key_version
  return answer
}

export interface RemovalFaults extends Pick<Faults, 'version' | 'wrapFor' | 'signedFor' | 'messageIds' | 'text'> {
  /** The list as it is signed. */
  readonly signedIds?: readonly string[]
}

/** The body of `DELETE …/members`: right unless told otherwise. */
export function removalBody(group: Group, by: Hand, removed: readonly Hand[], faults: RemovalFaults = {}) {
  const version = faults.version ?? nextVersion()
  const key = randomBytes(32)
  const gone = new Set(removed.map(hand => hand.id))
  const staying = group.members.filter(hand => !gone.has(hand.id))
  const keys = participantKeys(key, faults.wrapFor ?? staying)
  const signedFor = faults.signedFor ?? group.id
  const ids = removed.map(hand => hand.id)
  const [first = randomUUID() as string, second = randomUUID() as string] = faults.messageIds ?? []
  const more = { messageId: second, ...(faults.text === undefined ? {} : { text: faults.text }) }
  return {
    user_ids: ids,
    conversation_key_version: version,
    conversation_participant_keys: keys,
    action_signatures: [
      keyChangeAction(by, signedFor, version, keys, key, first),
      groupAction(by, signedFor, { kind: 'memberRemove', ids: faults.signedIds ?? ids }, more),
    ],
  }
}

/** The body of `POST …/leave`. */
export function leaveBody(group: Pick<Group, 'id'>, by: Hand) {
  return { action_signatures: [groupAction(by, group.id, { kind: 'memberRemove', ids: [by.id] })] }
}

/** The body of `POST …/admins` or `DELETE …/admins`. */
export function adminsBody(
  group: Pick<Group, 'id'>,
  by: Hand,
  kind: 'adminAdd' | 'adminRemove',
  ids: readonly string[],
) {
  return { user_ids: ids, action_signatures: [groupAction(by, group.id, { kind, ids })] }
}

/** The body of `PUT …/title` or `PUT …/avatar`. The value is random: the server cannot tell. */
export function retitleBody(group: Group, by: Hand, kind: 'title' | 'avatar', value = sealedText()) {
  const change = { kind, value, conversationKeyVersion: group.version } as const
  const field = kind === 'title' ? 'encrypted_title' : 'encrypted_avatar_url'
  return { [field]: value, action_signatures: [groupAction(by, group.id, change)] }
}

/** A link that nobody has. */
export function inviteUrl(url: string, token = randomBytes(16).toString('base64url')): string {
  return `${url}/i/${token}`
}

export function tokenOfInvite(url: string): string {
  return url.slice(url.lastIndexOf('/') + 1)
}

/** The body of `PUT …/invite`. `end`: ms since 1970. */
export function inviteBody(group: Pick<Group, 'id'>, by: Hand, url: string, end: number | null = null) {
  const expires = end === null ? {} : { expiresAtMsec: String(end) }
  const change = { kind: 'inviteEnable', inviteUrl: url, ...expires } as const
  return {
    invite_url: url,
    ...(end === null ? {} : { expires_at_msec: String(end) }),
    action_signatures: [groupAction(by, group.id, change)],
  }
}

/** The body of `DELETE …/invite`. */
export function noInviteBody(group: Pick<Group, 'id'>, by: Hand) {
  return { action_signatures: [groupAction(by, group.id, { kind: 'inviteDisable', disabledBy: by.id })] }
}

/** The body of `POST …/invites/{token}/join_requests`. */
export function joinBody(group: Pick<Group, 'id'>, by: Hand) {
  return { action_signatures: [groupAction(by, group.id, { kind: 'joinRequest', userId: by.id })] }
}

/** The body of `DELETE …/join_requests`. */
export function turnAwayBody(group: Pick<Group, 'id'>, by: Hand, ids: readonly string[]) {
  return { user_ids: ids, action_signatures: [groupAction(by, group.id, { kind: 'joinReject', ids })] }
}

/** Gives the group a link, and the link's token. */
export async function invite(url: string, group: Pick<Group, 'id'>, by: Hand, end: number | null = null) {
  const link = inviteUrl(url)
  const path = `/2/chat/conversations/${group.id}/invite`
  const answer = await ask(url, tokenOf(by.id), 'PUT', path, { body: inviteBody(group, by, link, end) })
  if (answer.status !== 200) throw new Error(`no invite: ${answer.text}`)
  return tokenOfInvite(link)
}

/** Asks to be let in for good. */
export async function askToJoin(url: string, group: Pick<Group, 'id'>, by: Hand, token: string): Promise<void> {
  const path = `/2/chat/invites/${token}/join_requests`
  const answer = await ask(url, tokenOf(by.id), 'POST', path, { body: joinBody(group, by) })
  if (answer.status !== 201) throw new Error(`not asked: ${answer.text}`)
}

/** As long as a short title is when it is encrypted. */
export function sealedText(): string {
  return randomBytes(48).toString('base64')
}

/** The body of `POST …/keys`. `conversationId` in the form that is signed. */
export function keysBody(by: Hand, conversationId: string, members: readonly Hand[], version = nextVersion()) {
  const key = randomBytes(32)
  const keys = participantKeys(key, members)
  return {
    conversation_key_version: version,
    conversation_participant_keys: keys,
    action_signatures: [keyChangeAction(by, conversationId, version, keys, key)],
  }
}

export interface DeleteFaults {
  /** The ids as they are signed. */
  readonly signedIds?: readonly string[]
  /** 1 self, 2 all, as it is signed. */
  readonly signedAction?: number
  /** The conversation that the signature is made for. */
  readonly signedFor?: string
  readonly messageId?: string
  readonly media?: readonly string[]
}

/** The body of `POST …/messages/delete`. `conversationId` in the form that is signed. */
export function deleteBody(
  by: Hand,
  conversationId: string,
  ids: readonly string[],
  whom: 'all' | 'self',
  faults: DeleteFaults = {},
) {
  const messageId = faults.messageId ?? randomUUID()
  const sequenceIds = [...(faults.signedIds ?? ids)]
  const event = { sequenceIds, action: faults.signedAction ?? (whom === 'self' ? 1 : 2) }
  const signedFor = { messageId, senderId: by.id, conversationId: faults.signedFor ?? conversationId }
  const text = textOf(messageDeletePayload(signedFor, event))
  return {
    sequence_ids: ids,
    delete_message_action: `delete_for_${whom}`,
    action_signatures: [action(by, messageId, encodeDetail({ kind: 'messageDelete', event }), text)],
    ...(faults.media ? { media_hash_keys: faults.media } : {}),
  }
}

export interface MessageFaults {
  readonly messageId?: string
  readonly contents?: Uint8Array
  /** undefined: a message that names no key version. */
  readonly version?: string | undefined
  /** As whom the signature is made. */
  readonly signer?: Hand
  readonly senderId?: string
  /** How long it says that it lasts, in ms. */
  readonly ttlMsec?: string
}

/** The body of `POST …/messages`. The contents are random: the server cannot tell. */
export function messageBody(by: Hand, conversationId: string, version: string, faults: MessageFaults = {}) {
  const messageId = faults.messageId ?? randomUUID()
  const event = {
    contents: faults.contents ?? randomBytes(90),
    conversationKeyVersion: 'version' in faults ? faults.version : version,
    shouldNotify: true,
    ttlMsec: faults.ttlMsec,
  }
  const ids = { messageId, senderId: faults.senderId ?? by.id, conversationId }
  const text = textOf(
    messageCreatePayload(ids, { ...event, conversationKeyVersion: event.conversationKeyVersion ?? '0' }),
  )
  const signer = faults.signer ?? by
  return {
    message_id: messageId,
    encoded_message_create_event: encodeBase64(encodeMessageCreate(event)),
    encoded_message_event_signature: encodeEventSignature({
      signature: signed(signer.signing, text).replace(/=+$/, ''),
      publicKeyVersion: signer.version,
      signatureVersion: '7',
    }),
  }
}
