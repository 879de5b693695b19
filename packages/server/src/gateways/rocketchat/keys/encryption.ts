// Which new rooms are encrypted, and the switching of one that exists (rocketchat.md 5.1, 5.8). Whoever makes or changes a
// room over this wire comes through here.
import type { Suite } from '../../../room/events.ts'
import { isRejection } from '../../../room/rejection.ts'
import { mayOwn } from '../../../room/rights.ts'
import type { RoomState } from '../../../room/state.ts'
import { errorOf, MeteorError } from '../errors.ts'
import type { Gate } from '../gate.ts'
import type { Call } from '../method.ts'
import { type Found, type RoomType, typeOf } from '../names.ts'
import { submit } from '../submit.ts'

/** The suite of a room that is about to be made. `asked`: what the request says of encryption, if anything. */
export function suiteOfNew({ settings }: Gate, type: RoomType, asked: boolean | null | undefined): Suite | MeteorError {
  // Nobody could be kept from reading along in a room that everybody may join.
  if (type === 'c') return 'none'
  const enabled = settings.get('E2E_Enable')
  if (enabled && type === 'p' && settings.get('E2E_Force_Encryption_For_Private_Rooms'))
    return asked === false ? enforced('createRoom') : 'rocketchat'
  const usual =
    enabled && settings.get(type === 'd' ? 'E2E_Enabled_Default_DirectRooms' : 'E2E_Enabled_Default_PrivateRooms')
  return (asked ?? usual) ? 'rocketchat' : 'none'
}

/** Why the caller cannot switch a room's encryption; null where they may. For whoever changes more of the room with it, which
 * is not done without it. */
export function checkSwitch({ gate, caller }: Call, { room, channel }: Found, encrypted: boolean): MeteorError | null {
  const { settings, permissions } = gate
  const { account } = caller
  const type = typeOf(room)
  if (encrypted === (room.suite !== 'none')) return null
  if (type === 'c' || !settings.get('E2E_Enable')) return refusedSwitch()
  // As in room/commands/switch-suite.ts, which decides.
  if (!room.members.has(account.id) || (type === 'p' && !mayOwn(room, channel, account))) return refused(NOT_YOURS)
  if (type === 'p' && !permissions.may(account, 'toggle-room-e2e-encryption', room)) return refused(NOT_YOURS)
  if (!encrypted && type === 'p' && settings.get('E2E_Force_Encryption_For_Private_Rooms'))
    return enforced('saveRoomSettings')
  return null
}

/** Switches a room's encryption; the room as it is then. Who may: see room/commands/switch-suite.ts. */
export async function switchEncryption(call: Call, found: Found, encrypted: boolean): Promise<RoomState | MeteorError> {
  const { room } = found
  const barred = checkSwitch(call, found, encrypted)
  if (barred) return barred
  if (encrypted === (room.suite !== 'none')) return room
  const { account } = call.caller
  const done = await submit(call, room.id, { command: 'switch-suite', actor: account.id, encrypted })
  if (!isRejection(done)) return done.room
  return done.rejected === 'role.required' || done.rejected === 'member.required'
    ? refused(NOT_YOURS)
    : errorOf(done, 'saveRoomSettings')
}

const NOT_YOURS = 'You do not have permission to toggle E2E encryption'

/** Of a room that is opened to everybody in the same breath, too. */
export function refusedSwitch(): MeteorError {
  return refused('Only groups or direct channels can enable encryption')
}

function refused(reason: string): MeteorError {
  const details = { method: 'saveRoomSettings', action: 'Change_Room_Encrypted' }
  return new MeteorError('error-action-not-allowed', reason, details)
}

function enforced(method: string): MeteorError {
  return new MeteorError('error-encrypted-private-rooms-enforced', 'Private rooms are always encrypted', { method })
}
