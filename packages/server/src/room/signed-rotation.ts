// A change of members over X: the next key for the new roster and the two signatures that make one change of both
// (x-chat.md section 6, from the key version on). Who may do it and to whom is the command's own matter.
import type { UserId } from '@conclave/wire'
import type { Wrap } from './events.ts'
import type { Context, Facts } from './facts.ts'
import type { Rejection, SignedPart } from './rejection.ts'
import { isRejection } from './rejection.ts'
import type { Rotation } from './rotation.ts'
import { checkVersion, checkWraps } from './rotation.ts'
import type { ActionSignature, ReadAction } from './signatures.ts'
import { checkKeyChange, readActions } from './signatures.ts'
import type { RoomState } from './state.ts'

/** What X sends with a change of members: a rotation for the new roster, signed. null: the field was not sent. */
export interface SignedRotation {
  readonly version: string | null
  readonly wraps: readonly Wrap[] | null
  readonly signatures: readonly ActionSignature[] | null
  /** Title and avatar under the new key; null keeps the old ones. */
  readonly title: string | null
  readonly avatar: string | null
}

/** A rotation that covers the new roster, and what was signed of it. The change itself is not verified yet. */
export interface ReadRotation extends Rotation {
  readonly signatures: readonly ActionSignature[]
  readonly keyChange: ReadAction
  readonly change: ReadAction
}

/** `part`: the change that has to be signed beside the key change. */
export function readRotation(
  state: RoomState,
  sent: SignedRotation,
  part: SignedPart,
  roster: ReadonlySet<UserId>,
  signer: UserId,
  facts: Facts,
  context: Context,
): ReadRotation | Rejection {
  const { version, wraps, signatures } = sent
  if (version === null) return { rejected: 'field.missing', field: 'conversation_key_version' }
  const old = checkVersion(version, state.epoch, context)
  if (old) return old
  if (wraps === null) return { rejected: 'field.missing', field: 'conversation_participant_keys' }
  const uncovered = checkWraps(wraps, roster, facts)
  if (uncovered) return uncovered
  if (signatures === null) return { rejected: 'field.missing', field: 'action_signatures' }
  const actions = readActions(signatures, ['key change', part], signer, facts)
  if (isRejection(actions)) return actions
  const keyChange = actions.get('key change')
  const change = actions.get(part)
  if (!keyChange || !change) throw new Error('readActions gives every part that it was asked for')
  return checkKeyChange(keyChange, { version, wraps }) ?? { version, wraps, signatures, keyChange, change }
}
