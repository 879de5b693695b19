// Users by the operator's hand: made, disabled, ended. An account's end removes its memberships room by room,
// through the one command that does so; encrypted rooms close (L4).
import { isUserId, type UserId } from '@conclave/wire'
import type { Core } from '../engine/core.ts'
import type { IdentityRejection } from '../identity/rejection.ts'
import { isRefused } from '../identity/rejection.ts'
import type { Account, GlobalRole } from '../room/facts.ts'
import { isRejection } from '../room/rejection.ts'

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
  let rooms = 0
  // Again until none is left: somebody may be adding them while they go.
  for (let held = await core.store.roomsOf(user); held.length > 0; held = await core.store.roomsOf(user)) {
    for (const room of held) {
      const command = {
        command: 'remove-members',
        actor: null,
        users: [user],
        how: 'account',
        reason: '',
        keepOwner: false,
      } as const
      const answer = await core.engine.submit({ room, command, session: null, bytes: 0 })
      if (isRejection(answer) && answer.rejected !== 'members.absent')
        throw new OperatorError(`The room ${room} could not be left: ${answer.rejected}.`)
      rooms += 1
    }
  }
  return { ...shown(succeeded(await core.identity.users.end(user))), rooms }
}

export async function listUsers(core: Core, after: string | null, limit: number): Promise<UserShown[]> {
  return (await core.store.accounts(after as UserId | null, limit)).map(shown)
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
  const text = 'text' in result ? `${'field' in result ? result.field : ''} ${result.text}`.trim() : result.rejected
  throw new OperatorError(`Refused: ${text}.`)
}
