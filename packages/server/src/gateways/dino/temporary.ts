// The life of temporary rooms in the simple cases: one goes when it is empty, and, by the seed's rule, when its last
// owner who was inside leaves. An owner whose connection is lost does not end the room while others are inside; the
// grace time for that comes with the rest of this wire.
import type { RoomId, UserId } from '@conclave/wire'
import { isRejection } from '../../room/rejection.ts'
import { hasRole, type RoomState } from '../../room/state.ts'
import type { Gate } from './gate.ts'

/** After a user has left a room. `how`: `lost` for a connection that is gone. */
export async function endTemporary(gate: Gate, id: RoomId, user: UserId, how: 'leave' | 'lost'): Promise<void> {
  if (gate.closing) return
  const { reading, occupancy, engine } = gate.parts
  const found = await reading.room(id)
  if (found?.room.kind !== 'temporary') return
  const inside = new Set((await occupancy.occupants(id)).map(session => session.user))
  if (!ends(gate, found.room, user, inside, how)) return
  const command = { command: 'remove-room', actor: null, reason: '' } as const
  const done = await engine.submit({ room: id, command, session: null, bytes: 0 })
  if (isRejection(done) && done.rejected !== 'room.unknown')
    gate.log.warn({ wire: 'dino', room: id, rejected: done.rejected }, 'a temporary room could not be removed')
}

function ends(
  { parts }: Gate,
  room: RoomState,
  user: UserId,
  inside: ReadonlySet<UserId>,
  how: 'leave' | 'lost',
): boolean {
  if (inside.size === 0) return true
  if (how === 'lost' || parts.config.rooms.temporary !== 'owner') return false
  return hasRole(room, user, 'owner') && ![...inside].some(other => hasRole(room, other, 'owner'))
}
