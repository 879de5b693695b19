// Save, suggest or accept one member's copy of a Rocket.Chat room key (`e2e.updateGroupKey`; design 6).
// Nobody overwrites a member's accepted key: another's key is only ever suggested once there is one.
import type { UserId } from '@conclave/wire'
import type { CommandRule } from '../decision.ts'
import { checkKeyholder, isOfFormerKey, isWrappedKey } from '../rocketchat.ts'

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
    const refused = checkKeyholder(state, command.actor, facts, context)
    if (refused) return refused
    if (!state.members.has(command.user)) return { rejected: 'members.absent', user: command.user }
    if (!isWrappedKey(command.key)) return { rejected: 'wrap.malformed', user: command.user }
    if (isOfFormerKey(state, command.key)) return { rejected: 'epoch.stale', current: state.epoch?.version ?? null }
    const held = state.keys.get(command.user)
    const own = command.user === command.actor
    const as = own || (context.settings.updateGroupKey === 'save' && !held?.accepted) ? 'accepted' : 'suggested'
    const same = as === 'accepted' ? held?.accepted === command.key : held?.suggested === command.key
    return { events: same ? [] : [{ type: 'wrap.saved', user: command.user, key: command.key, as }] }
  },
}
