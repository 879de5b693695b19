// React to a message with an emoji, or take that back: whoever may speak in the room.
import type { UserId } from '@conclave/wire'
import { EMOJI, REACTIONS_EACH, REACTIONS_TAKEN } from '../../limits.ts'
import type { CommandRule } from '../decision.ts'
import { SIGNED_ONLY, type Target } from './edit-message.ts'
import { checkSender } from './send-message.ts'

export interface React {
  readonly command: 'react'
  readonly actor: UserId
  readonly target: Target
  readonly emoji: string
  readonly on: boolean
  /** What there is of the message already, in all and of the actor's. */
  readonly reactions: { readonly all: number; readonly own: number }
  readonly inside: boolean
}

export const react: CommandRule<React> = {
  needs: (_state, { actor }) => ({ accounts: [actor], keys: [] }),

  decide(state, { actor, target, emoji, on, reactions, inside }, facts, context) {
    if (!state || state.removed) return { rejected: 'room.unknown' }
    const refused = checkSender(state, { inside, attributes: null, origin: null }, actor, facts, context)
    if (refused) return refused
    if (state.suite === 'xchat') return SIGNED_ONLY
    if (target.whispered) return { rejected: 'suite.refused', text: 'nobody reacts to a whisper' }
    if (emoji.length > EMOJI) return { rejected: 'limit', text: `an emoji's name has at most ${EMOJI} characters` }
    if (on && (reactions.all >= REACTIONS_TAKEN || reactions.own >= REACTIONS_EACH))
      return { rejected: 'limit', text: `a message has at most ${REACTIONS_EACH} reactions of one user` }
    const { id, sequence } = target
    return { events: [{ type: 'message.reacted', target: id, sequence, user: actor, emoji, on }] }
  },
}
