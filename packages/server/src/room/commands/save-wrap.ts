// Save, suggest or accept one member's copy of a Rocket.Chat room key (`e2e.updateGroupKey`; design 6).
// Nobody overwrites a member's accepted key: another's key is only ever suggested once there is one.
import type { UserId } from '@conclave/wire'
import { WRAPPED_KEY } from '../../limits.ts'
import type { CommandRule } from '../decision.ts'
import { isRejection } from '../rejection.ts'
import { actorOf, checkStanding } from '../rights.ts'

export interface SaveWrap {
  readonly command: 'save-wrap'
  readonly actor: UserId
  readonly user: UserId
  readonly key: string
}

export const saveWrap: CommandRule<SaveWrap> = {
  needs: (_state, command) => ({ accounts: [command.actor], keys: [] }),

  decide(state, command, facts, context) {
    if (!state || state.removed) return { rejected: 'room.unknown' }
    const account = actorOf(facts, command.actor)
    if (isRejection(account)) return account
    if (!state.members.has(command.actor)) return { rejected: 'member.required' }
    const barred = checkStanding(state, facts.channel, account, context.now)
    if (barred) return barred
    if (!state.members.has(command.user)) return { rejected: 'members.absent', user: command.user }
    if (state.suite === 'xchat') return { rejected: 'suite.refused', text: 'the keys of this room change over X only' }
    if (command.key.length === 0 || command.key.length > WRAPPED_KEY)
      return { rejected: 'wrap.malformed', user: command.user }
    const held = state.keys.get(command.user)
    const own = command.user === command.actor
    const as = own || (context.settings.updateGroupKey === 'save' && !held?.accepted) ? 'accepted' : 'suggested'
    const same = as === 'accepted' ? held?.accepted === command.key : held?.suggested === command.key
    return { events: same ? [] : [{ type: 'wrap.saved', user: command.user, key: command.key, as }] }
  },
}
