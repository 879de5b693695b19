// Turn away who has asked to be let into an X group: signed by an admin (x-chat.md 5.4), or by nobody where the server
// ends a request with an account or by a ban. They may ask again: a ban is what keeps somebody away.
import type { UserId } from '@conclave/wire'
import { checkGroupAdmin } from '../admins.ts'
import type { CommandRule } from '../decision.ts'
import type { Rejection } from '../rejection.ts'
import { isRejection } from '../rejection.ts'
import type { ActionSignature } from '../signatures.ts'
import { keysOf, readList, signedOf, usersNamed } from '../signatures.ts'
import type { RoomState } from '../state.ts'

export interface RejectJoins {
  readonly command: 'reject-joins'
  /** null: the server, with nothing signed. */
  readonly actor: UserId | null
  readonly users: readonly UserId[]
  readonly signatures: readonly ActionSignature[]
}

export const rejectJoins: CommandRule<RejectJoins> = {
  needs(_state, { actor, signatures }) {
    return actor === null ? { accounts: [], keys: [] } : { accounts: [actor], keys: [actor, ...usersNamed(signatures)] }
  },

  decide(state, { actor, users, signatures }, facts, context) {
    if (!state || state.removed) return { rejected: 'room.unknown' }
    const refused = actor === null ? null : checkGroupAdmin(state, actor, 'only groups are asked', facts, context)
    if (refused) return refused
    const unfit = checkUsers(state, users)
    if (unfit) return unfit
    if (actor === null) return { events: [{ type: 'join.rejected', users, signed: null }] }
    const read = readList(state, signatures, 'join reject', users, 'user_ids', actor, facts, context)
    if (isRejection(read)) return read
    return {
      events: [{ type: 'join.rejected', users, signed: signedOf(read) }],
      messageKeys: keysOf(signatures, actor),
    }
  },
}

function checkUsers(state: RoomState, users: readonly UserId[]): Rejection | null {
  if (users.length === 0) return { rejected: 'members.none' }
  const seen = new Set<UserId>()
  for (const user of users) {
    if (seen.has(user)) return { rejected: 'members.duplicate', user }
    seen.add(user)
    if (!state.requests.has(user)) return { rejected: 'join.absent', user }
  }
  return null
}
