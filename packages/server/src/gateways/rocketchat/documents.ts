// A room's document and a member's subscription, told to those who listen to them.
import type { RoomState } from '../../room/state.ts'
import { type Document, roomDocument, subscriptionDocument } from './encode.ts'
import type { Follower, RoomFeed } from './feeds.ts'
import { ejson, streamFrame } from './frames.ts'
import type { Gate } from './gate.ts'
import { ridOf } from './names.ts'

export type Change = 'inserted' | 'updated' | 'removed'

export async function tellRoom(
  gate: Gate,
  followers: readonly Follower[],
  room: RoomState,
  change: Change,
  lastMessage?: Document,
): Promise<void> {
  const listening = followers.filter(follower => follower.listensTo('rooms-changed'))
  if (listening.length === 0) return
  const args = ejson([change, await roomDocument(gate.parts, room, lastMessage)])
  for (const follower of listening) emit(follower, 'rooms-changed', args)
}

/** `stream-room-data`: without the last message, which not everybody who may listen may read. */
export async function tellRoomData(gate: Gate, feed: RoomFeed, room: RoomState): Promise<void> {
  if (!feed.events.has('')) return
  const args = ejson([await roomDocument(gate.parts, room)])
  feed.events.get('')?.write(streamFrame('room-data', ridOf(room), args))
}

export async function tellSubscription(gate: Gate, follower: Follower, room: RoomState, change: Change): Promise<void> {
  if (!follower.listensTo('subscriptions-changed')) return
  const { accounts } = gate.parts.identity
  const account = accounts.peek(follower.user) ?? (await accounts.load(follower.user))
  if (!account) return
  const shown = await subscriptionDocument(gate.parts, room, account, { keys: 'own' })
  emit(follower, 'subscriptions-changed', ejson([change, shown]))
}

/** `args`: the text of a JSON array. */
export function emit(follower: Follower, event: string, args: string): void {
  const audience = follower.notify.get(event)
  if (audience && audience.size > 0) audience.write(streamFrame('notify-user', `${follower.user}/${event}`, args))
}
