// Who may edit and delete messages over this wire, by its settings and permissions. What the room itself allows is decided
// with the command (room/commands/): this is a further no.
import type { Account } from '../../../room/facts.ts'
import { MeteorError } from '../errors.ts'
import type { Gate } from '../gate.ts'
import type { FoundMessage } from './found-message.ts'

const MINUTE = 60_000

export function checkEdit(gate: Gate, account: Account, message: FoundMessage, method: string): MeteorError | null {
  const { settings, permissions } = gate
  const own = message.event.actor === account.id
  const may = permissions.may(account, 'edit-message', message.room)
  if (!may && !(own && settings.get('Message_AllowEditing')))
    return new MeteorError('error-action-not-allowed', 'Message editing not allowed', {
      method,
      action: 'Message_editing',
    })
  if (isTooOld(gate, account, message, settings.get('Message_AllowEditing_BlockEditInMinutes')))
    return new MeteorError('error-message-editing-blocked', 'Message editing is blocked', { method })
  return null
}

export function checkDelete(gate: Gate, account: Account, message: FoundMessage, method: string): MeteorError | null {
  const { settings, permissions } = gate
  const { room, event } = message
  if (permissions.may(account, 'force-delete-message', room)) return null
  const refused = new MeteorError('error-action-not-allowed', 'Not allowed', { method, action: 'Delete_message' })
  if (!settings.get('Message_AllowDeleting')) return refused
  const own = event.actor === account.id && permissions.may(account, 'delete-own-message', room)
  if (!own && !permissions.may(account, 'delete-message', room)) return refused
  return isTooOld(gate, account, message, settings.get('Message_AllowDeleting_BlockDeleteInMinutes')) ? refused : null
}

/** `minutes` 0: never. */
function isTooOld(
  { parts, permissions }: Gate,
  account: Account,
  { room, event }: FoundMessage,
  minutes: number,
): boolean {
  if (minutes <= 0 || permissions.may(account, 'bypass-time-limit-edit-and-delete', room)) return false
  return parts.clock.now() - event.at >= minutes * MINUTE
}
