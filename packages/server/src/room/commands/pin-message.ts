// Pin a message to its room, or take the pin away: who moderates the room; in a direct room, either of the two.
import type { UserId } from '@conclave/wire'
import { PINNED } from '../../limits.ts'
import type { CommandRule } from '../decision.ts'
import { isRejection } from '../rejection.ts'
import { mayModerate, rulerOf } from '../rights.ts'
import { SIGNED_ONLY, type Target } from './edit-message.ts'

export interface PinMessage {
  readonly command: 'pin-message'
  readonly actor: UserId
  readonly target: Target
  readonly on: boolean
  /** Messages of the room that are pinned already. */
  readonly pinned: number
}

export const pinMessage: CommandRule<PinMessage> = {
  needs: (_state, { actor }) => ({ accounts: [actor], keys: [] }),

  decide(state, { actor, target, on, pinned }, facts, context) {
    if (!state || state.removed) return { rejected: 'room.unknown' }
    const account = rulerOf(state, facts, actor, context.now)
    if (isRejection(account)) return account
    const isOneOfTwo = state.kind === 'direct' && state.members.has(actor)
    if (!isOneOfTwo && !mayModerate(state, facts.channel, account))
      return { rejected: 'role.required', text: 'not allowed to pin' }
    if (state.suite === 'xchat') return SIGNED_ONLY
    if (target.whispered) return { rejected: 'suite.refused', text: 'nobody pins a whisper' }
    if (on && pinned >= PINNED) return { rejected: 'limit', text: `a room has at most ${PINNED} pinned messages` }
    return { events: [{ type: 'message.pinned', target: target.id, sequence: target.sequence, on }] }
  },
}
