// X action signatures (x-chat.md 3.9, 5.4, 6): verified before the append against the keys and the roster that
// the server holds (L5). What a request says about keys is only ever compared, never used.
import type { UserId } from '@conclave/wire'
import { groupIdOf, pairIdOf } from '@conclave/wire'
import type { GroupChange, MessageEventDetail, MetadataChange } from '@conclave/wire/xchat/events'
import { decodeDetail, decodeMessageCreate } from '@conclave/wire/xchat/events'
import { parseSignature, readableSignature, sameKey } from '@conclave/wire/xchat/keys'
import {
  groupChangePayload,
  messageCreatePayload,
  messageDeletePayload,
  metadataPayload,
  SIGNATURE_VERSION,
} from '@conclave/wire/xchat/payloads'
import { MESSAGE_CONTENT } from '../limits.ts'
import type { MessageKey } from './decision.ts'
import type { Content, Signed, Wrap } from './events.ts'
import type { Context, Facts } from './facts.ts'
import type { Rejection, SignedPart } from './rejection.ts'
import { isRejection } from './rejection.ts'
import type { Rotation } from './rotation.ts'
import type { RoomState } from './state.ts'
import { ttlOf } from './ttl.ts'

/** One entry of `action_signatures`. `digest` covers the whole entry as it was sent. */
export interface ActionSignature extends Signed {
  readonly digest: string
  /** SPKI or SEC1, if sent. */
  readonly signingKey: string | null
  readonly keyInfos: readonly { readonly member: UserId; readonly version: string; readonly signingKey: string }[]
}

/** The id under which X's clients sign in this room: `g…`, or the pair with a colon. */
export function conversationIdOf(state: Pick<RoomState, 'id' | 'pair'>): string {
  return state.pair ? pairIdOf(state.pair[0], state.pair[1], ':') : groupIdOf(state.id)
}

/** An action signature with what it signs, decoded. */
export interface ReadAction {
  readonly signature: ActionSignature
  readonly detail: MessageEventDetail
  /** null: nothing that this server takes. */
  readonly part: SignedPart | null
}

/** The parts that a change must carry, each once, with nothing else beside them. */
export function readActions<P extends SignedPart>(
  signatures: readonly ActionSignature[],
  wanted: readonly P[],
  signer: UserId,
  facts: Facts,
): Map<P, ReadAction> | Rejection {
  const read: ReadAction[] = []
  for (const signature of signatures) {
    const detail = decodeDetail(signature.detail)
    if (!detail.ok) return { rejected: 'signature.detail', text: detail.error }
    read.push({ signature, detail: detail.value.value, part: partOf(detail.value.value) })
  }
  const found = new Map<P, ReadAction>()
  for (const part of wanted) {
    const entry = read.find(one => one.part === part)
    if (!entry) return { rejected: 'signature.missing', part }
    found.set(part, entry)
  }
  if (read.length > wanted.length) return { rejected: 'signature.extra' }
  const ids = new Set(signatures.map(signature => signature.messageId))
  if (ids.size < signatures.length) return { rejected: 'message.taken', key: signatures[0]?.messageId ?? '' }
  for (const [part, { signature }] of found) {
    const problem = checkSigner(signature, part, signer, facts)
    if (problem) return problem
  }
  return found
}

function partOf(detail: MessageEventDetail): SignedPart | null {
  if (detail.kind === 'keyChange') return 'key change'
  if (detail.kind === 'messageDelete') return 'delete'
  if (detail.kind === 'metadataChange') return SETTINGS[detail.change.kind]
  if (detail.kind !== 'groupChange') return null
  const parts = {
    create: 'group create',
    memberAdd: 'member add',
    memberRemove: 'member remove',
    title: 'title',
    avatar: 'avatar',
    adminAdd: 'admin add',
    adminRemove: 'admin remove',
    inviteEnable: 'invite enable',
    inviteDisable: 'invite disable',
    joinRequest: 'join request',
    joinReject: 'join reject',
  } as const satisfies Record<GroupChange['kind'], SignedPart>
  return parts[detail.change.kind]
}

const SETTINGS = {
  durationChange: 'ttl',
  durationRemove: 'ttl',
  mute: 'mute',
  unmute: 'mute',
} as const satisfies Record<MetadataChange['kind'], SignedPart>

/** Version 7, a key that is registered for the signer, and claimed keys equal to registered ones. */
function checkSigner(signature: ActionSignature, part: SignedPart, signer: UserId, facts: Facts): Rejection | null {
  if (signature.signatureVersion !== SIGNATURE_VERSION)
    return { rejected: 'signature.version', version: signature.signatureVersion }
  const registered = registeredKey(signer, signature.publicKeyVersion, facts)
  if (!registered) return { rejected: 'signature.key', version: signature.publicKeyVersion }
  if (!parseSignature(signature.signature)) return { rejected: 'signature.invalid', part }
  if (signature.signingKey !== null && !sameKey(signature.signingKey, registered)) {
    return { rejected: 'signature.key', version: signature.publicKeyVersion }
  }
  for (const info of signature.keyInfos) {
    const theirs = registeredKey(info.member, info.version, facts)
    if (!theirs || !sameKey(info.signingKey, theirs)) return { rejected: 'signature.key', version: info.version }
  }
  return null
}

