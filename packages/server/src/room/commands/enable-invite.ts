// Make the link by which others may ask to be let into an X group, in the place of an earlier one: signed by an admin
// (x-chat.md 5.4). It opens nothing by itself: whoever asks is let in by add-members.ts, or not.
import type { UserId } from '@conclave/wire'
import { checkGroupAdmin } from '../admins.ts'
import type { CommandRule } from '../decision.ts'
import type { Context, Facts } from '../facts.ts'
import type { Rejection } from '../rejection.ts'
import { isRejection } from '../rejection.ts'
import type { ActionSignature, ReadAction } from '../signatures.ts'
import { keysOf, readChange, signedOf, usersNamed } from '../signatures.ts'
import type { RoomState } from '../state.ts'

export interface EnableInvite {
  readonly command: 'enable-invite'
  readonly actor: UserId
  readonly url: string
  /** Under which the URL's token is claimed: no two rooms have the same. */
  readonly key: string
  /** ms since 1970; null never ends. */
  readonly expiresAt: number | null
  readonly signatures: readonly ActionSignature[]
}

export const enableInvite: CommandRule<EnableInvite> = {
  needs: (_state, { actor, signatures }) => ({ accounts: [actor], keys: [actor, ...usersNamed(signatures)] }),

  decide(state, command, facts, context) {
    if (!state || state.removed) return { rejected: 'room.unknown' }
    const { actor, url, key, expiresAt, signatures } = command
    const refused = checkGroupAdmin(state, actor, 'only groups have a link', facts, context)
    if (refused) return refused
    if (state.closed) return { rejected: 'room.closed' }
    if (expiresAt !== null && expiresAt <= context.now) return { rejected: 'invite.past' }
    const read = readInvite(state, command, facts, context)
    if (isRejection(read)) return read
    return {
      events: [{ type: 'invite.enabled', url, key, expiresAt, signed: signedOf(read) }],
      claims: [{ space: 'invite', key }],
      ...(state.invite ? { releases: [{ space: 'invite', key: state.invite.key }] } : {}),
      messageKeys: keysOf(signatures, actor),
    }
  },
}

function readInvite(
  state: RoomState,
  { actor, url, expiresAt, signatures }: EnableInvite,
  facts: Facts,
  context: Context,
): ReadAction | Rejection {
  const mismatch = (field: string): Rejection => ({ rejected: 'signature.mismatch', part: 'invite enable', field })
  return readChange(state, signatures, 'invite enable', actor, facts, context, change => {
    if (change.inviteUrl !== url) return mismatch('invite_url')
    if (change.expiresAtMsec !== (expiresAt === null ? undefined : String(expiresAt)))
      return mismatch('expires_at_msec')
    // Nobody here is anybody's affiliate: a member cannot make the others believe it.
    return change.affiliateId === undefined ? null : mismatch('affiliate_id')
  })
}
