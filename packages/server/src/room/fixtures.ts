// For tests of the room core: accounts, keys and X requests as an honest client would make them, with a signature
// that is cheap and deterministic, so that thousands of random histories run in seconds.
import { createECDH, createHash, randomBytes } from 'node:crypto'
import type { ChannelId, RoomId, UserId } from '@conclave/wire'
import { encodeBase64, encodeBase64NoPad, groupIdOf, pairIdOf } from '@conclave/wire'
import type { WritableDetail } from '@conclave/wire/xchat/detail'
import type { GroupInviteEnable } from '@conclave/wire/xchat/events'
import { decodeMessageCreate, encodeDetail, encodeMessageCreate } from '@conclave/wire/xchat/events'
import {
  groupChangePayload,
  messageCreatePayload,
  messageDeletePayload,
  metadataPayload,
} from '@conclave/wire/xchat/payloads'
import { DEFAULT_RULES } from './acl-rules.ts'
import type { Content, Wrap } from './events.ts'
import type { Account, Channel, Context, Facts, KeySet } from './facts.ts'
import type { ActionSignature } from './signatures.ts'
import type { RoomState } from './state.ts'
import { usersWith } from './state.ts'

const SPKI = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d030107034200', 'hex')

export function userId(number: number): UserId {
  return String(1_000 + number) as UserId
}

/** A point of the curve, SPKI, base64. */
function freshKey(): string {
  const ecdh = createECDH('prime256v1')
  ecdh.generateKeys()
  return Buffer.concat([SPKI, ecdh.getPublicKey()]).toString('base64')
}

const POINTS = Array.from({ length: 8 }, freshKey)

/** 113 bytes that begin with a point: all that a server can tell of a wrap. */
export function wrapBytes(): string {
  const key = Buffer.from(POINTS[Math.floor(Math.random() * POINTS.length)] as string, 'base64')
  return Buffer.concat([key.subarray(26), randomBytes(48)]).toString('base64')
}

/** Stands in for ECDSA: 64 bytes that only fit this key and this text. */
export function fakeSignature(signingKey: string, text: string): string {
  return encodeBase64NoPad(createHash('sha512').update(signingKey).update('\0').update(text).digest())
}

/** Accounts, keys and one channel in memory. */
export class People {
  readonly accounts = new Map<UserId, Account>()
  readonly keySets = new Map<UserId, KeySet>()
  channel: Channel = {
    id: '1' as ChannelId,
    version: 1,
    name: 'Rooms',
    sort: 0,
    tags: [],
    owners: [],
    admins: [],
    acls: [],
    sanctions: [],
  }

  add(user: UserId, enrolled: boolean, more: Partial<Account> = {}): void {
    this.accounts.set(user, {
      id: user,
      version: 1,
      username: `user${user}`,
      name: `User ${user}`,
      dinoName: `user${user}`,
      active: true,
      roles: [],
      sanctions: [],
      attributes: {},
      info: {},
      invisible: false,
      excluded: [],
      ...more,
    })
    if (enrolled) this.register(user, '1700000000000')
  }

  register(user: UserId, version: string): void {
    const held = this.keySets.get(user)?.keys ?? []
    const key = {
      version,
      identityKey: POINTS[0] as string,
      signingKey: freshKey(),
      identityKeySignature: '',
      signingKeySignature: '',
      fingerprint: '',
      at: 0,
    }
    this.keySets.set(user, { version: held.length + 1, keys: [...held, key] })
  }

  newest(user: UserId): { version: string; signingKey: string } {
    const key = this.keySets.get(user)?.keys.at(-1)
    if (!key) throw new Error(`${user} has no key`)
    return key
  }

  get facts(): Facts {
    return { channel: this.channel, account: user => this.accounts.get(user), keys: user => this.keySets.get(user) }
  }
}

export function contextAt(now: number, more: Partial<Context> = {}): Context {
  return {
    now,
    raced: false,
    overtaken: false,
    settings: { acl: DEFAULT_RULES, lockstep: false, groupSize: 100, updateGroupKey: 'save' },
    verify: (key, text, signature) => signature === fakeSignature(key, text),
    ...more,
  }
}

let counter = 0
export function freshMessageId(): string {
  counter += 1
  return `message-${counter}-${randomBytes(4).toString('hex')}`
}

