// Add members. This is the one place where anybody becomes a member of a room that exists: in an `xchat` room with
// the key that only the new roster holds, in the same append (L1, L2, L3; x-chat.md section 6 gives the order of checks).
import type { RoomId, UserId } from '@conclave/wire'
import type { GroupInviteEnable } from '@conclave/wire/xchat/events'
import type { CommandRule, Decision } from '../decision.ts'
import type { Account, Context, Facts } from '../facts.ts'
import type { Rejection } from '../rejection.ts'
import { isRejection } from '../rejection.ts'
import { actorOf, belongs, checkJoin, checkStanding, isHidden, mayModerate, visitorOf } from '../rights.ts'
import type { ReadAction } from '../signatures.ts'
import {
  changeOf,
  conversationIdOf,
  keysOf,
  readActions,
  sameSet,
  signedOf,
  usersNamed,
  verifyAction,
} from '../signatures.ts'
import type { SignedRotation } from '../signed-rotation.ts'
import { readRotation } from '../signed-rotation.ts'
import type { Invite, RoomState } from '../state.ts'
import { inviteOf, usersWith } from '../state.ts'

export interface AddMembers {
  readonly command: 'add-members'
  readonly actor: UserId | null
  readonly users: readonly UserId[]
  readonly signed: SignedRotation | null
  /** The digest of the code with which somebody joins by themselves. */
  readonly code?: string
  /** Somebody joins by themselves with a link that this user has made: as that user could add them now. */
  readonly invitedBy?: UserId
  /** Somebody joins a discussion by themselves whom the server has seen in the room that it is about. */
  readonly fromParent?: true
  /** By the server, into a room that takes in whoever comes into this team. */
  readonly ofTeam?: RoomId
}

export const addMembers: CommandRule<AddMembers> = {
  needs(state, command) {
    const acting = [command.actor, command.invitedBy].filter(user => typeof user === 'string')
    const accounts = [...acting, ...command.users]
    if (state?.suite !== 'xchat') return { accounts, keys: [] }
    return {
      accounts,
      keys: [...state.members.keys(), ...command.users, ...usersNamed(command.signed?.signatures ?? [])],
    }
  },

  decide(state, command, facts, context) {
    if (!state || state.removed) return { rejected: 'room.unknown' }
    const { actor, users } = command
    const refused = actor === null ? null : checkActor(state, command, actor, facts, context)
    if (refused) return refused
    const { ofTeam } = command
    if (ofTeam !== undefined && !(state.team?.main === ofTeam && state.team.isDefault))
      return { rejected: 'member.required' }
    if (state.kind === 'direct') return { rejected: 'room.kind', text: 'members can only be added to a group' }
    if (state.config.archived) return { rejected: 'room.archived' }
    const unfit = checkUsers(state, users, facts, context)
    if (unfit) return unfit
    if (state.suite === 'xchat') return addSigned(state, command, facts, context)
    return { events: [{ type: 'members.added', users, reads: 'all', signed: null, title: null, avatar: null }] }
  },
}

function checkActor(
  state: RoomState,
  command: AddMembers,
  actor: UserId,
  facts: Facts,
  context: Context,
): Rejection | null {
  const account = actorOf(facts, actor)
  if (isRejection(account)) return account
  const joins = command.users.length === 1 && command.users[0] === actor
  if (joins && command.invitedBy !== undefined) {
    const { invitedBy, ...others } = command
    return checkActor(state, others, invitedBy, facts, context) && { rejected: 'invite.unknown' }
  }
  // That they may be here at all is asked of everybody who is added.
  if (joins && command.fromParent && state.discussionOf) return null
  if (joins && state.suite === 'none') {
    const visitor = visitorOf(context.settings.acl, state, facts.channel, account)
    return checkJoin(state, facts.channel, account, visitor, context.now, command.code)
  }
  const within = isHidden(state) ? belongs(state, actor) : state.members.has(actor)
  if (!within && (isHidden(state) || !mayModerate(state, facts.channel, account)))
    return { rejected: 'member.required' }
  const barred = checkStanding(state, facts.channel, account, context.now)
  if (barred) return barred
  if (state.suite !== 'xchat' && !mayModerate(state, facts.channel, account)) {
    return { rejected: 'role.required', text: 'only owners and moderators add members' }
  }
  return null
}

function checkUsers(state: RoomState, users: readonly UserId[], facts: Facts, context: Context): Rejection | null {
  if (users.length === 0) return { rejected: 'members.none' }
  const seen = new Set<UserId>()
  for (const user of users) {
    if (seen.has(user)) return { rejected: 'members.duplicate', user }
    seen.add(user)
    if (state.members.has(user)) return { rejected: 'members.already', user }
  }
  if (state.members.size + users.length > context.settings.groupSize)
    return { rejected: 'room.full', limit: context.settings.groupSize }
  for (const user of users) {
    const account: Account | undefined = facts.account(user)
    const enrolled = state.suite !== 'xchat' || (facts.keys(user)?.keys.length ?? 0) > 0
    if (!account || !enrolled || checkStanding(state, facts.channel, account, context.now))
      return { rejected: 'members.unaddable', user }
  }
  return null
}

