// Remove members: a leave, a kick, a ban, or an account's end. The one place where membership ends while the room
// stays. Without a rotation the room closes where its suite demands one (L4). Over X both are signed: a leave by whoever
// goes, a removal by an admin, together with the next key of those who stay.
import type { UserId } from '@conclave/wire'
import { checkAdmin } from '../admins.ts'
import type { CommandRule, Decision } from '../decision.ts'
import type { EventBody } from '../events.ts'
import type { Context, Facts } from '../facts.ts'
import { isOperator } from '../facts.ts'
import type { Rejection } from '../rejection.ts'
import { isRejection } from '../rejection.ts'
import { actorOf, checkRoomAcls, checkStanding, checkTarget, mayModerate, rulesAll, visitorOf } from '../rights.ts'
import { needsRotation, rolesLost } from '../sanctions.ts'
import type { ActionSignature } from '../signatures.ts'
import { checkList, conversationIdOf, keysOf, readList, signedOf, usersNamed, verifyAction } from '../signatures.ts'
import type { SignedRotation } from '../signed-rotation.ts'
import { readRotation } from '../signed-rotation.ts'
import type { RoomState } from '../state.ts'
import { usersWith } from '../state.ts'

/** X's signed removal of oneself. */
export interface SignedLeave {
  readonly leave: readonly ActionSignature[]
}

export interface RemoveMembers {
  readonly command: 'remove-members'
  readonly actor: UserId | null
  readonly users: readonly UserId[]
  readonly how: Extract<EventBody, { type: 'members.removed' }>['how']
  readonly reason: string
  /** Rocket.Chat's rules: roles are a part of membership and go with it, and the last owner does not. */
  readonly keepOwner: boolean
  /** Over X alone. */
  readonly signed?: SignedRotation | SignedLeave
}

export const removeMembers: CommandRule<RemoveMembers> = {
  needs(state, { actor, users, signed }) {
    const accounts = actor === null ? [...users] : [actor, ...users]
    if (!signed || state?.suite !== 'xchat') return { accounts, keys: [] }
    if ('leave' in signed) return { accounts, keys: [...users, ...usersNamed(signed.leave)] }
    return { accounts, keys: [...state.members.keys(), ...usersNamed(signed.signatures ?? [])] }
  },

  decide(state, command, facts, context) {
    if (!state || state.removed) return { rejected: 'room.unknown' }
    const { actor, users, signed } = command
    if (users.length === 0) return { rejected: 'members.none' }
    const refused = actor === null ? null : checkActor(state, command, actor, facts, context)
    if (refused) return refused
    const unfit = checkUsers(state, command)
    if (unfit) return unfit
    if (!signed) {
      const roles = [...new Set(users)].flatMap(user => rolesLost(state, user, command.keepOwner))
      return { events: [removed(command, needsRotation(state, context), null), ...roles] }
    }
    if (state.suite !== 'xchat' || actor === null)
      return { rejected: 'suite.refused', text: 'nothing is signed in this room' }
    return 'leave' in signed
      ? leaveSigned(state, command, signed, actor, facts, context)
      : removeSigned(state, command, signed, actor, facts, context)
  },
}

