// Block the other user of a direct room, or do so no more: each for themselves. While either does, nobody writes in it.
import type { UserId } from '@conclave/wire'
import type { CommandRule } from '../decision.ts'
import { isRejection } from '../rejection.ts'
import { actorOf } from '../rights.ts'

export interface BlockDirect {
  readonly command: 'block-direct'
  readonly actor: UserId
  /** Whom the actor wants nothing of. */
  readonly user: UserId
  readonly on: boolean
}

export const blockDirect: CommandRule<BlockDirect> = {
  needs: (_state, command) => ({ accounts: [command.actor], keys: [] }),

  decide(state, { actor, user, on }, facts) {
    if (!state || state.removed) return { rejected: 'room.unknown' }
    const account = actorOf(facts, actor)
    if (isRejection(account)) return account
    if (!state.members.has(actor)) return { rejected: 'member.required' }
    if (state.suite === 'xchat') return { rejected: 'suite.refused', text: "this room is X Chat's" }
    if (state.kind !== 'direct' || state.members.size !== 2)
      return { rejected: 'room.kind', text: 'only direct rooms of two can be blocked' }
    if (user === actor || !state.members.has(user)) return { rejected: 'members.absent', user }
    return { events: state.blockers.has(actor) === on ? [] : [{ type: 'direct.blocked', by: actor, on }] }
  },
}
