// Somebody starts anew without keys (rocketchat.md 5.2): asked for by themselves, or by who may do it for others.
import type { UserId } from '@conclave/wire'
import { errorOf, MeteorError, tooMany } from '../errors.ts'
import type { Gate } from '../gate.ts'
import { SIGNAL } from '../live/tell.ts'

/** null: done. Every session of the user on this wire is over then, whatever its token. */
export async function resetKeysOf({ parts }: Gate, user: UserId, method: string): Promise<MeteorError | null> {
  const refused = await parts.keyReset.reset(user)
  if (refused) {
    switch (refused.rejected) {
      case 'busy':
        return tooMany(1_000)
      case 'conflict':
        return new MeteorError('error-conflict', 'Somebody else changed the user at the same time, try again', {
          method,
        })
      case 'user.unknown':
        return new MeteorError('error-invalid-user', 'Invalid user', { method })
      default:
        return errorOf({ rejected: 'unavailable' }, method)
    }
  }
  // Rooms in which they had no copy have no event of it, and they wait for one there no more.
  for (const room of await parts.reading.roomsOf(user)) {
    if (room.suite !== 'rocketchat' || !room.epoch) continue
    parts.bus.publish(`room:${room.id}`, { kind: 'signal', name: SIGNAL.queue, room: room.id, from: null, args: [] })
  }
  return null
}
