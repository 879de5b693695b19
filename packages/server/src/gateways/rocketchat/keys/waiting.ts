// Who waits for a room's key (rocketchat.md 5.6): members with a key pair who have neither a copy of it nor the offer of one.
// Nothing is queued: it follows from the room and from the pairs, so nobody can be forgotten or stand there twice.
import type { UserId } from '@conclave/wire'
import { keylessSince, type RoomState } from '../../../room/state.ts'
import type { GatewayParts } from '../../gateway.ts'
import { WAITING_LOOKUPS, WAITING_USERS } from '../limits.ts'

export interface Waiting {
  readonly user: UserId
  readonly publicKey: string
  /** ms since 1970. */
  readonly since: number
}

/** The longest waiting first. Rooms of X have their own way. */
export async function waitingIn({ identity }: GatewayParts, room: RoomState): Promise<Waiting[]> {
  const waiting: Waiting[] = []
  if (room.suite === 'xchat') return waiting
  let looked = 0
  for (const user of room.members.keys()) {
    const held = room.keys.get(user)
    if (held?.accepted || held?.suggested) continue
    if (++looked > WAITING_LOOKUPS) break
    const { publicKey, since } = await identity.keyPairs.publicHalf(user)
    if (publicKey !== null) waiting.push({ user, publicKey, since: Math.max(since, keylessSince(room, user)) })
  }
  return waiting.sort((a, b) => a.since - b.since)
}

/** `usersWaitingForE2EKeys` of a room's document: the newest of them, in their order, once the room has a key to wait for. */
export async function queueOf(parts: GatewayParts, room: RoomState): Promise<{ userId: UserId; ts: Date }[]> {
  if (room.suite !== 'rocketchat' || room.epoch === null) return []
  const waiting = await waitingIn(parts, room)
  return waiting.slice(-WAITING_USERS).map(({ user, since }) => ({ userId: user, ts: new Date(since) }))
}
