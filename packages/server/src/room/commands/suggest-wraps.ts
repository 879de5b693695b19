// Bring copies of a Rocket.Chat room's keys to several members at once (`e2e.provideUsersSuggestedGroupKeys`): one event for
// all of them. Each takes or refuses what is theirs; until then a later suggestion takes the place of an earlier one.
import type { UserId } from '@conclave/wire'
import { KEY_ID, OLD_KEYS, SUGGESTED_TOGETHER } from '../../limits.ts'
import type { CommandRule } from '../decision.ts'
import type { OldKey, SuggestedWrap } from '../events.ts'
import type { Rejection } from '../rejection.ts'
import { checkKeyholder, isOfFormerKey, isWrappedKey } from '../rocketchat.ts'
import { NO_KEYS, type RoomState } from '../state.ts'

export interface SuggestWraps {
  readonly command: 'suggest-wraps'
  readonly actor: UserId
  /** Whoever is no member is left out, and a key that is not the room's any more; of two for one member the last counts. */
  readonly wraps: readonly SuggestedWrap[]
}

export const suggestWraps: CommandRule<SuggestWraps> = {
  needs: (_state, command) => ({ accounts: [command.actor], keys: [] }),

  decide(state, command, facts, context) {
    if (!state || state.removed) return { rejected: 'room.unknown' }
    const refused = checkKeyholder(state, command.actor, facts, context) ?? checkForm(command)
    if (refused) return refused
    const brought = new Map<UserId, SuggestedWrap>()
    for (const wrap of command.wraps) {
      if (!state.members.has(wrap.user) || isOfFormerKey(state, wrap.key)) continue
      brought.delete(wrap.user)
      brought.set(wrap.user, { ...wrap, old: newestOf(wrap.old) })
    }
    const wraps = [...brought.values()].filter(wrap => !isHeld(state, wrap))
    return { events: wraps.length === 0 ? [] : [{ type: 'wraps.suggested', wraps }] }
  },
}

function checkForm({ wraps }: SuggestWraps): Rejection | null {
  if (wraps.length > SUGGESTED_TOGETHER)
    return { rejected: 'limit', text: `keys for at most ${SUGGESTED_TOGETHER} members at once` }
  const unfit = wraps.find(({ key, old }) => !isWrappedKey(key) || !old.every(isOldKey))
  return unfit ? { rejected: 'wrap.malformed', user: unfit.user } : null
}

function isOldKey({ keyId, at, key }: OldKey): boolean {
  return keyId.length > 0 && keyId.length <= KEY_ID && Number.isSafeInteger(at) && isWrappedKey(key)
}

function newestOf(old: readonly OldKey[]): readonly OldKey[] {
  return old.toSorted((a, b) => b.at - a.at).slice(0, OLD_KEYS)
}

function isHeld(state: RoomState, { user, key, old }: SuggestedWrap): boolean {
  const { suggested, suggestedOld } = state.keys.get(user) ?? NO_KEYS
  return suggested === key && JSON.stringify(suggestedOld) === JSON.stringify(old)
}
