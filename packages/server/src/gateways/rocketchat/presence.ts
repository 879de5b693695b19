// What a user is to others on this wire.
import type { Account } from '../../room/facts.ts'
import type { GatewayParts } from '../gateway.ts'

export type ShownStatus = 'online' | 'away' | 'busy' | 'offline'

export interface ShownPresence {
  readonly status: ShownStatus
  readonly statusText: string
}

/** As numbers in streams (rocketchat.md section 3). */
export const STATUS_CODE: Readonly<Record<ShownStatus, number>> = { offline: 0, online: 1, away: 2, busy: 3 }

/** Who is invisible is offline to everybody here. */
export async function presenceOf(parts: GatewayParts, account: Account): Promise<ShownPresence> {
  const status = account.active ? await parts.statuses.of(account.id) : 'offline'
  return { status: status === 'invisible' ? 'offline' : status, statusText: '' }
}
