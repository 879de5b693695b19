// Accounts that their users end themselves, and those that nobody has used for long.

import { createHash } from 'node:crypto'
import type { UserId } from '@conclave/wire'
import type { Account } from '../../../room/facts.ts'
import { globalRolesOf } from '../encode.ts'
import { MeteorError, tooMany } from '../errors.ts'
import type { Caller, Gate } from '../gate.ts'
import { deleteUser, setActive } from './ending.ts'
import { everybody } from './everybody.ts'

const DAY = 24 * 60 * 60 * 1000

export async function endOwnAccount(
  gate: Gate,
  caller: Caller,
  digest: string,
  confirmed: boolean,
): Promise<MeteorError | null> {
  const method = 'deleteUserOwnAccount'
  const { identity } = gate.parts
  const { account } = caller
  if (!gate.settings.get('Accounts_AllowDeleteOwnAccount'))
    return new MeteorError('error-not-allowed', 'Not allowed', { method })
  if (await identity.hasPassword(account.id)) {
    const shown = { digest: digest.trim().toLowerCase() }
    const found = await identity.login.byPassword({ id: account.id }, shown, caller.address)
    if (found.login === 'limited' || found.login === 'busy') return tooMany(60_000)
    if (found.login !== 'ok') return new MeteorError('error-invalid-password', 'Invalid password', { method })
  } else if (createHash('sha256').update(account.username).digest('hex') !== digest.trim().toLowerCase())
    return new MeteorError('error-invalid-username', 'Invalid username', { method })
  return deleteUser(gate, account, account, confirmed)
}

/** How many were switched off. */
export async function deactivateIdle(gate: Gate, caller: Account, days: number, role: string): Promise<number> {
  const since = gate.parts.clock.now() - days * DAY
  const idle: UserId[] = []
  for await (const account of everybody(gate, caller.id)) {
    if (!account.active || !globalRolesOf(account).includes(role)) continue
    const { profile, createdAt } = await gate.people.about(account)
    if ((profile.lastLogin ?? createdAt) <= since) idle.push(account.id)
  }
  let count = 0
  for (const user of idle) {
    const account = await gate.parts.identity.accounts.load(user)
    if (account && (await setActive(gate, caller, account, false, true)) === null) count += 1
  }
  return count
}
