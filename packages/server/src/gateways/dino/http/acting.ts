// In whose name the site bans, mutes and kicks. Whoever is named is shown, if they could have done it themselves; where
// they could not, or nobody is named, it is the server's own doing.
import type { Account } from '../../../room/facts.ts'
import { isRejection, type Rejection, type RejectionCode } from '../../../room/rejection.ts'
import type { GatewayParts } from '../../gateway.ts'
import { refusalOf } from '../errors.ts'
import { Fault } from './route.ts'

/** Refusals that say that the one who is named may not do this. */
const NOT_THEIRS: ReadonlySet<RejectionCode> = new Set([
  'role.required',
  'member.required',
  'acl',
  'banned',
  'account.inactive',
])

export async function inNameOf<Done extends object>(
  parts: GatewayParts,
  id: string | null | undefined,
  run: (actor: Account | null) => Promise<Done | Rejection>,
): Promise<Done | Fault> {
  const actor = id ? ((await parts.identity.users.find({ id })) ?? null) : null
  const first = await run(actor)
  const done = actor && isRejection(first) && NOT_THEIRS.has(first.rejected) ? await run(null) : first
  return isRejection(done) ? new Fault(refusalOf(done, { now: parts.clock.now() }).text) : done
}
