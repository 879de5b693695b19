// Whom a request means: by id or by name, one or several.
import { z } from 'zod'
import type { Account } from '../../room/facts.ts'
import type { GatewayParts } from '../gateway.ts'
import { MeteorError } from './errors.ts'
import { ID_TEXT, USERS } from './limits.ts'

const some = z.string().max(ID_TEXT).optional()
export const USER_NAMED = { userId: some, username: some, user: some } as const
const several = z.array(z.string().max(ID_TEXT)).max(USERS).optional()
export const USERS_NAMED = { ...USER_NAMED, userIds: several, usernames: several } as const

type Named = { readonly [K in keyof typeof USER_NAMED]?: string | undefined }
type ManyNamed = Named & {
  readonly userIds?: readonly string[] | undefined
  readonly usernames?: readonly string[] | undefined
}

export async function userNamed({ identity }: GatewayParts, named: Named): Promise<Account | MeteorError> {
  const [id, username] = [named.userId?.trim(), named.username?.trim() || named.user?.trim()]
  if (!id && !username)
    return new MeteorError(
      'error-user-param-not-provided',
      'The required "userId" or "username" param was not provided',
    )
  const account = await identity.users.find(id ? { id } : { username: username as string })
  return (
    account ??
    new MeteorError('error-invalid-user', 'The required "userId" or "username" param provided does not match any users')
  )
}

/** Each once; those whom nobody knows are left out, as the real server does. */
export async function usersIn({ identity }: GatewayParts, named: ManyNamed): Promise<Account[] | MeteorError> {
  const byId = named.userIds !== undefined || named.userId !== undefined
  const one = byId ? named.userId : (named.username ?? named.user)
  const texts = new Set([...((byId ? named.userIds : named.usernames) ?? []), one ?? ''])
  texts.delete('')
  if (texts.size === 0)
    return new MeteorError(
      'error-users-params-not-provided',
      'Please provide "userId" or "username" or "userIds" or "usernames" as param',
    )
  const found: Account[] = []
  for (const text of texts) {
    const account = await identity.users.find(byId ? { id: text } : { username: text })
    if (account?.active) found.push(account)
  }
  return found
}
