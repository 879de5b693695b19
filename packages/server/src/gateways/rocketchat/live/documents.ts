// A room's document and a member's subscription, told to those who listen to them.
import type { UserId } from '@conclave/wire'
import type { RoomState } from '../../../room/state.ts'
import type { Membership } from '../../../store/store.ts'
import { accountOf, type Document } from '../encode.ts'
import { ejson, streamFrame } from '../frames.ts'
import type { Gate } from '../gate.ts'
import { ridOf } from '../names.ts'
import { roomDocument } from '../rooms/room-document.ts'
import { counted, documentOfMembership } from '../rooms/subscription-document.ts'
import type { Follower, RoomFeed } from './feeds.ts'

export type Change = 'inserted' | 'updated' | 'removed'

/** Reads memberships of followers into memory; who is no member is not kept. */
export async function bringMemberships(gate: Gate, feed: RoomFeed, users: readonly UserId[]): Promise<void> {
  if (users.length === 0) return
  const named = users.map(user => ({ user, room: feed.room }))
  const found = await gate.parts.reading.memberships(named, counted(gate))
  for (const user of users) feed.memberships.delete(user)
  for (const membership of found)
    if (feed.followers.has(membership.user)) feed.memberships.set(membership.user, membership)
}

/** The subscriptions of many, with one read for all. */
export async function tellSubscriptions(
  gate: Gate,
  feed: RoomFeed,
  followers: readonly Follower[],
  room: RoomState,
): Promise<void> {
  const listening = followers.filter(one => one.listensTo('subscriptions-changed'))
  await bringMemberships(
    gate,
    feed,
    listening.map(({ user }) => user),
  )
  for (const follower of listening) {
    const membership = feed.memberships.get(follower.user)
    if (membership) await tellMembership(gate, follower, room, membership, 'updated')
  }
}

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
  const named = [{ user: follower.user, room: room.id }]
  const [membership] = await gate.parts.reading.memberships(named, counted(gate))
  if (!membership) return
  gate.feeds.get(room.id)?.memberships.set(follower.user, membership)
  await tellMembership(gate, follower, room, membership, change)
}

export async function tellMembership(
  gate: Gate,
  follower: Follower,
  room: RoomState,
  membership: Membership,
  change: Change,
): Promise<void> {
  if (!follower.listensTo('subscriptions-changed')) return
  const account = await accountOf(gate.parts, follower.user)
  if (!account) return
  const shown = await documentOfMembership(gate, room, account, membership)
  emit(follower, 'subscriptions-changed', ejson([change, shown]))
}

/** `args`: the text of a JSON array. */
export function emit(follower: Follower, event: string, args: string): void {
  const audience = follower.notify.get(event)
  if (audience && audience.size > 0) audience.write(streamFrame('notify-user', `${follower.user}/${event}`, args))
}
