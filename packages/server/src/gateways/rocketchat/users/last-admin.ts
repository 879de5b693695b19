// Somebody has to be able to set what others may: the last active administrator stays one.
import type { Account } from '../../../room/facts.ts'
import { MeteorError } from '../errors.ts'
import type { Gate } from '../gate.ts'
import { countAdmins } from './everybody.ts'

export async function isLastAdmin(gate: Gate, { id, roles }: Account): Promise<boolean> {
  if (!roles.includes('admin') && !roles.includes('superuser')) return false
  return (await countAdmins(gate, one => one.active && one.id !== id)) === 0
}

export function lastAdmin(reason: string): MeteorError {
  const details = { method: 'removeUserFromRole', action: 'Remove_last_admin' }
  return new MeteorError('error-action-not-allowed', reason, details)
}
