// What a user is to others on this wire: the status that all wires share, with what this one adds to it.
import type { Account } from '../../../room/facts.ts'
import type { Gate } from '../gate.ts'
import type { ShownStatus } from './people.ts'

export interface ShownPresence {
  readonly status: ShownStatus
  readonly statusText: string
}

/** As numbers in streams (rocketchat.md section 3). */
export const STATUS_CODE: Readonly<Record<ShownStatus, number>> = { offline: 0, online: 1, away: 2, busy: 3 }

/** Who is invisible is offline to everybody here. What they want to be counts while a session is there, what was set by
 * hand while none is. */
export async function presenceOf({ parts, people }: Gate, account: Account): Promise<ShownPresence> {
  const { profile } = await people.about(account)
  const { statusText, statusDefault, statusSet } = profile
  if (!account.active) return { status: 'offline', statusText: '' }
  const live = await parts.statuses.of(account.id)
  if (live === 'invisible') return { status: 'offline', statusText }
  if (live === 'offline') return { status: statusSet ?? 'offline', statusText }
  return { status: statusDefault === 'online' ? live : statusDefault, statusText }
}
