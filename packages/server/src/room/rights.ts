// Who may do what in a room, apart from what a single command adds: standing (account, bans, mutes), roles, ACLs.
// The same rules hold on every wire (design 6).
import type { UserId } from '@conclave/wire'
import type { Visitor } from './acl.ts'
import { evaluate } from './acl-evaluate.ts'
import type { AclRules } from './acl-rules.ts'
import type { Account, Channel, Facts } from './facts.ts'
import { isAdmin, isOperator } from './facts.ts'
import type { Rejection } from './rejection.ts'
import { isRejection } from './rejection.ts'
import type { RoomState } from './state.ts'
import { hasRole, sanctionOn } from './state.ts'

/** Where a visitor comes from: the room that they send or read from, if their client named one. */
export type Origin = NonNullable<Visitor['origin']>

export function isChannelOwner(channel: Channel, user: UserId): boolean {
  return channel.owners.includes(user)
}

export function isChannelAdmin(channel: Channel, user: UserId): boolean {
  return channel.admins.includes(user)
}

/** May take part anywhere at all: the account is active and no ban is in force. */
export function checkStanding(
  state: RoomState | null,
  channel: Channel,
  account: Account,
  now: number,
): Rejection | null {
  if (!account.active) return { rejected: 'account.inactive' }
  const global = sanctionOn(account.sanctions, account.id, 'ban', now)
  if (global) return { rejected: 'banned', scope: 'global', sanction: global }
  const inChannel = sanctionOn(channel.sanctions, account.id, 'ban', now)
  if (inChannel) return { rejected: 'banned', scope: 'channel', sanction: inChannel }
  const inRoom = state && sanctionOn(state.sanctions, account.id, 'ban', now)
  if (inRoom) return { rejected: 'banned', scope: 'room', sanction: inRoom }
  return null
}

export function checkMute(state: RoomState, channel: Channel, account: Account, now: number): Rejection | null {
  const global = sanctionOn(account.sanctions, account.id, 'mute', now)
  if (global) return { rejected: 'muted', scope: 'global', sanction: global }
  const inChannel = sanctionOn(channel.sanctions, account.id, 'mute', now)
  if (inChannel) return { rejected: 'muted', scope: 'channel', sanction: inChannel }
  const inRoom = sanctionOn(state.sanctions, account.id, 'mute', now)
  if (inRoom) return { rejected: 'muted', scope: 'room', sanction: inRoom }
  return null
}

/** Whether the room takes anything of this writer now, as it is set: apart from mutes. */
export function checkVoice(state: RoomState, account: Account): Rejection | null {
  const { archived, readOnly } = state.config
  if (archived) return { rejected: 'room.archived' }
  if (state.blockers.size > 0) return { rejected: 'room.blocked' }
  if (!readOnly || rulesAll(state, account) || state.voiced.has(account.id)) return null
  return state.roles.has(account.id) ? null : { rejected: 'room.readonly' }
}

export function visitorOf(
  rules: AclRules,
  state: RoomState | null,
  channel: Channel,
  account: Account,
  attributes: Readonly<Record<string, string>> = account.attributes,
  origin: Origin | null = null,
): Visitor {
  return {
    rules,
    user: account.id,
    target: state ? { kind: 'room', room: state.id, channel: state.channel } : { kind: 'channel', channel: channel.id },
    attributes,
    isRoomOwner: state !== null && hasRole(state, account.id, 'owner'),
    isRoomModerator: state !== null && hasRole(state, account.id, 'moderator'),
    isChannelOwner: isChannelOwner(channel, account.id),
    isChannelAdmin: isChannelAdmin(channel, account.id),
    isOperator: isOperator(account),
    isSuperuser: account.roles.includes('superuser'),
    origin,
  }
}

/** What only admins do in an admin room that is not hidden anyway (the seed, request_admin). */
const FOR_ADMINS = new Set(['list', 'join', 'history', 'crossroom'])

/** The room's own ACLs for one action. An admin room is for admins also where none of its ACLs says so. */
export function checkRoomAcls(state: RoomState, action: string, visitor: Visitor): Rejection | null {
  if (state.isAdmin && FOR_ADMINS.has(action) && !isHidden(state) && !isOneOfAdmins(visitor))
    return { rejected: 'acl', acl: { action, type: 'admin', value: '' }, reason: 'not admin' }
  const refusal = evaluate(state.acls, action, visitor)
  return refusal && { rejected: 'acl', acl: refusal.acl, reason: refusal.reason }
}

function isOneOfAdmins(visitor: Visitor): boolean {
  const ofRoom = visitor.isRoomOwner || visitor.isRoomModerator
  return ofRoom || visitor.isChannelOwner || visitor.isChannelAdmin || visitor.isOperator
}

