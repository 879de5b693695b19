// Change an X group's title or its avatar: encrypted under the key that counts, signed by an admin (x-chat.md 5.4). The
// server holds no group settings (thrift `edit_group_info`) that would let others do it.
import type { UserId } from '@conclave/wire'
import { checkGroupAdmin } from '../admins.ts'
import type { CommandRule } from '../decision.ts'
import type { Context, Facts } from '../facts.ts'
import type { Rejection } from '../rejection.ts'
import { isRejection } from '../rejection.ts'
import type { ActionSignature, ReadAction } from '../signatures.ts'
import { keysOf, readChange, signedOf, usersNamed } from '../signatures.ts'
import type { RoomState } from '../state.ts'

export interface Retitle {
  readonly command: 'retitle'
  readonly actor: UserId
  readonly part: 'title' | 'avatar'
  /** Base64 of the ciphertext. */
  readonly value: string
  readonly signatures: readonly ActionSignature[]
}

export const retitle: CommandRule<Retitle> = {
  needs: (_state, { actor, signatures }) => ({ accounts: [actor], keys: [actor, ...usersNamed(signatures)] }),

  decide(state, command, facts, context) {
    if (!state || state.removed) return { rejected: 'room.unknown' }
    const { actor, part, value, signatures } = command
    const refused = checkGroupAdmin(state, actor, `only groups have a ${part}`, facts, context)
    if (refused) return refused
    if (state.closed) return { rejected: 'room.closed' }
    const read = readRetitling(state, command, facts, context)
    if (isRejection(read)) return read
    const held = { title: state.title, avatar: state.avatar }
    return {
      events: [{ type: 'room.retitled', ...held, [part]: value, signed: signedOf(read) }],
      messageKeys: keysOf(signatures, actor),
    }
  },
}

function readRetitling(
  state: RoomState,
  { actor, part, value, signatures }: Retitle,
  facts: Facts,
  context: Context,
): ReadAction | Rejection {
  return readChange(state, signatures, part, actor, facts, context, change => {
    if (change.value !== value) return { rejected: 'signature.mismatch', part, field: FIELDS[part] }
    const current = state.epoch?.version ?? null
    if (change.conversationKeyVersion === current) return null
    return context.overtaken ? { rejected: 'conflict', current } : { rejected: 'epoch.stale', current }
  })
}

/** As requests name them. */
const FIELDS = { title: 'encrypted_title', avatar: 'encrypted_avatar_url' } as const
