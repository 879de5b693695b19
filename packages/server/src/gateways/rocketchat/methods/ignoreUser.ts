// `ignoreUser`: messages of another member are not shown to the user, and none of them is notified of.
import { isUserId } from '@conclave/wire'
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { IGNORED } from '../limits.ts'
import { type Call, method } from '../method.ts'
import { id, list } from '../params.ts'
import { keep, ownMembership } from '../rooms/membership-acts.ts'

const NAME = 'ignoreUser'

export const ignoreUser = method({
  name: NAME,
  params: list(z.looseObject({ rid: id, userId: id, ignore: z.boolean().nullish() })),
  run: (call, [{ rid, userId, ignore }]) => ignoreIn(call, rid, userId, ignore ?? true),
})

export async function ignoreIn(
  { gate, caller }: Pick<Call, 'gate' | 'caller'>,
  rid: string,
  user: string,
  ignore: boolean,
): Promise<true | MeteorError> {
  const own = await ownMembership(gate, caller, rid)
  if (!own || !isUserId(user) || !own.room.members.has(user))
    return new MeteorError('error-invalid-subscription', 'Invalid subscription', { method: NAME })
  if (ignore && Object.keys(Object(own.membership.kept.ignored)).length >= IGNORED)
    return new MeteorError('error-not-allowed', `At most ${IGNORED} users are ignored`, { method: NAME })
  await keep(gate, own, { fields: { ignored: { [user]: ignore ? true : null } } })
  return true
}
