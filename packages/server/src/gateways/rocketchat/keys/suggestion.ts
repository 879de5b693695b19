// Taking and refusing the copy of a room's key that somebody has suggested (rocketchat.md 5.5).
import { isRejection } from '../../../room/rejection.ts'
import { errorOf, MeteorError, notAllowed } from '../errors.ts'
import type { Call } from '../method.ts'
import { roomOf } from '../names.ts'
import { submit } from '../submit.ts'

/** `method`: the caller's own route, which the details name. */
export async function settleSuggestion(
  call: Call,
  rid: string,
  accepted: boolean,
  method: string,
): Promise<object | MeteorError> {
  const { account } = call.caller
  const found = await roomOf(call.gate.parts, account, rid)
  if (!found?.room.members.has(account.id))
    return new MeteorError('error-subscription-not-found', 'Subscription not found', { method })
  if (found.room.suite === 'xchat') return notAllowed(method)
  const done = await submit(call, found.room.id, { command: 'settle-suggestion', actor: account.id, accepted })
  if (!isRejection(done)) return {}
  return done.rejected === 'wrap.missing'
    ? new MeteorError('error-no-suggested-key-available', 'No suggested key available', { method })
    : errorOf(done, method)
}
