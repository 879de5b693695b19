// A member's key pair is gone, and with it the worth of every copy of the room's keys that was made for it. The server's own
// doing, in each of their rooms; nobody else's copies change.
import type { UserId } from '@conclave/wire'
import type { CommandRule } from '../decision.ts'

export interface DropWraps {
  readonly command: 'drop-wraps'
  readonly actor: null
  readonly user: UserId
}

export const dropWraps: CommandRule<DropWraps> = {
  needs: () => ({ accounts: [], keys: [] }),

  decide(state, { user }) {
    if (!state || state.removed) return { rejected: 'room.unknown' }
    const held = state.keys.get(user)
    const holds = held && (held.accepted || held.suggested || held.old.length > 0)
    return { events: holds ? [{ type: 'wraps.dropped', user }] : [] }
  },
}
