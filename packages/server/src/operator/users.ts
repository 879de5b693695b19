// Users by the operator's hand: made, disabled, ended. An account's end removes its memberships room by room,
// through the one command that does so; encrypted rooms close (L4).
import { isUserId, type UserId } from '@conclave/wire'
import type { Core } from '../engine/core.ts'
import { endMemberships } from '../engine/memberships.ts'
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
  const ended = await endMemberships(core, { user, how: 'account', reason: '', channel: null, sparesDirect: false })
  if (isRejection(ended)) throw new OperatorError(`Not every room could be left: ${ended.rejected}.`)
  return { ...shown(succeeded(await core.identity.users.end(user))), rooms: ended.left.length }
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
