// Statuses that users give themselves (rocketchat.md section 3); what others see of them is presence.ts's.

import { isRefused } from '../../../identity/rejection.ts'
import type { Account } from '../../../room/facts.ts'
import { MeteorError } from '../errors.ts'
import type { Gate } from '../gate.ts'
import { STATUS_TEXT } from '../limits.ts'
import { tellPresence } from '../live/tell.ts'
import { type ShownStatus, STATUSES } from './people.ts'
import { presenceOf } from './presence.ts'

export async function statusOf(gate: Gate, account: Account): Promise<ShownStatus> {
  return (await presenceOf(gate, account)).status
}

export function isStatus(text: string): text is ShownStatus {
  return (STATUSES as readonly string[]).includes(text)
}

export interface StatusChange {
  readonly status?: string | undefined
  readonly text?: string | undefined
}

/** By the user, or on their behalf by who may. null when it is done. */
export async function setStatus(
  gate: Gate,
  account: Account,
  { status, text }: StatusChange,
  method: string,
): Promise<MeteorError | null> {
  if (status !== undefined && !isStatus(status))
    return new MeteorError('error-invalid-status', 'Valid status types include online, away, offline, and busy.', {
      method,
    })
  if (status === 'offline' && !gate.settings.get('Accounts_AllowInvisibleStatusOption'))
    return new MeteorError('error-status-not-allowed', 'Invisible status is disabled', { method })
  const isThere = (await gate.parts.presence.sessionsOf(account.id)).length > 0
  const changed = await gate.people.change(account.id, {
    profile: {
      ...(status === undefined ? {} : { statusDefault: status, statusSet: isThere ? null : status }),
      ...(text === undefined ? {} : { statusText: text.trim().slice(0, STATUS_TEXT) }),
    },
  })
  if (isRefused(changed)) return new MeteorError('error-not-allowed', 'Not allowed', { method })
  tellPresence(gate.parts, account.id)
  return null
}

/** A session is there: what was said without one holds no longer. */
export async function arrived({ people }: Gate, account: Account): Promise<void> {
  if ((await people.about(account)).profile.statusSet !== null)
    await people.change(account.id, { profile: { statusSet: null } })
}

/** How somebody is connected, whatever they say of themselves. */
export async function connectionStatusOf({ parts }: Pick<Gate, 'parts'>, { id }: Account): Promise<string> {
  const status = await parts.presence.statusOf(id)
  return status === 'invisible' ? 'offline' : status
}
