// A room's key is older than its roster: whoever has gone may hold it still (L4). Real clients know no event for that, so
// those who can change the key are told by a message that they alone see; `e2eKeyOutdated` of the room's document says it
// for as long as it is so.
import type { UserId } from '@conclave/wire'
import { hasRole, type RoomState } from '../../../room/state.ts'
import { accountOf, type Document } from '../encode.ts'
import type { Gate } from '../gate.ts'
import { ephemeralMessage } from '../live/ephemeral.ts'
import type { Follower, RoomFeed } from '../live/feeds.ts'
import { ridOf } from '../names.ts'

/** Whom the departure of these users concerns on this node, and what they are told. */
export async function outdatedNotice(
  gate: Gate,
  feed: RoomFeed,
  room: RoomState,
  gone: readonly UserId[],
): Promise<{ readonly to: readonly Follower[]; readonly message: Document } | undefined> {
  if (!room.outdated || room.suite !== 'rocketchat') return undefined
  // In a closed room anybody who remains may open it.
  const renews = ({ user }: Follower) => room.members.has(user) && (room.closed || hasRole(room, user, 'owner'))
  const to = [...feed.followers.values()].filter(follower => renews(follower) && follower.listensTo('message'))
  if (to.length === 0) return undefined
  const names: string[] = []
  for (const user of gone) names.push((await accountOf(gate.parts, user))?.username ?? user)
  const closed = room.closed ? ' Until then the room takes no messages.' : ''
  const text = `${names.join(', ')} may still hold the key of this room: reset the room's key.${closed}`
  return { to, message: ephemeralMessage(gate.parts, ridOf(room), text) }
}