/** The key change and the addition as one: nothing between them, nothing without the other. */
function addSigned(state: RoomState, command: AddMembers, facts: Facts, context: Context): Decision | Rejection {
  const { actor, users, signed } = command
  if (!signed || actor === null)
    return { rejected: 'suite.refused', text: 'members of this room are added over X only' }
  const roster = new Set([...state.members.keys(), ...users])
  const rotation = readRotation(state, signed, 'member add', roster, actor, facts, context)
  if (isRejection(rotation)) return checkKnown(state, users, signed, actor, rotation, facts, context) ?? rotation
  const { version, wraps, signatures, keyChange, change } = rotation
  const { title, avatar } = signed
  const problem =
    checkAddition(state, change, command, version, context) ??
    verifyAction(change, 'member add', actor, conversationIdOf(state), facts, context)
  if (problem) return problem
  return {
    events: [
      { type: 'epoch.opened', version, wraps, signed: signedOf(keyChange) },
      { type: 'members.added', users, reads: 'rotation', signed: signedOf(change), title, avatar },
    ],
    messageKeys: keysOf(signatures, actor),
  }
}

/** Whoever did not hear of an earlier change made the key for the members before it: their roster is old, no wrap is
 * at fault. Only chooses the words of a refusal, so what the lists are signed with does not matter here. */
function checkKnown(
  state: RoomState,
  users: readonly UserId[],
  { version, wraps, signatures }: SignedRotation,
  actor: UserId,
  { rejected }: Rejection,
  facts: Facts,
  context: Context,
): Rejection | null {
  if ((rejected !== 'wrap.missing' && rejected !== 'wrap.extra') || !version || !wraps || !signatures) return null
  const actions = readActions(signatures, ['key change', 'member add'], actor, facts)
  const memberAdd = isRejection(actions) ? undefined : actions.get('member add')
  const change = memberAdd && changeOf(memberAdd, 'memberAdd')
  if (!change || sameSet(change.currentMemberIds, state.members.keys())) return null
  const known = [...change.currentMemberIds, ...users]
  const covered = wraps.map(wrap => wrap.user)
  return sameSet(known, covered) ? outdated(state, version, context) : null
}

/** A key version says when its maker began: before the key that counts now, and the race is lost. */
function outdated({ epoch }: RoomState, version: string, context: Context): Rejection {
  return context.raced || (epoch && Number(version) < epoch.at)
    ? { rejected: 'conflict', current: epoch?.version ?? null }
    : { rejected: 'signature.roster', field: 'current_member_ids' }
}

/** The signed lists against the roster that stands here: as sets, because clients order them differently, and each
 * on its own, because the signed text does not show where one list ends (x-chat.md section 9). */
function checkAddition(
  state: RoomState,
  memberAdd: ReadAction,
  command: AddMembers,
  version: string,
  context: Context,
): Rejection | null {
  const change = changeOf(memberAdd, 'memberAdd')
  if (!change) return { rejected: 'signature.missing', part: 'member add' }
  // First, for it would make everything that follows in the signed text stand in another place.
  if (change.currentTitle?.includes(',') || change.currentAvatarUrl?.includes(','))
    return { rejected: 'signature.comma', part: 'member add' }
  const mismatch = (field: string): Rejection => ({ rejected: 'signature.mismatch', part: 'member add', field })
  if (!sameSet(change.memberIds, command.users)) return mismatch('user_ids')
  if (!sameSet(change.currentMemberIds, state.members.keys())) return outdated(state, version, context)
  if (!sameSet(change.currentAdminIds, usersWith(state, 'owner'))) return mismatch('current_admin_ids')
  if (change.conversationKeyVersion !== version) return mismatch('conversation_key_version')
  if (!equalOrAbsent(change.currentTitle, state.title, command.signed?.title)) return mismatch('current_title')
  if (!equalOrAbsent(change.currentAvatarUrl, state.avatar, command.signed?.avatar))
    return mismatch('current_avatar_url')
  // Nobody is half a member here and nothing blocks screens: a member cannot make the others believe it.
  if ((change.currentPendingMemberIds ?? []).length > 0) return mismatch('current_pending_member_ids')
  if (change.screenCaptureBlockingEnabled) return mismatch('screen_capture_blocking_enabled')
  if (change.groupInviteEnable && !isInvite(change.groupInviteEnable, inviteOf(state, context.now)))
    return mismatch('group_invite_enable')
  const ttl = change.currentTtlMsec
  if (ttl !== undefined && ttl !== String(state.ttlMs ?? '')) return mismatch('current_ttl_msec')
  return null
}

function isInvite({ inviteUrl, expiresAtMsec, affiliateId }: GroupInviteEnable, held: Invite | null): boolean {
  if (!held || affiliateId !== undefined || inviteUrl !== held.url) return false
  return expiresAtMsec === (held.expiresAt === null ? undefined : String(held.expiresAt))
}

/** Clients sign what they were shown, or null for what they do not know (xurl), or the value that they send along. */
function equalOrAbsent(signed: string | undefined, held: string | null, sent: string | null | undefined): boolean {
  return signed === undefined || signed === held || (sent !== null && sent !== undefined && signed === sent)
}
