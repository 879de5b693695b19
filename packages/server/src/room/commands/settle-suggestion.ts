// Take or refuse the copy of a Rocket.Chat room's key that somebody has suggested to the caller. What is taken takes the
// place of an older copy; former keys come along only for who has none. Who refuses waits for a key again.
import type { UserId } from '@conclave/wire'
import type { CommandRule } from '../decision.ts'
import { checkKeyholder } from '../rocketchat.ts'

export interface SettleSuggestion {
  readonly command: 'settle-suggestion'
  readonly actor: UserId
  readonly accepted: boolean
}

export const settleSuggestion: CommandRule<SettleSuggestion> = {
  needs: (_state, command) => ({ accounts: [command.actor], keys: [] }),

  decide(state, { actor, accepted }, facts, context) {
    if (!state || state.removed) return { rejected: 'room.unknown' }
    const refused = checkKeyholder(state, actor, facts, context)
    if (refused) return refused
    if (!state.keys.get(actor)?.suggested) return { rejected: 'wrap.missing', user: actor }
    return { events: [{ type: 'suggestion.settled', user: actor, accepted }] }
  },
}
