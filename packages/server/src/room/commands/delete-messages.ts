// Delete messages for everybody: the sender, or who moderates the room (dino.md section 4, delete). The content is erased
// from the store, the sequence stays. In X rooms this needs X's signature and comes over the X wire alone (design 6).
import type { EventId, UserId } from '@conclave/wire'
import type { CommandRule } from '../decision.ts'
import { isRejection } from '../rejection.ts'
import { actorOf, checkStanding, mayModerate } from '../rights.ts'

export interface DeleteMessages {
  readonly command: 'delete-messages'
  readonly actor: UserId | null
  /** What the store says of the messages meant: read by the engine, never claimed by the request. */
  readonly targets: readonly { readonly id: EventId; readonly sequence: number; readonly sender: UserId | null }[]
  /** A sender may delete their own (`dino.senderCanDelete`). */
  readonly senderMay: boolean
  /** These are a part of all messages of the room, which is being emptied. */
  readonly whole?: true
}

export const deleteMessages: CommandRule<DeleteMessages> = {
  needs: (_state, command) => ({ accounts: command.actor === null ? [] : [command.actor], keys: [] }),

  decide(state, command, facts, context) {
    if (!state || state.removed) return { rejected: 'room.unknown' }
    if (command.actor !== null) {
      const account = actorOf(facts, command.actor)
      if (isRejection(account)) return account
      const barred = checkStanding(state, facts.channel, account, context.now)
      if (barred) return barred
      if (state.suite !== 'none' && !state.members.has(account.id)) return { rejected: 'member.required' }
      const own =
        command.senderMay &&
        !command.whole &&
        command.targets.length > 0 &&
        command.targets.every(target => target.sender === account.id)
      if (!own && !mayModerate(state, facts.channel, account))
        return { rejected: 'role.required', text: 'user not allowed to delete' }
    }
    if (state.suite === 'xchat')
      return { rejected: 'suite.refused', text: 'messages of this room are deleted over X only' }
    if (command.targets.length === 0) return { events: [] }
    return {
      events: [
        {
          type: 'messages.deleted',
          targets: command.targets.map(target => target.id),
          sequences: command.targets.map(target => target.sequence),
          ...(command.whole ? { whole: true } : {}),
          signed: null,
        },
      ],
    }
  },
}
