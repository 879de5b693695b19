// Edit a message: its sender, or who moderates the room. It keeps its id and its place; what it held before is erased from
// the store, as with a deletion. An encrypted room takes ciphertext alone here too (L3).
import type { EventId, UserId } from '@conclave/wire'
import { MENTIONED, MESSAGE_TEXT } from '../../limits.ts'
import type { CommandRule } from '../decision.ts'
import type { Content, Mentions } from '../events.ts'
import type { Rejection } from '../rejection.ts'
import { isRejection } from '../rejection.ts'
import { actorOf, mayModerate } from '../rights.ts'
import { checkRocketchatContent } from '../rocketchat.ts'
import type { RoomState } from '../state.ts'
import { checkSender } from './send-message.ts'

/** What the store says of the message meant, to this actor: read by its gateway, never claimed by the request. */
export interface Target {
  readonly id: EventId
  readonly sequence: number
  readonly sender: UserId | null
  /** Only some see it. */
  readonly whispered: boolean
}

export interface EditMessage {
  readonly command: 'edit-message'
  readonly actor: UserId
  readonly target: Target
  readonly content: Exclude<Content, { suite: 'xchat' }>
  readonly mentions?: Mentions
  readonly inside: boolean
}

export const editMessage: CommandRule<EditMessage> = {
  needs: (_state, { actor }) => ({ accounts: [actor], keys: [] }),

  decide(state, { actor, target, content, mentions, inside }, facts, context) {
    if (!state || state.removed) return { rejected: 'room.unknown' }
    const refused = checkSender(state, { inside, attributes: null, origin: null }, actor, facts, context)
    if (refused) return refused
    if (state.suite === 'xchat') return SIGNED_ONLY
    const account = actorOf(facts, actor)
    if (isRejection(account)) return account
    // Whoever moderates a room reads no whispers of others in it, and so changes none.
    const others = !target.whispered && mayModerate(state, facts.channel, account)
    if (target.sender !== actor && !others) return { rejected: 'role.required', text: 'not your message' }
    const unfit =
      checkContent(state, content, mentions) ??
      (content.suite === 'rocketchat' ? checkRocketchatContent(state, content, context) : null)
    if (unfit) return unfit
    const { id, sequence } = target
    const named = mentions ? { mentions } : {}
    return { events: [{ type: 'message.edited', target: id, sequence, content, ...named }] }
  },
}

function checkContent(state: RoomState, content: EditMessage['content'], mentions?: Mentions): Rejection | null {
  if (content.suite !== state.suite) {
    return content.suite === 'none'
      ? { rejected: 'message.plaintext' }
      : { rejected: 'message.suite', wanted: state.suite }
  }
  if (mentions && mentions.users.length > MENTIONED)
    return { rejected: 'limit', text: `a message names at most ${MENTIONED} users` }
  if (content.suite === 'none' && content.text.length > MESSAGE_TEXT)
    return { rejected: 'message.size', limit: MESSAGE_TEXT }
  return null
}

/** X's own clients see and sign what happens to their messages. */
export const SIGNED_ONLY: Rejection = {
  rejected: 'suite.refused',
  text: 'messages of this room are changed over X only',
}
