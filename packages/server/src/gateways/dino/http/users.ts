// Users whom a call names before they have ever logged in: the site knows them, so they are made (dino.md section 12).
import type { UserId } from '@conclave/wire'
import { isRefused } from '../../../identity/rejection.ts'
import type { Account } from '../../../room/facts.ts'
import type { GatewayParts } from '../../gateway.ts'
import { Fault } from './route.ts'

/** `name`: the name to show; the username is the id, until the site says otherwise. */
export async function accountFor({ identity }: GatewayParts, id: UserId, name: string): Promise<Account | Fault> {
  const known = await identity.users.find({ id })
  if (known) return known
  const made = await identity.users.create({ id, username: id, name: name === '' ? id : name })
  if (!isRefused(made)) return made
  const now = await identity.users.find({ id })
  return now ?? new Fault(`the user ${id} could not be made: ${made.rejected}`)
}
