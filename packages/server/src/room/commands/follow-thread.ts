// Be told of replies to a message, or not any more: whoever may speak in the room, for themselves.
import type { UserId } from '@conclave/wire'
import type { CommandRule } from '../decision.ts'
import { SIGNED_ONLY, type Target } from './edit-message.ts'
import { checkSender } from './send-message.ts'

export interface FollowThread {
  readonly command: 'follow-thread'
  readonly actor: UserId
  readonly target: Target
  readonly on: boolean
  readonly inside: boolean
}

export const followThread: CommandRule<FollowThread> = {
  needs: (_state, { actor }) => ({ accounts: [actor], keys: [] }),

  decide(state, { actor, target, on, inside }, facts, context) {
    if (!state || state.removed) return { rejected: 'room.unknown' }
    const speaking = { inside, attributes: null, origin: null, ignoreMutes: true } as const
    const refused = checkSender(state, speaking, actor, facts, context)
    if (refused) return refused
    if (state.suite === 'xchat') return SIGNED_ONLY
    if (target.whispered) return { rejected: 'suite.refused', text: 'nobody answers a whisper in a thread' }
    return { events: [{ type: 'thread.followed', target: target.id, sequence: target.sequence, user: actor, on }] }
  },
}
