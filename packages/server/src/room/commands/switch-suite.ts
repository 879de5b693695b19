// Switch a Rocket.Chat room's encryption on or off: its owner, or either side of a direct room. Everybody sees it.
import type { UserId } from '@conclave/wire'
import type { CommandRule } from '../decision.ts'
import { isRejection } from '../rejection.ts'
import { actorOf, checkStanding, mayOwn } from '../rights.ts'

export interface SwitchSuite {
  readonly command: 'switch-suite'
  readonly actor: UserId
  readonly encrypted: boolean
}

export const switchSuite: CommandRule<SwitchSuite> = {
  needs: (_state, command) => ({ accounts: [command.actor], keys: [] }),

  decide(state, command, facts, context) {
    if (!state || state.removed) return { rejected: 'room.unknown' }
    const account = actorOf(facts, command.actor)
    if (isRejection(account)) return account
    const barred = checkStanding(state, facts.channel, account, context.now)
    if (barred) return barred
    const allowed = state.kind === 'direct' ? state.members.has(account.id) : mayOwn(state, facts.channel, account)
    if (!allowed) return { rejected: 'role.required', text: 'only owners may switch encryption' }
    if (state.suite === 'xchat') return { rejected: 'suite.refused', text: 'an X room is always encrypted' }
    if (state.kind !== 'private' && state.kind !== 'direct')
      return { rejected: 'room.kind', text: 'only private and direct rooms can be encrypted' }
    const suite = command.encrypted ? 'rocketchat' : 'none'
    return { events: state.suite === suite ? [] : [{ type: 'suite.switched', suite }] }
  },
}
