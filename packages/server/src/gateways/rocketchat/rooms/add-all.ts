// Everybody into one room: for administrators of small servers (`API_User_Limit`).
import type { UserId } from '@conclave/wire'
import { isRejection } from '../../../room/rejection.ts'
import { errorOf, MeteorError } from '../errors.ts'
import { ADDED_TOGETHER } from '../limits.ts'
import type { Call } from '../method.ts'
import { type Found, typeOf } from '../names.ts'
import { submit } from '../submit.ts'
import { everybody } from '../users/everybody.ts'
import { may } from './room-acts.ts'

const METHOD = 'addAllToRoom'

/** Nobody stays out for somebody else: whoever cannot be added, for a ban or being too many, is left out. */
export async function addAll(call: Call, { room }: Found): Promise<true | MeteorError> {
  const { gate, caller } = call
  if (!may(call, 'add-all-to-room')) return new MeteorError(403, 'Access to Method Forbidden', { method: METHOD })
  if (typeOf(room) === 'd' || room.suite === 'xchat')
    return new MeteorError('error-not-allowed', 'Not allowed', { method: METHOD })
  const users: UserId[] = []
  let counted = 0
  const most = gate.settings.get('API_User_Limit')
  for await (const account of everybody(gate, caller.account.id)) {
    if (++counted > most) return new MeteorError('error-user-limit-exceeded', 'User Limit Exceeded', { method: METHOD })
    if (account.active && !room.members.has(account.id)) users.push(account.id)
  }
  for (let at = 0; at < users.length; at += ADDED_TOGETHER) {
    const wanted = new Set(users.slice(at, at + ADDED_TOGETHER))
    while (wanted.size > 0) {
      const command = { command: 'add-members', actor: caller.account.id, users: [...wanted], signed: null } as const
      const done = await submit(call, room.id, command)
      if (!isRejection(done)) break
      if (done.rejected !== 'members.unaddable' && done.rejected !== 'members.already') return errorOf(done, METHOD)
      wanted.delete(done.user)
    }
  }
  return true
}
