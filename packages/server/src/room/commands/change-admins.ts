// Make members of an X group its admins, or admins ordinary members again: one change of several users, signed by an
// admin (L1, L5; x-chat.md 5.4). Other rooms' roles, and moderators, are change-role.ts.
import type { UserId } from '@conclave/wire'
import { checkAdmin, checkGroupAdmin, checkMakesAdmins } from '../admins.ts'
import type { CommandRule } from '../decision.ts'
import type { Rejection } from '../rejection.ts'
import { isRejection } from '../rejection.ts'
import type { ActionSignature } from '../signatures.ts'
import { keysOf, readList, signedOf, usersNamed } from '../signatures.ts'
import type { RoomState } from '../state.ts'
import { hasRole, usersWith } from '../state.ts'

export interface ChangeAdmins {
  readonly command: 'change-admins'
  readonly actor: UserId
  readonly users: readonly UserId[]
  readonly granted: boolean
  readonly signatures: readonly ActionSignature[]
}

export const changeAdmins: CommandRule<ChangeAdmins> = {
  needs: (_state, { actor, signatures }) => ({ accounts: [actor], keys: [actor, ...usersNamed(signatures)] }),

  decide(state, command, facts, context) {
    if (!state || state.removed) return { rejected: 'room.unknown' }
    const { actor, users, granted, signatures } = command
    const may = granted ? checkMakesAdmins : checkAdmin
    const refused =
      checkGroupAdmin(state, actor, 'only groups have admins', facts, context, may) ?? checkUsers(state, command)
    if (refused) return refused
    const part = granted ? 'admin add' : 'admin remove'
    const read = readList(state, signatures, part, users, 'user_ids', actor, facts, context)
    if (isRejection(read)) return read
    return {
      // One signature for all of them: one event that X's clients are shown.
      events: users.map((user, index) => ({
        type: 'roles.changed',
        user,
        role: 'owner',
        granted,
        signed: index === 0 ? signedOf(read) : null,
      })),
      messageKeys: keysOf(signatures, actor),
    }
  },
}

function checkUsers(state: RoomState, { users, granted }: ChangeAdmins): Rejection | null {
  if (users.length === 0) return { rejected: 'members.none' }
  const seen = new Set<UserId>()
  for (const user of users) {
    if (seen.has(user)) return { rejected: 'members.duplicate', user }
    seen.add(user)
    if (!state.members.has(user)) return { rejected: 'members.absent', user }
    if (hasRole(state, user, 'owner') === granted)
      return granted ? { rejected: 'role.held', user } : { rejected: 'role.absent', user }
  }
  const last = !granted && usersWith(state, 'owner').every(admin => seen.has(admin))
  return last ? { rejected: 'owner.last' } : null
}
