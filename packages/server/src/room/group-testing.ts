// For tests of the room core: the changes of an X group as an honest client signs them, and each of them with one thing
// wrong.
import { randomBytes } from 'node:crypto'
import type { EventId, UserId } from '@conclave/wire'
import type { GroupChange, GroupInviteEnable, MetadataChange, WritableDetail } from '@conclave/wire/xchat/events'
import type { AddMembers } from './commands/add-members.ts'
import type { ChangeAdmins } from './commands/change-admins.ts'
import type { ChangeTtl } from './commands/change-ttl.ts'
import type { DeleteSigned } from './commands/delete-signed.ts'
import type { DisableInvite } from './commands/disable-invite.ts'
import type { EnableInvite } from './commands/enable-invite.ts'
import type { RejectJoins } from './commands/reject-joins.ts'
import type { RemoveMembers } from './commands/remove-members.ts'
import type { RequestJoin } from './commands/request-join.ts'
import type { Retitle } from './commands/retitle.ts'
import type { SwitchNotifications } from './commands/switch-notifications.ts'
import type { RoomEvent } from './events.ts'
import type { People } from './fixtures.ts'
import { action, conversationOf, keyChange, memberAdd, userId, wrapBytes, wrapsFor } from './fixtures.ts'
import type { Created, Scene } from './scene-testing.ts'
import { owner, scene } from './scene-testing.ts'
import type { ActionSignature } from './signatures.ts'
import type { RoomState } from './state.ts'

/** What can be wrong with any signed change. */
export const SIGNED_FAULTS = [
  'nothing signed',
  'tampered',
  'other signer',
  'other room',
  'other part',
  'other list',
  'one too many',
  'signature version',
  'not a signature',
  'unregistered key',
] as const
/** What can be wrong with the rotation of a removal. */
export const ROTATION_FAULTS = [
  'old version',
  'version ahead',
  'wrap missing',
  'wrap for the removed',
  'wrap extra',
  'wrap twice',
  'wrap outdated',
  'key change differs',
  'no key change',
  'oneself',
] as const
/** What can be wrong with a title. */
export const TITLE_FAULTS = ['old version', 'other value'] as const
/** What can be wrong with a lifetime. */
export const TTL_FAULTS = ['other value', 'other kind', 'for all messages', 'no lifetime'] as const
/** What can be wrong with a deletion. */
export const DELETE_FAULTS = ['other action', 'one message more'] as const
/** What can be wrong with an invite. */
export const INVITE_FAULTS = ['other url', 'other end', 'an affiliate', 'past'] as const
export type InviteFault = (typeof INVITE_FAULTS)[number]
/** What can be wrong with a switch for notifications. */
export const SWITCH_FAULTS = ['other way', 'another conversation', 'one’s own id', 'two conversations', 'none'] as const
export type SignedFault = (typeof SIGNED_FAULTS)[number]
export type RotationFault = (typeof ROTATION_FAULTS)[number]
export type TitleFault = (typeof TITLE_FAULTS)[number]
export type TtlFault = (typeof TTL_FAULTS)[number]
export type SwitchFault = (typeof SWITCH_FAULTS)[number]
export type DeleteFault = (typeof DELETE_FAULTS)[number]

export function signedRemoval(
  people: People,
  state: RoomState,
  actor: UserId,
  named: readonly UserId[],
  version: string,
  fault: SignedFault | RotationFault | null = null,
): RemoveMembers {
  const users = fault === 'oneself' ? [...named, actor] : named
  const wrong = fault === 'old version' ? (state.epoch?.version ?? '1') : String(Number(version) + 3_600_000)
  const sent = fault === 'old version' || fault === 'version ahead' ? wrong : version
  const staying = [...state.members.keys()].filter(user => !users.includes(user))
  const wraps = wrapsFor(people, fault === 'wrap for the removed' ? [...staying, ...users] : staying)
  if (fault === 'wrap missing') wraps.pop()
  if (fault === 'wrap extra') wraps.push({ user: userId(99), key: wrapBytes(), publicKeyVersion: '1700000000000' })
  if (fault === 'wrap twice' && wraps[0]) wraps.push(wraps[0])
  if (fault === 'wrap outdated' && wraps[0]) wraps[0] = { ...wraps[0], publicKeyVersion: '1' }
  const told = fault === 'key change differs' ? wrapsFor(people, staying) : wraps
  const signatures = changeSigned(people, state, actor, { kind: 'memberRemove', ids: [...users] }, fault)
  if (fault !== 'no key change') signatures.unshift(keyChange(people, actor, sent, told, conversationOf(state)))
  const signed = { version: sent, wraps, signatures, title: null, avatar: null }
  return { ...removal(actor, users), how: 'kicked', signed }
}

