// The user that a request names, and who may act on whom.
import { isUserId } from '@conclave/wire'
import { z } from 'zod'
import { isRefused } from '../../../identity/rejection.ts'
import type { Account } from '../../../room/facts.ts'
import { MeteorError } from '../errors.ts'
import type { Gate } from '../gate.ts'
import { ID_TEXT } from '../limits.ts'
import type { Person } from './people.ts'

const text = z.string().max(ID_TEXT).optional()
/** How requests name a user. */
export const WHO = { userId: text, username: text, user: text } as const
export interface Who {
  readonly userId?: string | undefined
  readonly username?: string | undefined
  readonly user?: string | undefined
}

export function namesSomebody({ userId, username, user }: Who): boolean {
  return Boolean(userId?.trim() || username?.trim() || user?.trim())
}

/** By id first, then by name without regard to case. */
export async function personFrom(gate: Gate, who: Who): Promise<Person | MeteorError> {
  if (!namesSomebody(who))
    return new MeteorError(
      'error-user-param-not-provided',
      'The required "userId" or "username" param was not provided',
    )
  const name = who.username?.trim() || who.user?.trim() || ''
  const found = who.userId?.trim() ? await personWithId(gate, who.userId) : await personNamed(gate, name)
  return (
    found ??
    new MeteorError('error-invalid-user', 'The required "userId" or "username" param provided does not match any users')
  )
}

export async function personWithId(gate: Gate, id: string): Promise<Person | undefined> {
  if (id === BOT) return personNamed(gate, BOT)
  const found = isUserId(id) ? await gate.people.of(id) : undefined
  return found && hasEnded(found.account) ? undefined : found
}

export async function personNamed(gate: Gate, username: string): Promise<Person | undefined> {
  if (username === '') return undefined
  const { parts, people } = gate
  const account = await parts.identity.users.find({ username })
  if (account) return hasEnded(account) ? undefined : people.about(account)
  return username.toLowerCase() === BOT ? bot(gate) : undefined
}

/** The bot that every server of the vendor's has, and that its scripts and tests put into rooms: made when it is first
 * asked for, so that nobody else has an account that they do not know of. It has no password and no token. */
const BOT = 'rocket.cat'

async function bot({ parts, people }: Gate): Promise<Person | undefined> {
  const made = await people.create({ username: BOT, name: 'Rocket.Cat' }, { type: 'bot' })
  if (!isRefused(made)) return made
  // Somebody else has asked for it at the same moment.
  const account = await parts.identity.users.find({ username: BOT })
  return account && people.about(account)
}

/** Accounts that ended stay for their old events' sake; to clients they are gone. */
export function hasEnded(account: Account): boolean {
  return account.username === `removed-${account.id}`
}

/** What stands above an administrator of this wire is not theirs to change: whoever took such an account would hold every
 * wire. */
export function standsAbove(target: Account, caller: Account): boolean {
  if (target.id === caller.id || caller.roles.includes('superuser')) return false
  return target.roles.includes('superuser') || target.roles.includes('globalmod')
}

export function isMyself(who: Who, { id, username }: Account): boolean {
  if (!namesSomebody(who)) return true
  if (who.userId?.trim()) return who.userId === id
  return (who.username ?? who.user)?.trim().toLowerCase() === username.toLowerCase()
}
