// Give or take a room role. In X rooms admins change by X's signature alone (L1): change-admins.ts.
import type { UserId } from '@conclave/wire'
import type { CommandRule } from '../decision.ts'
import type { RoomRole } from '../events.ts'
import { isRejection } from '../rejection.ts'
import { ownerOf } from '../rights.ts'
import { hasRole, usersWith } from '../state.ts'

export interface ChangeRole {
  readonly command: 'change-role'
  readonly actor: UserId | null
  readonly user: UserId
  readonly role: RoomRole | 'leader'
  readonly granted: boolean
  /** Refused where the user is no member, also in plain rooms (Rocket.Chat). */
  readonly ofMember?: true
}

export const changeRole: CommandRule<ChangeRole> = {
  needs: (_state, command) => ({
    accounts: command.actor === null ? [command.user] : [command.actor, command.user],
    keys: [],
  }),

  decide(state, command, facts, context) {
    if (!state || state.removed) return { rejected: 'room.unknown' }
    const { actor, user, role, granted } = command
    if (actor !== null) {
      const account = ownerOf(state, facts, actor, context.now, 'only owners may change roles')
      if (isRejection(account)) return account
      const last = hasRole(state, user, 'owner') && usersWith(state, 'owner').length === 1
      if (!granted && role === 'owner' && last) return { rejected: 'owner.last' }
    }
    if (state.suite === 'xchat') return { rejected: 'suite.refused', text: 'admins of this room change over X only' }
    if (granted && !facts.account(user)) return { rejected: 'members.absent', user }
    const within = state.suite !== 'none' || command.ofMember || role === 'leader'
    if (granted && within && !state.members.has(user)) return { rejected: 'members.absent', user }
    if (role === 'leader')
      return { events: state.leaders.has(user) === granted ? [] : [{ type: 'leader.changed', user, granted }] }
    if (hasRole(state, user, role) === granted) return { events: [] }
    return { events: [{ type: 'roles.changed', user, role, granted, signed: null }] }
  },
}
