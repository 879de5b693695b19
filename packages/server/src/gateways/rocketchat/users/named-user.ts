// Several users that a request means: by id or by name.
import { z } from 'zod'
import type { Account } from '../../../room/facts.ts'
import { MeteorError } from '../errors.ts'
import type { Gate } from '../gate.ts'
import { ID_TEXT, USERS } from '../limits.ts'
import { personFrom, personNamed, personWithId, WHO, type Who } from './find.ts'

export const USER_NAMED = WHO
const several = z.array(z.string().max(ID_TEXT)).max(USERS).optional()
export const USERS_NAMED = { ...USER_NAMED, userIds: several, usernames: several } as const

interface ManyNamed extends Who {
  readonly userIds?: readonly string[] | undefined
  readonly usernames?: readonly string[] | undefined
}

export async function userNamed(gate: Gate, named: Who): Promise<Account | MeteorError> {
  const found = await personFrom(gate, named)
  return found instanceof MeteorError ? found : found.account
}

/** Each once; those whom nobody knows are left out, as the real server does. */
export async function usersIn(gate: Gate, named: ManyNamed): Promise<Account[] | MeteorError> {
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
    const person = await (byId ? personWithId : personNamed)(gate, text)
    if (person?.account.active) found.push(person.account)
  }
  return found
}