function checkActor(
  state: RoomState,
  command: RemoveMembers,
  actor: UserId,
  facts: Facts,
  context: Context,
): Rejection | null {
  const account = actorOf(facts, actor)
  if (isRejection(account)) return account
  const rotates = isRotation(command.signed)
  const leaves = command.users.length === 1 && command.users[0] === actor && !rotates
  if (leaves && !state.members.has(actor)) return { rejected: 'member.required' }
  // Nobody could be added to it again.
  if (state.kind === 'direct') return { rejected: 'room.kind', text: 'a direct room is neither left nor taken away' }
  if (leaves) return null
  const barred = checkStanding(state, facts.channel, account, context.now)
  if (barred) return barred
  if (!state.members.has(actor) && state.suite !== 'none' && (rotates || !rulesAll(state, account)))
    return { rejected: 'member.required' }
  if (rotates) {
    const ordinary = checkAdmin(state, actor)
    if (ordinary) return ordinary
  }
  if (!mayModerate(state, facts.channel, account))
    return { rejected: 'role.required', text: 'only owners and moderators remove members' }
  for (const user of command.users) {
    // A group of X is its members' own: who administers the server has no place in it that its admins cannot take away.
    const target = rotates ? undefined : facts.account(user)
    if (target && isOperator(target) && !isOperator(account))
      return { rejected: 'role.required', text: 'not allowed to kick super users' }
    const spared = checkTarget(state, account, user)
    if (spared) return spared
  }
  return checkRoomAcls(state, 'kick', visitorOf(context.settings.acl, state, facts.channel, account))
}

function checkUsers(state: RoomState, { actor, users, keepOwner, signed }: RemoveMembers): Rejection | null {
  const gone = new Set<UserId>()
  for (const user of users) {
    // What is signed names each once; a list from elsewhere may name somebody again.
    if (signed && gone.has(user)) return { rejected: 'members.duplicate', user }
    gone.add(user)
  }
  // Whoever makes the next key is one of those who hold it.
  if (isRotation(signed) && actor !== null && gone.has(actor)) return { rejected: 'members.self', user: actor }
  for (const user of gone) if (!state.members.has(user)) return { rejected: 'members.absent', user }
  const owners = usersWith(state, 'owner')
  const last = owners.length > 0 && owners.every(owner => gone.has(owner))
  return keepOwner && last ? { rejected: 'owner.last' } : null
}

function isRotation(signed: RemoveMembers['signed']): signed is SignedRotation {
  return signed !== undefined && !('leave' in signed)
}

/** Who goes still holds the key: the room is closed for the others until one of them rotates (L4). */
function leaveSigned(
  state: RoomState,
  command: RemoveMembers,
  { leave }: SignedLeave,
  actor: UserId,
  facts: Facts,
  context: Context,
): Decision | Rejection {
  const read = readList(state, leave, 'member remove', [actor], 'member_ids', actor, facts, context)
  if (isRejection(read)) return read
  const closes = needsRotation(state, context)
  return { events: [removed(command, closes, signedOf(read))], messageKeys: keysOf(leave, actor) }
}

/** The removal first, so that whoever is removed is shown no key change that is not for them. */
function removeSigned(
  state: RoomState,
  command: RemoveMembers,
  sent: SignedRotation,
  actor: UserId,
  facts: Facts,
  context: Context,
): Decision | Rejection {
  const staying = new Set(state.members.keys())
  for (const user of command.users) staying.delete(user)
  const rotation = readRotation(state, sent, 'member remove', staying, actor, facts, context)
  if (isRejection(rotation)) return rotation
  const { version, wraps, signatures, keyChange, change } = rotation
  const problem =
    checkList(change, 'member remove', command.users, 'user_ids') ??
    verifyAction(change, 'member remove', actor, conversationIdOf(state), facts, context)
  if (problem) return problem
  return {
    events: [
      removed(command, false, signedOf(change)),
      { type: 'epoch.opened', version, wraps, signed: signedOf(keyChange) },
      ...retitled(state, sent),
    ],
    messageKeys: keysOf(signatures, actor),
  }
}

function removed(
  { users, how, reason }: RemoveMembers,
  closes: boolean,
  signed: Extract<EventBody, { type: 'members.removed' }>['signed'],
): EventBody {
  return { type: 'members.removed', users: [...new Set(users)], how, reason, closes, signed }
}

/** Title and avatar under the new key. X has no place for them in a signed removal. */
function retitled(state: RoomState, { title, avatar }: SignedRotation): EventBody[] {
  if (title === null && avatar === null) return []
  return [{ type: 'room.retitled', title: title ?? state.title, avatar: avatar ?? state.avatar, signed: null }]
}