export function signedLeave(
  people: People,
  state: RoomState,
  actor: UserId,
  fault: SignedFault | null = null,
): RemoveMembers {
  const leave = changeSigned(people, state, actor, { kind: 'memberRemove', ids: [actor] }, fault)
  return { ...removal(actor, [actor]), how: 'left', signed: { leave } }
}

function removal(actor: UserId, users: readonly UserId[]) {
  return { command: 'remove-members', actor, users, reason: '', keepOwner: false } as const
}

export function adminChange(
  people: People,
  state: RoomState,
  actor: UserId,
  users: readonly UserId[],
  granted: boolean,
  fault: SignedFault | null = null,
): ChangeAdmins {
  const change = { kind: granted ? 'adminAdd' : 'adminRemove', ids: [...users] } as const
  return {
    command: 'change-admins',
    actor,
    users,
    granted,
    signatures: changeSigned(people, state, actor, change, fault),
  }
}

export function retitling(
  people: People,
  state: RoomState,
  actor: UserId,
  part: 'title' | 'avatar',
  fault: SignedFault | TitleFault | null = null,
): Retitle {
  const current = state.epoch?.version ?? '1'
  const version = fault === 'old version' ? String(Number(current) - 1) : current
  const value = randomBytes(48).toString('base64')
  const signed = fault === 'other value' || fault === 'other list' ? randomBytes(48).toString('base64') : value
  const change = { kind: part, value: signed, conversationKeyVersion: version } as const
  return { command: 'retitle', actor, part, value, signatures: changeSigned(people, state, actor, change, fault) }
}

export interface Deletion extends Pick<DeleteSigned, 'whom'> {
  readonly messages: readonly RoomEvent[]
  readonly fault?: SignedFault | DeleteFault | null
}

/** As the route makes it: the store says where the messages stand. */
export function deletion(
  people: People,
  state: RoomState,
  actor: UserId,
  { whom, messages, fault = null }: Deletion,
): DeleteSigned {
  const ids = messages.map(({ id }) => id)
  const from = state.members.get(actor)?.from ?? Number.POSITIVE_INFINITY
  const seen = messages.filter(({ sequence }) => sequence >= from)
  const placed = new Map(seen.map(({ id, sequence, actor: sender }) => [id, { sequence, sender }]))
  const told = fault === 'other action' ? OTHER_ACTION[whom] : ACTION[whom]
  const detail = (sequenceIds: readonly EventId[]): WritableDetail => ({
    kind: 'messageDelete',
    event: { sequenceIds: [...sequenceIds], action: told },
  })
  const other = {
    part: { kind: 'groupChange', change: { kind: 'adminAdd', ids: [actor] }, forKeyRotation: false },
    list: detail(fault === 'one message more' ? ids.slice(1) : [...ids, '98' as EventId]),
  } as const
  const wrong = fault === 'one message more' ? 'other list' : fault === 'other action' ? null : fault
  const signatures = signedBy(people, state, actor, detail(ids), other, wrong)
  return { command: 'delete-signed', actor, whom, ids, placed, media: [], stretches: 0, signatures, digest: ids.join() }
}

const ACTION = { self: 1, all: 2 } as const
const OTHER_ACTION = { self: 2, all: 1 } as const

