// Memberships that the server ends, room by room: with an account, or by a ban that covers more than one room. Each goes
// through the one command that removes members, so that encrypted rooms close, each once (L4). What somebody has asked for
// and not got yet ends with them.
import type { ChannelId, RoomId, UserId } from '@conclave/wire'
import type { Rejection } from '../room/rejection.ts'
import { isRejection } from '../room/rejection.ts'
import type { Store } from '../store/store.ts'
import type { Engine } from './engine.ts'

export interface Ending {
  readonly user: UserId
  readonly how: 'account' | 'banned'
  readonly reason: string
  /** Where the rooms lie; null everywhere. */
  readonly channel: ChannelId | null
  /** The rooms of two, to which nobody can be added again, go on. */
  readonly sparesDirect: boolean
}

/** What says that there is nothing to end any more. */
const OVER: ReadonlySet<Rejection['rejected']> = new Set(['members.absent', 'join.absent', 'room.unknown'])

/** The rooms that were left, or why one could not be: those before it are left all the same. */
export async function endMemberships(
  { store, engine }: { readonly store: Store; readonly engine: Engine },
  { user, how, reason, channel, sparesDirect }: Ending,
): Promise<{ readonly left: readonly RoomId[] } | Rejection> {
  const seen = new Set<RoomId>()
  const left: RoomId[] = []
  // Again until nothing is new: somebody may be adding them while they go.
  for (let found = true; found; ) {
    found = false
    for (const { room, kind, channel: within } of await store.heads(await store.roomsOf(user))) {
      if (seen.has(room)) continue
      seen.add(room)
      found = true
      if ((channel !== null && within !== channel) || (sparesDirect && kind === 'direct')) continue
      const command = { command: 'remove-members', actor: null, users: [user], how, reason, keepOwner: false } as const
      const answer = await engine.submit({ room, command, session: null, bytes: 0 })
      if (!isRejection(answer)) left.push(room)
      else if (!OVER.has(answer.rejected)) return answer
    }
  }
  return (await endRequests({ store, engine }, user, channel)) ?? { left }
}

/** The rooms of a channel, or all, are not asked any more to let the user in. */
async function endRequests(
  { store, engine }: { readonly store: Store; readonly engine: Engine },
  user: UserId,
  channel: ChannelId | null,
): Promise<Rejection | null> {
  for (const { room, channel: within } of await store.heads(await store.requestsOf(user))) {
    if (channel !== null && within !== channel) continue
    const command = { command: 'reject-joins', actor: null, users: [user], signatures: [] } as const
    const answer = await engine.submit({ room, command, session: null, bytes: 0 })
    if (isRejection(answer) && !OVER.has(answer.rejected)) return answer
  }
  return null
}
