// Ask to be let into an X group, by its link and under one's own signature (x-chat.md 5.4). The one command of somebody
// who does not belong to the room: it makes them no member (L1) and shows them nothing (L10).
import type { UserId } from '@conclave/wire'
import { JOIN_REQUESTS } from '../../limits.ts'
import type { CommandRule } from '../decision.ts'
import { isRejection } from '../rejection.ts'
import { rulerOf } from '../rights.ts'
import type { ActionSignature } from '../signatures.ts'
import { keysOf, readChange, signedOf, usersNamed } from '../signatures.ts'
import { inviteOf } from '../state.ts'

export interface RequestJoin {
  readonly command: 'request-join'
  readonly actor: UserId
  /** Under which the token of their link is claimed. */
  readonly key: string
  readonly signatures: readonly ActionSignature[]
}

export const requestJoin: CommandRule<RequestJoin> = {
  needs: (_state, { actor, signatures }) => ({ accounts: [actor], keys: [actor, ...usersNamed(signatures)] }),

  decide(state, command, facts, context) {
    const { actor, key, signatures } = command
    // First: without the link that counts, nothing of the room is told.
    if (!state || inviteOf(state, context.now)?.key !== key) return { rejected: 'invite.unknown' }
    const account = rulerOf(state, facts, actor, context.now)
    if (isRejection(account)) return account
    if (state.members.has(actor)) return { rejected: 'join.already', as: 'member' }
    if (state.requests.has(actor)) return { rejected: 'join.already', as: 'pending' }
    if (state.requests.size >= JOIN_REQUESTS) return { rejected: 'join.full', limit: JOIN_REQUESTS }
    const part = 'join request'
    // X's engine does not look whether who signs and who is named are the same.
    const read = readChange(state, signatures, part, actor, facts, context, ({ userId }) =>
      userId === actor ? null : { rejected: 'signature.mismatch', part, field: 'requesting_user_id' },
    )
    if (isRejection(read)) return read
    return {
      events: [{ type: 'join.requested', user: actor, signed: signedOf(read) }],
      messageKeys: keysOf(signatures, actor),
    }
  },
}
