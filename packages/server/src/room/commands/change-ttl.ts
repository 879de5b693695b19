// Change how long messages of an X conversation last that are sent from now on: signed by an admin of a group, by either
// of a pair (x-chat.md 5.4). The server holds no group settings (thrift `edit_message_ttl`) that would let others do it.
import type { UserId } from '@conclave/wire'
import { checkAdmin } from '../admins.ts'
import type { CommandRule } from '../decision.ts'
import type { Context, Facts } from '../facts.ts'
import type { Rejection } from '../rejection.ts'
import { isRejection } from '../rejection.ts'
import { rulerOf } from '../rights.ts'
import type { ActionSignature, ReadAction } from '../signatures.ts'
import { keysOf, readSetting, signedOf, usersNamed } from '../signatures.ts'
import type { RoomState } from '../state.ts'
import { checkTtl } from '../ttl.ts'

export interface ChangeTtl {
  readonly command: 'change-ttl'
  readonly actor: UserId
  /** null: messages stay. */
  readonly ttlMs: number | null
  readonly signatures: readonly ActionSignature[]
}

export const changeTtl: CommandRule<ChangeTtl> = {
  needs: (_state, { actor, signatures }) => ({ accounts: [actor], keys: [actor, ...usersNamed(signatures)] }),

  decide(state, command, facts, context) {
    if (!state || state.removed) return { rejected: 'room.unknown' }
    const { actor, ttlMs, signatures } = command
    const account = rulerOf(state, facts, actor, context.now)
    if (isRejection(account)) return account
    if (!state.members.has(actor)) return { rejected: 'member.required' }
    if (state.suite !== 'xchat') return { rejected: 'room.kind', text: 'messages go by themselves only on this wire' }
    const ordinary = checkTtlChanger(state, actor)
    if (ordinary) return ordinary
    if (state.closed) return { rejected: 'room.closed' }
    const wrong = checkTtl(ttlMs)
    if (wrong) return wrong
    const read = readTtl(state, command, facts, context)
    if (isRejection(read)) return read
    return {
      events: [{ type: 'ttl.changed', ttlMs, signed: signedOf(read) }],
      messageKeys: keysOf(signatures, actor),
    }
  },
}

/** Who may, of the members. */
export function checkTtlChanger(state: RoomState, user: UserId): Rejection | null {
  return state.kind === 'direct' ? null : checkAdmin(state, user)
}

function readTtl(
  state: RoomState,
  { actor, ttlMs, signatures }: ChangeTtl,
  facts: Facts,
  context: Context,
): ReadAction | Rejection {
  const mismatch = (field: string): Rejection => ({ rejected: 'signature.mismatch', part: 'ttl', field })
  return readSetting(state, signatures, 'ttl', actor, facts, context, change => {
    if (change.kind === 'durationRemove') return ttlMs === null ? null : mismatch('ttl_msec')
    if (change.kind !== 'durationChange' || change.ttlMsec !== String(ttlMs)) return mismatch('ttl_msec')
    // Not signed, so whoever relays it could say so; what was sent before keeps the end that it was sent with.
    return change.applyToAll ? mismatch('apply_to_all_messages') : null
  })
}