export function ttlChange(
  people: People,
  state: RoomState,
  actor: UserId,
  ttlMs: number | null,
  fault: SignedFault | TtlFault | null = null,
): ChangeTtl {
  const signatures = changeSigned(people, state, actor, lifetime(ttlMs, fault), fault)
  return { command: 'change-ttl', actor, ttlMs: fault === 'no lifetime' ? 999 : ttlMs, signatures }
}

export function notificationSwitch(
  people: People,
  state: RoomState,
  actor: UserId,
  muted: boolean,
  fault: SignedFault | SwitchFault | null = null,
): SwitchNotifications {
  const own = conversationOf(state)
  const lists: Partial<Record<string, string[]>> = {
    'another conversation': ['g77'],
    'one’s own id': [actor],
    'two conversations': [own, 'g77'],
    none: [],
  }
  const kind = muted !== (fault === 'other way') ? 'mute' : 'unmute'
  const change = { kind, ids: lists[fault ?? ''] ?? [own] } as const
  return {
    command: 'switch-notifications',
    actor,
    muted,
    signatures: changeSigned(people, state, actor, change, fault),
  }
}

function lifetime(ttlMs: number | null, fault: SignedFault | TtlFault | null): MetadataChange {
  const change = { kind: 'durationChange', ttlMsec: String(ttlMs ?? 1_000) } as const
  switch (fault) {
    case 'other value':
    case 'other list':
      return { ...change, ttlMsec: String((ttlMs ?? 1_000) + 1) }
    case 'other kind':
      return ttlMs === null ? change : { kind: 'durationRemove' }
    case 'for all messages':
      return { ...change, applyToAll: true }
    default:
      return ttlMs === null ? { kind: 'durationRemove' } : change
  }
}

/** `end`: ms since 1970; null never. */
export function invitation(
  people: People,
  state: RoomState,
  actor: UserId,
  name: string,
  end: number | null = null,
  fault: SignedFault | InviteFault | null = null,
): EnableInvite {
  const url = urlOf(name)
  const expiresAt = fault === 'past' ? 1 : end
  const signedEnd = fault === 'other end' ? (end ?? 0) + 1 : expiresAt
  const change: GroupChange = {
    kind: 'inviteEnable',
    inviteUrl: fault === 'other url' ? urlOf(`${name}x`) : url,
    expiresAtMsec: signedEnd === null ? undefined : String(signedEnd),
    affiliateId: fault === 'an affiliate' ? actor : undefined,
  }
  const signatures = changeSigned(people, state, actor, change, fault)
  return { command: 'enable-invite', actor, url, key: name, expiresAt, signatures }
}

export function urlOf(name: string): string {
  return `https://chat.example/i/${name}`
}

export function noInvitation(
  people: People,
  state: RoomState,
  actor: UserId,
  fault: SignedFault | null = null,
): DisableInvite {
  const signatures = changeSigned(people, state, actor, { kind: 'inviteDisable', disabledBy: actor }, fault)
  return { command: 'disable-invite', actor, signatures }
}

export function joinRequest(
  people: People,
  state: RoomState,
  actor: UserId,
  name: string,
  fault: SignedFault | null = null,
): RequestJoin {
  const signatures = changeSigned(people, state, actor, { kind: 'joinRequest', userId: actor }, fault)
  return { command: 'request-join', actor, key: name, signatures }
}

export function joinRejection(
  people: People,
  state: RoomState,
  actor: UserId,
  users: readonly UserId[],
  fault: SignedFault | null = null,
): RejectJoins {
  const signatures = changeSigned(people, state, actor, { kind: 'joinReject', ids: [...users] }, fault)
  return { command: 'reject-joins', actor, users, signatures }
}

/** An addition with the next key. `invite`: as it stands in what is signed. */
export function addition(made: Scene, actor: UserId, users: readonly UserId[], invite?: GroupInviteEnable): AddMembers {
  const { people, room } = made
  const version = nextVersion(made)
  const wraps = wrapsFor(people, [...room.members.keys(), ...users])
  const change = memberAdd(people, actor, room, { users, version, ...(invite && { invite }) })
  const signatures = [keyChange(people, actor, version, wraps, conversationOf(room)), change]
  return { command: 'add-members', actor, users, signed: { version, wraps, signatures, title: null, avatar: null } }
}