function registeredKey(user: UserId, version: string, facts: Facts): string | undefined {
  return facts.keys(user)?.keys.find(key => key.version === version)?.signingKey
}

/** Everybody whose registered keys the signatures speak of. */
export function usersNamed(signatures: readonly ActionSignature[]): UserId[] {
  return signatures.flatMap(signature => signature.keyInfos.map(info => info.member))
}

/** The key change says exactly what the request says. Its own signature covers the plain key: members verify it. */
export function checkKeyChange(read: ReadAction, rotation: Rotation): Rejection | null {
  if (read.detail.kind !== 'keyChange') return { rejected: 'signature.missing', part: 'key change' }
  const { conversationKeyVersion, participantKeys } = read.detail.event
  if (conversationKeyVersion !== rotation.version) {
    return { rejected: 'signature.mismatch', part: 'key change', field: 'conversation_key_version' }
  }
  const signed = new Map(participantKeys.map(key => [key.userId, key]))
  const same =
    signed.size === rotation.wraps.length &&
    participantKeys.length === rotation.wraps.length &&
    rotation.wraps.every((wrap: Wrap) => {
      const key = signed.get(wrap.user)
      return key?.encryptedConversationKey === wrap.key && key.publicKeyVersion === wrap.publicKeyVersion
    })
  return same ? null : { rejected: 'signature.mismatch', part: 'key change', field: 'conversation_participant_keys' }
}

/** The signature over the text that the decoded detail gives, with the signer's registered key. */
export function verifyAction(
  read: ReadAction,
  part: SignedPart,
  signer: UserId,
  conversationId: string,
  facts: Facts,
  context: Context,
): Rejection | null {
  const { signature, detail } = read
  const text = payloadOf(detail, { messageId: signature.messageId, senderId: signer, conversationId })
  if (!text) return { rejected: 'signature.missing', part }
  if (!text.ok) return { rejected: 'signature.comma', part }
  const key = registeredKey(signer, signature.publicKeyVersion, facts)
  if (!key) return { rejected: 'signature.key', version: signature.publicKeyVersion }
  return context.verify(key, text.value, signature.signature) ? null : { rejected: 'signature.invalid', part }
}

function payloadOf(
  detail: MessageEventDetail,
  signed: Parameters<typeof messageDeletePayload>[0],
): ReturnType<typeof messageDeletePayload> | null {
  if (detail.kind === 'messageDelete') return messageDeletePayload(signed, detail.event)
  if (detail.kind === 'metadataChange') return metadataPayload(signed, detail.change)
  return detail.kind === 'groupChange' ? groupChangePayload(signed, detail.change) : null
}

/** The only thing signed, read, found right by `check` and then verified: who signed it, for this conversation. */
export function readAction(
  state: RoomState,
  signatures: readonly ActionSignature[],
  part: SignedPart,
  signer: UserId,
  facts: Facts,
  context: Context,
  check: (read: ReadAction) => Rejection | null,
): ReadAction | Rejection {
  const actions = readActions(signatures, [part], signer, facts)
  if (isRejection(actions)) return actions
  const read = actions.get(part)
  if (!read) throw new Error('readActions gives every part that it was asked for')
  return check(read) ?? verifyAction(read, part, signer, conversationIdOf(state), facts, context) ?? read
}

/** The same for a change that lists exactly these users. */
export function readList(
  state: RoomState,
  signatures: readonly ActionSignature[],
  part: keyof typeof LISTS,
  users: readonly UserId[],
  field: string,
  signer: UserId,
  facts: Facts,
  context: Context,
): ReadAction | Rejection {
  return readAction(state, signatures, part, signer, facts, context, read => checkList(read, part, users, field))
}

/** The signed ids are these and no others, none of them twice. */
export function checkList(
  read: ReadAction,
  part: keyof typeof LISTS,
  users: readonly UserId[],
  field: string,
): Rejection | null {
  const change = changeOf(read, LISTS[part])
  if (!change) return { rejected: 'signature.missing', part }
  return sameSet(change.ids, users) ? null : { rejected: 'signature.mismatch', part, field }
}

/** Changes of which a list of users is all that is signed. */
const LISTS = {
  'member remove': 'memberRemove',
  'admin add': 'adminAdd',
  'admin remove': 'adminRemove',
  'join reject': 'joinReject',
} as const satisfies Partial<Record<SignedPart, GroupChange['kind']>>

