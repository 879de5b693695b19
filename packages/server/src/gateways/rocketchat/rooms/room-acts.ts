// What this wire's methods and routes do to rooms and who is in them: by the vendor's permission names first, then through
// the one command of each, with its errors as clients know them.
import type { UserId } from '@conclave/wire'
import type { Command } from '../../../room/decide.ts'
import type { RoomRole } from '../../../room/events.ts'
import type { Account } from '../../../room/facts.ts'
import type { RejectionCode } from '../../../room/rejection.ts'
import { isRejection } from '../../../room/rejection.ts'
import { hasRole, type RoomState, sanctionOn } from '../../../room/state.ts'
import { errorOf, invalidRoom, MeteorError, notAllowed, TOO_MANY } from '../errors.ts'
import { tellRoleInRoom } from '../live/tell.ts'
import type { Call } from '../method.ts'
import { type Found, ridOf, typeOf, userRefOf } from '../names.ts'
import type { Permission } from '../settings/permission-table.ts'
import { submit } from '../submit.ts'
import { isOfParent, mayKnow } from './access.ts'
import { codeFor } from './join-code.ts'

/** The room as it is then, or why not. */
export type Acted = RoomState | MeteorError

/** A command with the refusals that this wire says in its own way here. */
export async function act(
  call: Call,
  room: RoomState,
  command: Command,
  method: string,
  said: Partial<Record<RejectionCode, MeteorError>> = {},
): Promise<Acted> {
  const done = await submit(call, room.id, command)
  if (!isRejection(done)) return done.room
  return said[done.rejected] ?? errorOf(done, method)
}

/** By one's global roles or by those in the room. */
export function may({ gate, caller }: Call, permission: Permission, room?: RoomState): boolean {
  return gate.permissions.may(caller.account, permission, room)
}

export async function join(call: Call, { room }: Found, code: string | undefined, method: string): Promise<Acted> {
  const { account } = call.caller
  if (room.members.has(account.id)) return room
  const base = { command: 'add-members', actor: account.id, users: [account.id], signed: null } as const
  if (await isOfParent(call.gate, call.caller, room)) return act(call, room, { ...base, fromParent: true }, method)
  if (room.suite !== 'none' || typeOf(room) !== 'c') return notAllowed(method)
  const digest = await codeFor(call, room, code)
  // The room itself lets every administrator in; whom an administrator of this wire wants to ask as well is asked.
  if (room.config.joinCode && !may(call, 'join-without-join-code')) {
    const given = code !== undefined && code !== ''
    if (digest !== null && digest !== room.config.joinCode.digest)
      return errorOf({ rejected: 'code.wrong', given }, method)
  }
  if (digest === null) return new MeteorError(TOO_MANY, 'Too many wrong codes', { method })
  return act(call, room, digest === undefined ? base : { ...base, code: digest }, method)
}

export async function leave(call: Call, { room }: Found, method: string): Promise<Acted> {
  const { account } = call.caller
  const type = typeOf(room)
  if (type === 'd' || !may(call, type === 'c' ? 'leave-c' : 'leave-p')) return notAllowed(method)
  if (!room.members.has(account.id))
    return new MeteorError('error-user-not-in-room', 'You are not in this room', { method })
  return act(call, room, removal(account.id, account.id), method)
}

function removal(actor: UserId, user: UserId): Command {
  const how = actor === user ? 'left' : 'kicked'
  return { command: 'remove-members', actor, users: [user], how, reason: '', keepOwner: true }
}

export async function kick(call: Call, found: Found, user: Account, method: string): Promise<Acted> {
  const { room } = found
  const type = typeOf(room)
  if (type === 'd' || !may(call, 'remove-user', room)) return notAllowed(method)
  const anybody = may(call, type === 'c' ? 'kick-user-from-any-c-room' : 'kick-user-from-any-p-room')
  if (!anybody && !mayKnow(call.gate, call.caller, found)) {
    return new MeteorError(
      'error-room-not-found',
      'The required "roomId" or "roomName" param provided does not match any group',
    )
  }
  // Whoever kicks from any room is told nothing of who is in it.
  if (anybody && !room.members.has(user.id)) return room
  return act(call, room, removal(call.caller.account.id, user.id), method)
}

/** Who is a member already stays one. */
export async function add(call: Call, { room }: Found, users: readonly UserId[], method: string): Promise<Acted> {
  const { account } = call.caller
  const type = typeOf(room)
  if (type === 'd')
    return new MeteorError('error-cant-invite-for-direct-room', "Can't invite user to direct rooms", { method })
  const inside = room.members.has(account.id) && may(call, 'add-user-to-joined-room', room)
  const anywhere = may(call, type === 'c' ? 'add-user-to-any-c-room' : 'add-user-to-any-p-room')
  if (room.suite === 'xchat' || !(inside || anywhere)) return notAllowed(method)
  const added = users.filter(user => !room.members.has(user))
  if (added.length === 0) return room
  if (added.some(user => isBanned(call, room, user)))
    return new MeteorError('error-user-is-banned', 'User is banned from this room', { method })
  return act(call, room, { command: 'add-members', actor: account.id, users: added, signed: null }, method, {
    'member.required': notAllowed(method),
    'members.unaddable': notAllowed(method, 'This user cannot be added'),
  })
}