/** The one signature of a change of the group, or of what it keeps. */
function changeSigned(
  people: People,
  state: RoomState,
  actor: UserId,
  change: GroupChange | MetadataChange,
  fault: SignedFault | RotationFault | TitleFault | TtlFault | InviteFault | SwitchFault | null,
): ActionSignature[] {
  const other = {
    part: detailOf(OTHER[change.kind] ?? { kind: 'adminAdd', ids: [actor] }),
    list: detailOf(speakingOf(userId(98), change)),
  }
  return signedBy(people, state, actor, detailOf(change), other, fault)
}

/** The one signature of a change. Faults that are no matter of it are left to the caller. */
function signedBy(
  people: People,
  state: RoomState,
  actor: UserId,
  detail: WritableDetail,
  other: { readonly part: WritableDetail; readonly list: WritableDetail },
  fault: SignedFault | RotationFault | TitleFault | TtlFault | InviteFault | SwitchFault | null,
): ActionSignature[] {
  const sign = (by: UserId, what: WritableDetail, room = conversationOf(state)) => action(people, by, what, room)
  const honest = sign(actor, detail)
  switch (fault) {
    case 'nothing signed':
      return []
    case 'tampered':
      return [{ ...honest, signature: randomBytes(64).toString('base64') }]
    case 'not a signature':
      return [{ ...honest, signature: randomBytes(63).toString('base64') }]
    case 'other signer': {
      const another = sign(actor === userId(0) ? userId(1) : userId(0), detail)
      return [{ ...another, publicKeyVersion: honest.publicKeyVersion }]
    }
    case 'other room':
      return [sign(actor, detail, 'g77')]
    case 'other part':
      return [sign(actor, other.part)]
    case 'other list':
      return [sign(actor, other.list)]
    case 'one too many':
      return [honest, sign(actor, detail)]
    case 'signature version':
      return [{ ...honest, signatureVersion: '6' }]
    case 'unregistered key':
      return [{ ...honest, publicKeyVersion: '5' }]
    default:
      return [honest]
  }
}

/** The same change of somebody or something else. */
function speakingOf(user: UserId, change: GroupChange | MetadataChange): GroupChange | MetadataChange {
  if ('ids' in change) return { ...change, ids: [...change.ids, user] }
  if (change.kind === 'inviteEnable') return { ...change, inviteUrl: urlOf(user) }
  if (change.kind === 'inviteDisable') return { ...change, disabledBy: user }
  return change.kind === 'joinRequest' ? { ...change, userId: user } : change
}

function detailOf(change: GroupChange | MetadataChange): WritableDetail {
  switch (change.kind) {
    case 'durationChange':
    case 'durationRemove':
    case 'mute':
    case 'unmute':
      return { kind: 'metadataChange', change }
    default:
      return { kind: 'groupChange', change, forKeyRotation: false }
  }
}

const OTHER: Readonly<Partial<Record<(GroupChange | MetadataChange)['kind'], GroupChange>>> = {
  adminAdd: { kind: 'adminRemove', ids: [userId(1)] },
  title: { kind: 'avatar', value: 'A', conversationKeyVersion: '1' },
  avatar: { kind: 'title', value: 'A', conversationKeyVersion: '1' },
}

/** A scene with an X group that has its first key: an owner, its one admin, and two members. */
export function keyedGroup(more: Partial<Created> = {}): Scene {
  const made = scene({ suite: 'xchat', name: null, title: 'Team', moderators: [], ...more })
  rotate(made, owner)
  return made
}

export function rotate(made: Scene, by: UserId): void {
  const version = nextVersion(made)
  const wraps = wrapsFor(made.people, [...made.room.members.keys()])
  const signatures = [keyChange(made.people, by, version, wraps, conversationOf(made.room))]
  const rejected = made.submit({ command: 'open-epoch', actor: by, version, wraps, signatures, replaces: false })
  if (rejected !== null) throw new Error(rejected)
}

export function nextVersion(made: Scene): string {
  made.now += 1
  return String(made.now)
}
