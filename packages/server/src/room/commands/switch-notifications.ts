// A member's own switch for notifications of an X conversation, under their signature (x-chat.md 5.4, mute and unmute). It
// is no sanction and nobody else's matter: no event tells of it. Who is muted may, and in a closed room too.
import type { UserId } from '@conclave/wire'
import type { CommandRule } from '../decision.ts'
import type { Rejection } from '../rejection.ts'
import { isRejection } from '../rejection.ts'
import { rulerOf } from '../rights.ts'
import type { ActionSignature } from '../signatures.ts'
import { conversationIdOf, keysOf, readSetting, sameSet, signedOf, usersNamed } from '../signatures.ts'

export interface SwitchNotifications {
  readonly command: 'switch-notifications'
  readonly actor: UserId
  readonly muted: boolean
  readonly signatures: readonly ActionSignature[]
}

export const switchNotifications: CommandRule<SwitchNotifications> = {
  needs: (_state, { actor, signatures }) => ({ accounts: [actor], keys: [actor, ...usersNamed(signatures)] }),

  decide(state, command, facts, context) {
    if (!state || state.removed) return { rejected: 'room.unknown' }
    const { actor, muted, signatures } = command
    const account = rulerOf(state, facts, actor, context.now)
    if (isRejection(account)) return account
    if (!state.members.has(actor)) return { rejected: 'member.required' }
    if (state.suite !== 'xchat') return { rejected: 'room.kind', text: 'only conversations of this wire are muted' }
    const mismatch = (field: string): Rejection => ({ rejected: 'signature.mismatch', part: 'mute', field })
    const read = readSetting(state, signatures, 'mute', actor, facts, context, change => {
      if (change.kind !== (muted ? 'mute' : 'unmute')) return mismatch('muted')
      // The list may name several; this conversation is the one that is changed.
      const own = 'ids' in change && sameSet(change.ids, [conversationIdOf(state)])
      return own ? null : mismatch('muted_conversation_ids')
    })
    if (isRejection(read)) return read
    return {
      events: [],
      notifications: { user: actor, muted, signed: signedOf(read) },
      messageKeys: keysOf(signatures, actor),
    }
  },
}