export function wrapsFor(people: People, users: readonly UserId[]): Wrap[] {
  return users.map(user => ({
    user,
    key: wrapBytes(),
    publicKeyVersion: people.keySets.get(user)?.keys.at(-1)?.version ?? '1',
  }))
}

export function conversationOf(state: Pick<RoomState, 'id' | 'pair'>): string {
  return state.pair ? pairIdOf(state.pair[0], state.pair[1], ':') : groupIdOf(state.id)
}

/** An action signature over a detail, as chat-xdk makes it. */
export function action(
  people: People,
  signer: UserId,
  detail: WritableDetail,
  conversationId: string,
  messageId = freshMessageId(),
): ActionSignature {
  const key = people.newest(signer)
  const signed = { messageId, senderId: signer, conversationId }
  const text = payloadOf(signed, detail)
  if (!text.ok) throw new Error(text.error)
  return {
    messageId,
    detail: encodeBase64(encodeDetail(detail)),
    signature: fakeSignature(key.signingKey, text.value),
    publicKeyVersion: key.version,
    signatureVersion: '7',
    digest: messageId,
    signingKey: null,
    keyInfos: [],
  }
}

function payloadOf(signed: Parameters<typeof groupChangePayload>[0], detail: WritableDetail) {
  if (detail.kind === 'groupChange') return groupChangePayload(signed, detail.change)
  if (detail.kind === 'messageDelete') return messageDeletePayload(signed, detail.event)
  if (detail.kind === 'metadataChange') return metadataPayload(signed, detail.change)
  return { ok: true as const, value: 'only members can verify a key change' }
}

export function keyChange(
  people: People,
  signer: UserId,
  version: string,
  wraps: readonly Wrap[],
  conversationId: string,
): ActionSignature {
  const participantKeys = wraps.map(wrap => ({
    userId: wrap.user,
    encryptedConversationKey: wrap.key,
    publicKeyVersion: wrap.publicKeyVersion,
  }))
  return action(
    people,
    signer,
    { kind: 'keyChange', event: { conversationKeyVersion: version, participantKeys, forKeyRotation: false } },
    conversationId,
  )
}

export interface AddShape {
  readonly users: readonly UserId[]
  readonly current?: readonly UserId[]
  readonly admins?: readonly UserId[]
  readonly version: string
  readonly invite?: GroupInviteEnable
}

export function memberAdd(people: People, signer: UserId, state: RoomState, shape: AddShape): ActionSignature {
  return action(
    people,
    signer,
    {
      kind: 'groupChange',
      change: {
        kind: 'memberAdd',
        memberIds: [...shape.users],
        currentMemberIds: [...(shape.current ?? state.members.keys())],
        currentAdminIds: [...(shape.admins ?? usersWith(state, 'owner'))],
        currentTitle: state.title ?? undefined,
        conversationKeyVersion: shape.version,
        currentPendingMemberIds: [],
        groupInviteEnable: shape.invite,
      },
      forKeyRotation: false,
    },
    conversationOf(state),
  )
}

export function groupCreate(
  people: People,
  signer: UserId,
  members: readonly UserId[],
  admins: readonly UserId[],
  title: string | null,
  version: string,
): ActionSignature {
  return action(
    people,
    signer,
    {
      kind: 'groupChange',
      change: {
        kind: 'create',
        memberIds: [...members],
        adminIds: [...admins],
        title: title ?? undefined,
        conversationKeyVersion: version,
      },
      forKeyRotation: false,
    },
    '',
  )
}

/** An encrypted, signed message. */
export function xchatContent(
  people: People,
  sender: UserId,
  state: RoomState,
  epoch: string,
  messageId: string,
  body = randomBytes(60),
  ttlMsec?: string,
): Extract<Content, { suite: 'xchat' }> {
  const bytes = encodeMessageCreate({ contents: body, conversationKeyVersion: epoch, shouldNotify: true, ttlMsec })
  const key = people.newest(sender)
  const event = decodeMessageCreate(encodeBase64(bytes))
  if (!event.ok) throw new Error(event.error)
  const text = messageCreatePayload(
    { messageId, senderId: sender, conversationId: conversationOf(state) },
    event.value.value,
  )
  if (!text.ok) throw new Error(text.error)
  return {
    suite: 'xchat',
    createEvent: encodeBase64(bytes),
    signature: fakeSignature(key.signingKey, text.value),
    publicKeyVersion: key.version,
    signatureVersion: '7',
    epoch,
  }
}

export const ROOM = '2080000000000000001' as RoomId