export type AnyRole = RoomRole | 'leader'

/** Owners, moderators and leaders are members: this wire knows no other. */
export async function changeRole(
  call: Call,
  { room }: Found,
  user: Account,
  role: AnyRole,
  granted: boolean,
  method: string,
): Promise<Acted> {
  const refused = (error: string, reason: string): MeteorError => new MeteorError(error, reason, { method })
  if (!may(call, `set-${role}`, room)) return notAllowed(method)
  const outside = granted ? refused('error-user-not-in-room', 'User is not in this room') : invalidRoom(method)
  if (!room.members.has(user.id)) return outside
  const held = role === 'leader' ? room.leaders.has(user.id) : hasRole(room, user.id, role)
  const a = role === 'owner' ? 'an' : 'a'
  if (held && granted) return refused(`error-user-already-${role}`, `User is already ${a} ${role}`)
  if (!held && !granted) return refused(`error-user-not-${role}`, `User is not ${a} ${role}`)
  const command = { command: 'change-role', actor: call.caller.account.id, user: user.id, role, granted } as const
  const changed = await act(call, room, { ...command, ofMember: true }, method, {
    'members.absent': outside,
    'owner.last': refused(
      'error-remove-last-owner',
      'This is the last owner. Please set a new owner before removing this one.',
    ),
  })
  if (changed instanceof MeteorError) return changed
  const type = granted ? 'added' : 'removed'
  tellRoleInRoom(call.gate.parts, room, { type, _id: role, u: userRefOf(user), scope: ridOf(room) })
  return changed
}

/** In a read-only room the end of a mute is a voice. */
export async function mute(
  call: Call,
  { room }: Found,
  user: Account,
  muted: boolean,
  method: string,
): Promise<true | MeteorError> {
  if (!may(call, 'mute-user', room)) return notAllowed(method)
  const type = typeOf(room)
  if (type === 'd')
    return new MeteorError('error-invalid-room-type', `${type} is not a valid room type`, { method, type })
  if (!room.members.has(user.id))
    return new MeteorError('error-user-not-in-room', 'User is not in this room', { method })
  const { sanctions } = call.gate.parts
  const { account: actor, session } = call.caller
  const asked = { actor, session, user: user.id, scope: { of: 'room', room: room.id } } as const
  const done = muted
    ? await sanctions.mute({ ...asked, until: null, reason: '', summary: '' })
    : await sanctions.lift({ ...asked, kind: 'mute' })
  return isRejection(done) ? errorOf(done, method) : true
}

export async function ban(
  call: Call,
  { room }: Found,
  user: Account,
  banned: boolean,
  method: string,
): Promise<true | MeteorError> {
  if (typeOf(room) === 'd' || !may(call, 'ban-user', room)) return notAllowed(method)
  const { sanctions } = call.gate.parts
  const { account: actor, session } = call.caller
  if (banned && isLastOwner(room, user.id))
    return new MeteorError('error-user-is-last-owner', 'The last owner of a room is not banned from it', { method })
  if (banned === isBanned(call, room, user.id)) {
    const error = banned ? 'error-user-already-banned' : 'error-user-not-banned'
    const reason = `User is ${banned ? 'already' : 'not'} banned from this room`
    return new MeteorError(error, reason, { method }, error)
  }
  const asked = { actor, session, user: user.id, scope: { of: 'room', room: room.id }, rank: 'moderator' } as const
  const done = banned
    ? await sanctions.ban({ ...asked, until: null, reason: '', summary: '' })
    : await sanctions.lift({ ...asked, kind: 'ban' })
  return isRejection(done) ? errorOf(done, method) : true
}

function isBanned({ gate }: Call, room: RoomState, user: UserId): boolean {
  return sanctionOn(room.sanctions, user, 'ban', gate.parts.clock.now()) !== undefined
}

function isLastOwner(room: RoomState, user: UserId): boolean {
  return (
    hasRole(room, user, 'owner') && ![...room.roles].some(([one, roles]) => one !== user && roles.includes('owner'))
  )
}

export async function archive(call: Call, { room }: Found, archived: boolean, method: string): Promise<Acted> {
  const type = typeOf(room)
  if (type === 'd')
    return new MeteorError('error-direct-message-room', `rooms type: ${type} can not be archived`, { method })
  if (!may(call, archived ? 'archive-room' : 'unarchive-room', room))
    return new MeteorError('error-not-authorized', 'Not authorized', { method })
  const command = { command: 'configure-room', actor: call.caller.account.id, changes: { archived } } as const
  return act(call, room, command, method)
}

/** Whether a room's team lets the caller end it: asked with their roles in the team. */
async function teamLets(call: Call, { team, id, kind }: RoomState): Promise<boolean> {
  if (!team || team.main === id) return true
  const main = await call.gate.parts.reading.room(team.main)
  return !main || may(call, kind === 'public' ? 'delete-team-channel' : 'delete-team-group', main.room)
}

export async function erase(call: Call, { room }: Found, method: string): Promise<Acted> {
  const type = typeOf(room)
  const permission = ({ c: 'delete-c', p: 'delete-p', d: 'delete-d' } as const)[type]
  if (!may(call, permission, room) || !(await teamLets(call, room))) return notAllowed(method)
  return act(call, room, { command: 'remove-room', actor: call.caller.account.id, reason: '' }, method)
}
