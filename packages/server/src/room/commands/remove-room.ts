// Remove a room: the last event of its log. Its name, its users' claim, its link, the message
// that it is a discussion of and its maker's place for it are free again.
import type { UserId } from '@conclave/wire'
import type { Claim, CommandRule } from '../decision.ts'
import { directKey, discussionKeys, nameKey, slotKey } from '../decision.ts'
import { isRejection } from '../rejection.ts'
import { mayRemove, rulerOf } from '../rights.ts'

export interface RemoveRoom {
  readonly command: 'remove-room'
  readonly actor: UserId | null
  readonly reason: string
}

export const removeRoom: CommandRule<RemoveRoom> = {
  needs: (_state, command) => ({ accounts: command.actor === null ? [] : [command.actor], keys: [] }),

  decide(state, command, facts, context) {
    if (!state || state.removed) return { rejected: 'room.unknown' }
    if (command.actor !== null) {
      const account = rulerOf(state, facts, command.actor, context.now)
      if (isRejection(account)) return account
      if (!mayRemove(state, facts.channel, account))
        return { rejected: 'role.required', text: `user ${account.id} is not allowed to remove the room` }
      if (state.suite === 'xchat')
        return { rejected: 'suite.refused', text: 'an X group is not removed, its members leave it' }
    }
    const releases: Claim[] = [...discussionKeys(state.discussionOf)]
    if (state.name !== null) releases.push({ space: 'name', key: nameKey(state.name) })
    if (state.direct)
      releases.push({ space: state.suite === 'xchat' ? 'direct.xchat' : 'direct', key: directKey(state.direct) })
    if (state.slot !== null && state.createdBy !== null)
      releases.push({ space: 'slot', key: slotKey(state.createdBy, state.slot) })
    if (state.invite) releases.push({ space: 'invite', key: state.invite.key })
    return { events: [{ type: 'room.removed', reason: command.reason }], releases }
  },
}