/** The same for a change that signs something else than a list. */
export function readChange<P extends keyof typeof CHANGES>(
  state: RoomState,
  signatures: readonly ActionSignature[],
  part: P,
  signer: UserId,
  facts: Facts,
  context: Context,
  check: (change: Extract<GroupChange, { kind: (typeof CHANGES)[P] }>) => Rejection | null,
): ReadAction | Rejection {
  return readAction(state, signatures, part, signer, facts, context, read => {
    const change = changeOf(read, CHANGES[part])
    if (!change) throw new Error('a part is of the kind that it is named for')
    return check(change)
  })
}

const CHANGES = {
  title: 'title',
  avatar: 'avatar',
  'invite enable': 'inviteEnable',
  'invite disable': 'inviteDisable',
  'join request': 'joinRequest',
} as const satisfies Partial<Record<SignedPart, GroupChange['kind']>>

/** The same for a change of the conversation's settings. */
export function readSetting(
  state: RoomState,
  signatures: readonly ActionSignature[],
  part: 'ttl' | 'mute',
  signer: UserId,
  facts: Facts,
  context: Context,
  check: (change: MetadataChange) => Rejection | null,
): ReadAction | Rejection {
  return readAction(state, signatures, part, signer, facts, context, ({ detail }) => {
    if (detail.kind !== 'metadataChange') throw new Error('a part is of the kind that it is named for')
    return check(detail.change)
  })
}

/** What goes into the log of a verified signature. */
export function signedOf({ signature }: ReadAction): Signed {
  const { messageId, detail, publicKeyVersion, signatureVersion } = signature
  return { messageId, detail, signature: readableSignature(signature.signature), publicKeyVersion, signatureVersion }
}

/** The ids of actions, each used once on this server: a second use is a replay. */
export function keysOf(signatures: readonly ActionSignature[], by: UserId): MessageKey[] {
  return signatures.map(({ messageId, digest }) => ({ key: messageId, digest, by }))
}

export function sameSet(a: readonly string[], b: Iterable<string>): boolean {
  const left = new Set(a)
  const right = new Set(b)
  return left.size === a.length && left.size === right.size && [...left].every(id => right.has(id))
}

/** The group change inside a read action, if it is of that kind. */
export function changeOf<K extends GroupChange['kind']>(
  read: ReadAction,
  kind: K,
): Extract<GroupChange, { kind: K }> | null {
  if (read.detail.kind !== 'groupChange' || read.detail.change.kind !== kind) return null
  return read.detail.change as Extract<GroupChange, { kind: K }>
}

/** A message of an X room: encrypted, under the current epoch, signed by its sender (x-chat.md 3.10). Gives how long it
 * says itself that it lasts, in ms: X's clients do not sign that. */
export function readXchatContent(
  state: RoomState,
  command: { readonly actor: UserId | null; readonly messageId: string | null },
  content: Omit<Extract<Content, { suite: 'xchat' }>, 'epoch'>,
  facts: Facts,
  context: Context,
): { readonly ttlMs: number | null } | Rejection {
  const { actor, messageId } = command
  if (actor === null || messageId === null) return { rejected: 'message.malformed', text: 'message_id' }
  const create = decodeMessageCreate(content.createEvent)
  if (!create.ok) return { rejected: 'message.malformed', text: `encoded_message_create_event: ${create.error}` }
  const event = create.value.value
  if (event.contents.length === 0) return { rejected: 'message.empty' }
  if (event.contents.length > MESSAGE_CONTENT) return { rejected: 'message.size', limit: MESSAGE_CONTENT }
  const ttlMs = event.ttlMsec === undefined ? null : ttlOf(event.ttlMsec)
  if (ttlMs === undefined)
    return { rejected: 'message.malformed', text: 'encoded_message_create_event: ttl_msec is no lifetime' }
  if (event.conversationKeyVersion === undefined) return { rejected: 'message.plaintext' }
  if (!state.epoch) return { rejected: 'epoch.missing' }
  if (state.closed) return { rejected: 'room.closed' }
  if (event.conversationKeyVersion !== state.epoch.version)
    return { rejected: 'epoch.stale', current: state.epoch.version }
  if (content.signatureVersion !== SIGNATURE_VERSION)
    return { rejected: 'signature.version', version: content.signatureVersion }
  const key = registeredKey(actor, content.publicKeyVersion, facts)
  if (!key) return { rejected: 'signature.key', version: content.publicKeyVersion }
  if (!parseSignature(content.signature)) return { rejected: 'signature.invalid', part: 'message' }
  const text = messageCreatePayload({ messageId, senderId: actor, conversationId: conversationIdOf(state) }, event)
  if (!text.ok) return { rejected: 'signature.comma', part: 'message' }
  return context.verify(key, text.value, content.signature)
    ? { ttlMs }
    : { rejected: 'signature.invalid', part: 'message' }
}
