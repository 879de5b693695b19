// Users by the operator's hand: made, disabled, ended. An account's end removes its memberships room by room,
// through the one command that does so; encrypted rooms close (L4).
import { type ChannelId, isUserId, type RoomId, type UserId } from '@conclave/wire'
import type { Core } from '../engine/core.ts'
import type { IdentityRejection } from '../identity/rejection.ts'
import { isRefused } from '../identity/rejection.ts'
import type { Account, GlobalRole } from '../room/facts.ts'
import { isRejection } from '../room/rejection.ts'
import { everyAccount } from './every.ts'

export interface UserShown {
  readonly id: string
  readonly username: string
  readonly name: string
  readonly active: boolean
  readonly roles: readonly string[]
}

export interface NewUser {
  readonly id?: string
  readonly username: string
  readonly name?: string
  readonly password?: string
  readonly roles?: readonly GlobalRole[]
}

/** A sentence for the operator; the cause is in what they asked for. */
export class OperatorError extends Error {
  override readonly name = 'OperatorError'
}

export async function addUser(core: Core, user: NewUser): Promise<UserShown> {
  if (user.id !== undefined && !isUserId(user.id))
    throw new OperatorError(`"${user.id}" is no user id: it must be decimal, without a leading zero and below 2^63.`)
  const { id, username, name, password, roles } = user
  const account = await core.identity.users.create({
    username,
    ...(id === undefined ? {} : { id: id as UserId }),
    ...(name === undefined ? {} : { name }),
    ...(roles === undefined ? {} : { roles }),
    ...(password === undefined ? {} : { password: { plain: password } }),
  })
  return shown(succeeded(account))
}

/** No log-in and no request any more; every session is closed. Memberships stay. */
export async function disableUser(core: Core, id: string): Promise<UserShown> {
  return shown(succeeded(await core.identity.users.disable(userIdOf(id))))
}

/** The account ends: out of every room, without tokens and password. Its id and its keys stay (L9). */
export async function removeUser(core: Core, id: string): Promise<UserShown & { readonly rooms: number }> {
  const user = userIdOf(id)
  succeeded(await core.identity.users.disable(user))
  const rooms = await leaveRooms(core, user, 'account', '')
  return { ...shown(succeeded(await core.identity.users.end(user))), rooms }
}

/** Ends memberships room by room, of one channel or all; gives how many. Encrypted rooms close (L4). */
export async function leaveRooms(
  core: Core,
  user: UserId,
  how: 'account' | 'banned',
  reason: string,
  channel?: ChannelId,
): Promise<number> {
  const left = new Set<RoomId>()
  // Again until nothing is new: somebody may be adding them while they go.
  for (let found = true; found; ) {
    found = false
    for (const room of await core.store.roomsOf(user)) {
      if (left.has(room)) continue
      if (channel !== undefined && (await core.rooms.load(room))?.channel !== channel) continue
      const command = { command: 'remove-members', actor: null, users: [user], how, reason, keepOwner: false } as const
      const answer = await core.engine.submit({ room, command, session: null, bytes: 0 })
      if (isRejection(answer) && answer.rejected !== 'members.absent' && answer.rejected !== 'room.unknown')
        throw new OperatorError(`The room ${room} could not be left: ${answer.rejected}.`)
      left.add(room)
      found = true
    }
  }
  return left.size
}

export async function listUsers(core: Core): Promise<UserShown[]> {
  const users: UserShown[] = []
  await everyAccount(core.store, account => void users.push(shown(account)))
  return users
}

function userIdOf(id: string): UserId {
  if (!isUserId(id)) throw new OperatorError(`"${id}" is no user id.`)
  return id
}

function shown({ id, username, name, active, roles }: Account): UserShown {
  return { id, username, name, active, roles }
}

export function succeeded<T extends object>(result: T | IdentityRejection): T {
  if (!isRefused(result)) return result
  throw new OperatorError(sentenceFor(result))
}

function sentenceFor(rejection: IdentityRejection): string {
  switch (rejection.rejected) {
    case 'user.unknown':
      return 'There is no such user.'
    case 'user.exists':
      return `There is a user ${rejection.user} already.`
    case 'username.taken':
      return `The username "${rejection.username}" is taken.`
    case 'user.malformed':
      return `The ${rejection.field} ${rejection.text}.`
    case 'password.malformed':
      return `The password ${rejection.text}.`
    case 'busy':
      return 'Too many passwords wait to be hashed; try again.'
    default:
      return `Refused: ${rejection.rejected}.`
  }
}
