// End the link of an X group: signed by an admin, whoever made it (x-chat.md 5.4). Also while the group is closed: a link
// that is in the wrong hands must not wait for a key. Those who have asked by it have asked.
import type { UserId } from '@conclave/wire'
import { checkGroupAdmin } from '../admins.ts'
import type { CommandRule } from '../decision.ts'
import { isRejection } from '../rejection.ts'
import type { ActionSignature } from '../signatures.ts'
import { keysOf, readChange, signedOf, usersNamed } from '../signatures.ts'

export interface DisableInvite {
  readonly command: 'disable-invite'
  readonly actor: UserId
  readonly signatures: readonly ActionSignature[]
}

export const disableInvite: CommandRule<DisableInvite> = {
  needs: (_state, { actor, signatures }) => ({ accounts: [actor], keys: [actor, ...usersNamed(signatures)] }),

  decide(state, { actor, signatures }, facts, context) {
    if (!state || state.removed) return { rejected: 'room.unknown' }
    const refused = checkGroupAdmin(state, actor, 'only groups have a link', facts, context)
    if (refused) return refused
    if (!state.invite) return { rejected: 'invite.absent' }
    const part = 'invite disable'
    const read = readChange(state, signatures, part, actor, facts, context, ({ disabledBy }) =>
      disabledBy === actor ? null : { rejected: 'signature.mismatch', part, field: 'disabled_by' },
    )
    if (isRejection(read)) return read
    return {
      events: [{ type: 'invite.disabled', signed: signedOf(read) }],
      releases: [{ space: 'invite', key: state.invite.key }],
      messageKeys: keysOf(signatures, actor),
    }
  },
}
