// Begin a discussion of a room, or of one message of it: whoever may speak in the room. This stands in the room's own log;
// the discussion is a room that was made just before (create-room.ts) and is as encrypted as its parent.
import type { RoomId, UserId } from '@conclave/wire'
import { NAME } from '../../limits.ts'
import type { CommandRule } from '../decision.ts'
import type { ThreadRef } from '../events.ts'
import { SIGNED_ONLY } from './edit-message.ts'
import { checkSender } from './send-message.ts'

export interface StartDiscussion {
  readonly command: 'start-discussion'
  readonly actor: UserId
  readonly discussion: RoomId
  readonly name: string
  /** Read from the store, never claimed by the request. */
  readonly message: ThreadRef | null
  readonly inside: boolean
  /** What the discussion was made as. */
  readonly encrypted: boolean
}

export const startDiscussion: CommandRule<StartDiscussion> = {
  needs: (_state, { actor }) => ({ accounts: [actor], keys: [] }),

  decide(state, { actor, discussion, name, message, inside, encrypted }, facts, context) {
    if (!state || state.removed) return { rejected: 'room.unknown' }
    const refused = checkSender(state, { inside, attributes: null, origin: null }, actor, facts, context)
    if (refused) return refused
    if (state.suite === 'xchat') return SIGNED_ONLY
    if (state.discussionOf) return { rejected: 'room.kind', text: 'a discussion has no discussions of its own' }
    if (name.length === 0 || name.length > NAME)
      return { rejected: 'limit', text: `a name has 1 to ${NAME} characters` }
    // The parent was switched on meanwhile: what is said about it is no plaintext either (L3).
    if (state.suite !== 'none' && !encrypted) return { rejected: 'message.plaintext' }
    return { events: [{ type: 'discussion.started', discussion, name, message }] }
  },
}
