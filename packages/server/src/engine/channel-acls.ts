// Changes to a channel's access rules: decided on the channel and the account as they are, written only while both still
// are so (L3), and decided again where somebody else was faster.
import type { ChannelId, UserId } from '@conclave/wire'
import type { Clock } from '../clock.ts'
import type { Identity } from '../identity/identity.ts'
import { ATTEMPTS } from '../limits.ts'
import { changeAcls } from '../room/acl-change.ts'
import type { ProposedAcl } from '../room/acl-check.ts'
import type { AclRules } from '../room/acl-rules.ts'
import { isRejection, type Rejection } from '../room/rejection.ts'
import { checkChannelAclChange } from '../room/rights.ts'
import type { Write } from '../store/store.ts'

export interface ChannelAclParts {
  readonly identity: Identity
  readonly clock: Clock
  readonly write: Write
  readonly rules: AclRules
}

export interface ChannelAclChange {
  readonly channel: ChannelId
  readonly actor: UserId
  /** As those of `set-acls`: in this order, a value null takes away. */
  readonly changes: readonly ProposedAcl[]
}

/** null when the channel has them; a channel that is gone is `room.unknown`. */
export async function changeChannelAcls(
  { identity, clock, write, rules }: ChannelAclParts,
  { channel: id, actor, changes }: ChannelAclChange,
): Promise<Rejection | null> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const account = await identity.accounts.load(actor)
    const channel = await identity.channels.load(id)
    if (!channel) return { rejected: 'room.unknown' }
    if (!account) return { rejected: 'account.inactive' }
    const barred = checkChannelAclChange(channel, account, clock.now())
    if (barred) return barred
    const acls = changeAcls(channel.acls, changes, 'channel', rules)
    if (isRejection(acls)) return acls
    if (JSON.stringify(acls) === JSON.stringify(channel.acls)) return null
    const outcome = await write({
      guards: [
        { of: 'channel', id, version: channel.version },
        { of: 'account', id: actor, version: account.version },
      ],
      append: null,
      rows: [{ put: 'channel', channel: { ...channel, acls } }],
    })
    if (outcome.outcome === 'committed') {
      identity.changed('channel', id)
      return null
    }
    if (outcome.outcome === 'stale') identity.forgetOne(outcome.guard.of, outcome.guard.id)
  }
  return { rejected: 'conflict', current: null }
}