/** The channel's ACLs; the visitor is the one made with no room. */
export function checkChannelAcls(channel: Channel, action: string, visitor: Visitor): Rejection | null {
  const refusal = evaluate(channel.acls, action, visitor)
  return refusal && { rejected: 'acl', acl: refusal.acl, reason: refusal.reason }
}

/** Rooms that only those who belong to them see: private and direct ones, and every encrypted one. */
export function isHidden(state: RoomState): boolean {
  return state.kind === 'private' || state.kind === 'direct' || state.suite !== 'none'
}

/** Whoever asks may read it, known or not: no rule stands between. */
export function isOpen(state: RoomState, channel: Channel): boolean {
  return state.kind === 'public' && !isHidden(state) && !state.isAdmin && state.acls.length + channel.acls.length === 0
}

export function belongs(state: RoomState, user: UserId): boolean {
  return state.members.has(user) || (state.suite === 'none' && state.roles.has(user))
}

/** May change the room for others: its owners and moderators, the channel's owners and admins, operators, and Rocket.Chat's
 * admins but in X's rooms. In an encrypted room all but the last two have to be members for that. */
export function mayModerate(state: RoomState, channel: Channel, account: Account): boolean {
  return (isWithin(state, account) && state.roles.has(account.id)) || mayOwn(state, channel, account)
}

export function mayOwn(state: RoomState, channel: Channel, account: Account): boolean {
  return mayGovern(state, channel, account) || (isWithin(state, account) && isChannelAdmin(channel, account.id))
}

/** May ban from the room and set its ACLs over Dino (dino.md section 4, ban and set_acl): not the channel's admins. */
export function mayGovern(state: RoomState, channel: Channel, account: Account): boolean {
  return rulesAll(state, account) || owns(state, channel, account)
}

/** May rename and remove the room (dino.md section 4, rename_room): moderators and globalmods only a temporary one. */
export function mayRemove(state: RoomState, channel: Channel, account: Account): boolean {
  if (account.roles.includes('superuser') || (rulesAll(state, account) && isAdmin(account))) return true
  if (owns(state, channel, account)) return true
  if (isWithin(state, account) && isChannelAdmin(channel, account.id)) return true
  return state.kind === 'temporary' && mayModerate(state, channel, account)
}

/** Whoever has a say in every room. What X's members sign is their own: an admin of Rocket.Chat has none there. */
export function rulesAll(state: RoomState, account: Account): boolean {
  return isOperator(account) || (state.suite !== 'xchat' && isAdmin(account))
}

function owns(state: RoomState, channel: Channel, account: Account): boolean {
  return isWithin(state, account) && (hasRole(state, account.id, 'owner') || isChannelOwner(channel, account.id))
}

function isWithin(state: RoomState, account: Account): boolean {
  return state.suite === 'none' || state.members.has(account.id)
}

/** Whom a kick or a sanction may not reach: owners are the owners' own matter. */
export function checkTarget(state: RoomState, account: Account, target: UserId): Rejection | null {
  const spared = hasRole(state, target, 'owner') && !hasRole(state, account.id, 'owner') && !rulesAll(state, account)
  return spared ? { rejected: 'role.required', text: 'only owners remove or sanction owners' } : null
}

/** Whether somebody may ban from a whole channel. Who may passes every ACL `ban` of it. `target`: undefined where no such
 * user is known. */
export function checkChannelBan(
  channel: Channel,
  account: Account,
  target: Account | undefined,
  now: number,
): Rejection | null {
  const barred = checkStanding(null, channel, account, now) ?? checkNoOperator(target)
  if (barred) return barred
  const { id } = account
  const owner = isOperator(account) || isChannelOwner(channel, id)
  if (!owner && !isChannelAdmin(channel, id))
    return { rejected: 'role.required', text: 'only owners and admins of the channel can ban from it' }
  const spared = target && isChannelOwner(channel, target.id) && !owner
  return spared ? { rejected: 'role.required', text: 'only owners remove or sanction owners' } : null
}

/** Whether somebody may ban from the whole server. */
export function checkGlobalBan(account: Account, target: Account | undefined, now: number): Rejection | null {
  if (!account.active) return { rejected: 'account.inactive' }
  const banned = sanctionOn(account.sanctions, account.id, 'ban', now)
  if (banned) return { rejected: 'banned', scope: 'global', sanction: banned }
  const spared = checkNoOperator(target)
  if (spared || isOperator(account)) return spared
  return { rejected: 'role.required', text: 'only admins, super users and global mods can do global bans' }
}

/** Nobody bans operators over a wire, other operators neither; the text is the recorded one. */
export function checkNoOperator(target: Account | undefined): Rejection | null {
  if (!target || !isOperator(target)) return null
  return { rejected: 'role.required', text: 'not allowed to kick super users or global mobs' }
}

