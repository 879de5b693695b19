// Accounts that are switched off or end (rocketchat.md section 7). Nobody goes while a room would be left without an owner,
// unless who asks says so: then the member who has been there longest becomes the owner, and a private room with nobody
// else ends. The last administrator stays.
import type { UserId } from '@conclave/wire'
import { isRefused } from '../../../identity/rejection.ts'
import type { Command } from '../../../room/decide.ts'
import type { Account } from '../../../room/facts.ts'
import { isRejection } from '../../../room/rejection.ts'
import { hasRole, type RoomState, usersWith } from '../../../room/state.ts'
import { errorOf, MeteorError } from '../errors.ts'
import type { Gate } from '../gate.ts'
import { tellLogged, tellPresence } from '../live/tell.ts'
import { fullNameOf, typeOf } from '../names.ts'
import { standsAbove } from './find.ts'
import { isLastAdmin, lastAdmin } from './last-admin.ts'

interface Left {
  readonly room: RoomState
  /** Who takes over; null: nobody is there, and the room ends. */
  readonly heir: UserId | null
}

export async function setActive(
  gate: Gate,
  caller: Account,
  target: Account,
  active: boolean,
  confirmed: boolean,
): Promise<MeteorError | null> {
  const method = 'setUserActiveStatus'
  if (standsAbove(target, caller)) return new MeteorError('error-not-allowed', 'Not allowed', { method })
  if (!active) {
    if (await isLastAdmin(gate, target)) return lastAdmin('Leaving the app without an active admin is not allowed')
    const left = await handOver(gate, target, confirmed, method)
    if (left) return left
  }
  const changed = await gate.parts.identity.users.change(target.id, { active })
  if (isRefused(changed)) return new MeteorError('error-invalid-user', 'Invalid user', { method })
  // Open sessions ended with the account; the tokens that this wire gave out do, too.
  if (!active) {
    const tokens = await gate.parts.identity.tokens.of(target.id)
    await gate.parts.identity.tokens.revoke(
      tokens.filter(({ issuer }) => issuer === 'rocketchat'),
      'account disabled',
    )
  }
  tellPresence(gate.parts, target.id)
  return null
}

/** By the user, or by an administrator; whether they may is the caller's to check. */
export async function deleteUser(
  gate: Gate,
  caller: Account,
  target: Account,
  confirmed: boolean,
): Promise<MeteorError | null> {
  const method = 'deleteUser'
  const { parts } = gate
  if (standsAbove(target, caller)) return new MeteorError('error-not-allowed', 'Not allowed', { method })
  if (await isLastAdmin(gate, target)) return lastAdmin('Leaving the app without admins is not allowed')
  const left = await handOver(gate, target, confirmed, method)
  if (left) return left
  const disabled = await parts.identity.users.disable(target.id)
  if (isRefused(disabled)) return new MeteorError('error-invalid-user', 'Invalid user to delete', { method })
  const gone = await parts.endMemberships({
    user: target.id,
    how: 'account',
    reason: '',
    channel: null,
    sparesDirect: false,
  })
  if (isRejection(gone)) return errorOf(gone, method)
  const ended = await parts.identity.users.end(target.id)
  if (isRefused(ended)) return new MeteorError('error-conflict', 'Try again', { method })
  tellLogged(parts, 'Users:Deleted', { userId: target.id, messageErasureType: 'Keep' })
  return null
}

async function handOver(gate: Gate, target: Account, confirmed: boolean, method: string): Promise<MeteorError | null> {
  const rooms = await ownedAlone(gate, target)
  if (rooms.length === 0) return null
  if (!confirmed) {
    const named = (inherited: boolean): string[] =>
      rooms.filter(({ heir }) => (heir !== null) === inherited).map(({ room }) => fullNameOf(room))
    return new MeteorError('user-last-owner', '', { shouldBeRemoved: named(false), shouldChangeOwner: named(true) })
  }
  for (const { room, heir } of rooms) {
    const command: Command = heir
      ? { command: 'change-role', actor: null, user: heir, role: 'owner', granted: true }
      : { command: 'remove-room', actor: null, reason: '' }
    const done = await gate.parts.engine.submit({ room: room.id, command, session: null, bytes: 0 })
    if (isRejection(done) && done.rejected !== 'room.unknown' && done.rejected !== 'suite.refused')
      return errorOf(done, method)
  }
  return null
}

/** Rooms that would be left without an owner, or without anybody. Direct rooms have none; X's change over X alone. */
async function ownedAlone({ parts }: Gate, { id }: Account): Promise<Left[]> {
  const left: Left[] = []
  for (const room of await parts.reading.roomsOf(id)) {
    if (room.kind === 'direct' || room.suite === 'xchat') continue
    const isPublic = typeOf(room) === 'c'
    if (!hasRole(room, id, 'owner')) {
      if (!isPublic && room.members.size === 1) left.push({ room, heir: null })
      continue
    }
    if (usersWith(room, 'owner').length > 1) continue
    const heir = await longestThere(parts.identity.accounts, room, id)
    if (heir || !isPublic) left.push({ room, heir })
  }
  return left
}

async function longestThere(
  accounts: Gate['parts']['identity']['accounts'],
  room: RoomState,
  but: UserId,
): Promise<UserId | null> {
  const members = [...room.members].filter(([user]) => user !== but).sort(([, a], [, b]) => a.at - b.at)
  for (const [user] of members) if ((await accounts.load(user))?.active) return user
  return null
}
