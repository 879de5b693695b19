// Switch a Rocket.Chat room's encryption on or off: its owner, or either side of a direct room. Everybody sees it. The
// key stays, and a room that somebody has left since it was opened stays closed (L4).
import type { UserId } from '@conclave/wire'
import type { CommandRule } from '../decision.ts'
import { isRejection } from '../rejection.ts'
import { mayOwn, rulerOf } from '../rights.ts'

export interface SwitchSuite {
  readonly command: 'switch-suite'
  readonly actor: UserId
  readonly encrypted: boolean
}

export const switchSuite: CommandRule<SwitchSuite> = {
  needs: (_state, command) => ({ accounts: [command.actor], keys: [] }),

  decide(state, command, facts, context) {
    if (!state || state.removed) return { rejected: 'room.unknown' }
    const account = rulerOf(state, facts, command.actor, context.now)
    if (isRejection(account)) return account
    if (!state.members.has(account.id)) return { rejected: 'member.required' }
    if (state.kind !== 'direct' && !mayOwn(state, facts.channel, account))
      return { rejected: 'role.required', text: 'only owners may switch encryption' }
    if (state.suite === 'xchat') return { rejected: 'suite.refused', text: 'an X room is always encrypted' }
    if (state.kind !== 'private' && state.kind !== 'direct')
      return { rejected: 'room.kind', text: 'only private and direct rooms can be encrypted' }
    const suite = command.encrypted ? 'rocketchat' : 'none'
    return { events: state.suite === suite ? [] : [{ type: 'suite.switched', suite }] }
  },
}