/** Whether somebody may change a channel's ACLs. Who may passes every ACL `setacl` of it. */
export function checkChannelAclChange(channel: Channel, account: Account, now: number): Rejection | null {
  const barred = checkStanding(null, channel, account, now)
  if (barred) return barred
  const may = isOperator(account) || isChannelOwner(channel, account.id) || isChannelAdmin(channel, account.id)
  return may ? null : { rejected: 'role.required', text: ACLS_REFUSED }
}

/** As recorded, for rooms and channels alike. */
export const ACLS_REFUSED = 'user is not allowed to change acls on the target'

/** Listing: hidden rooms to those who belong to them, others by the ACL `list`; excluded owners hide their rooms. */
export function checkList(state: RoomState, channel: Channel, account: Account, visitor: Visitor): Rejection | null {
  if (state.removed) return { rejected: 'room.unknown' }
  if (isHidden(state)) return belongs(state, account.id) ? null : { rejected: 'room.unknown' }
  return checkExcluded(state, channel, account) ?? checkRoomAcls(state, 'list', visitor)
}

/** Joining as an occupant (design 6; dino.md section 4, `join`): owners and operators pass, then the ignore list, ACLs, bans.
 * `code`: the digest of the code that was given, where one was. */
export function checkJoin(
  state: RoomState,
  channel: Channel,
  account: Account,
  visitor: Visitor,
  now: number,
  code?: string,
): Rejection | null {
  if (state.removed) return { rejected: 'room.unknown' }
  if (!account.active) return { rejected: 'account.inactive' }
  if (isHidden(state) && !belongs(state, account.id)) return { rejected: 'member.required' }
  if (visitor.isOperator || visitor.isRoomOwner || visitor.isChannelOwner) return null
  return (
    checkCode(state, account, code) ??
    checkExcluded(state, channel, account) ??
    checkRoomAcls(state, 'join', visitor) ??
    checkStanding(state, channel, account, now)
  )
}

/** A room that is joined with a code is shut to whoever does not belong to it: what it holds is not for those who have
 * not got the code. */
function checkCode({ config, ...state }: RoomState, account: Account, code?: string): Rejection | null {
  if (!config.joinCode || isAdmin(account) || state.members.has(account.id) || state.roles.has(account.id)) return null
  return code === config.joinCode.digest ? null : { rejected: 'code.wrong', given: code !== undefined }
}

/** Whether somebody is put into the room when they log in: by its `autojoin` rules alone, so not where it has none. */
export function joinsAtLogin(state: RoomState, visitor: Visitor): boolean {
  return state.acls.some(acl => acl.action === 'autojoin') && checkRoomAcls(state, 'autojoin', visitor) === null
}

/** Reading a plain room's history. Encrypted rooms are read by membership alone, in the store's own statement. */
export function checkHistory(
  state: RoomState,
  channel: Channel,
  account: Account,
  visitor: Visitor,
  now: number,
): Rejection | null {
  if (state.removed) return { rejected: 'room.unknown' }
  if (isHidden(state) && !belongs(state, account.id)) return { rejected: 'member.required' }
  const shut = visitor.isOperator || visitor.isChannelOwner ? null : checkCode(state, account)
  return shut ?? checkStanding(state, channel, account, now) ?? checkRoomAcls(state, 'history', visitor)
}

/** The server's own user 0 is never on anybody's ignore list. */
function checkExcluded(state: RoomState, channel: Channel, account: Account): Rejection | null {
  if (
    account.excluded.length === 0 ||
    isOperator(account) ||
    hasRole(state, account.id, 'owner') ||
    isChannelOwner(channel, account.id)
  ) {
    return null
  }
  for (const [user, roles] of state.roles) {
    if (user !== '0' && roles.includes('owner') && account.excluded.includes(user)) {
      return { rejected: 'role.required', text: 'matches ignore list' }
    }
  }
  return null
}

/** The account that acts, or why it may not; the server itself (null) always may. */
export function actorOf(facts: Facts, actor: UserId): Account | Rejection {
  const account = facts.account(actor)
  return account?.active ? account : { rejected: 'account.inactive' }
}

/** The same for whoever acts on a room or on others in it: who is banned rules no more. */
export function rulerOf(state: RoomState, facts: Facts, actor: UserId, now: number): Account | Rejection {
  const account = actorOf(facts, actor)
  if (isRejection(account)) return account
  return checkStanding(state, facts.channel, account, now) ?? account
}

/** The same for what owners alone may do; `text` says what. */
export function ownerOf(state: RoomState, facts: Facts, actor: UserId, now: number, text: string): Account | Rejection {
  const account = rulerOf(state, facts, actor, now)
  if (isRejection(account) || mayOwn(state, facts.channel, account)) return account
  return { rejected: 'role.required', text }
}
