// What messages, what is done to them, and comings and goings change in a room's documents, told once for all of a moment:
// nobody needs to hear a thousand times a second that a counter has grown. The more listen, the longer a moment is, and they
// are told in portions, so that a crowd holds up nobody's messages.
import type { UserId } from '@conclave/wire'
import type { BusMessage, Delivery } from '../../../bus/bus.ts'
import type { RoomEvent } from '../../../room/events.ts'
import type { RoomState } from '../../../room/state.ts'
import type { Membership } from '../../../store/store.ts'
import { ejson, streamFrame } from '../frames.ts'
import type { Gate } from '../gate.ts'
import { NOTICE_DELAY, NOTICE_PER_FOLLOWER, NOTICE_PORTION, READ_BY_ALL } from '../limits.ts'
import { currentDocument } from '../messages/encode-message.ts'
import { ridOf } from '../names.ts'
import { unreadIn } from '../rooms/subscription-document.ts'
import { Notification } from './desktop.ts'
import { bringMemberships, tellMembership, tellRoom, tellRoomData, tellSubscription } from './documents.ts'
import type { Follower, RoomFeed } from './feeds.ts'
import { differs, isInRoom, Moment } from './moment.ts'

/** `delivery`: of a message, or of what was done to one. Without: something else in the room's document has changed. */
export function notice(gate: Gate, feed: RoomFeed, delivery: Delivery | null): void {
  const waiting = feed.moment
  if (waiting) {
    if (delivery) waiting.add(delivery)
    return
  }
  if (!feed.events.has('') && !hasListeners(feed)) {
    // What is in memory of its members is not moved on while nobody listens.
    feed.memberships.clear()
    return
  }
  const moment = new Moment()
  if (delivery) moment.add(delivery)
  feed.moment = moment
  const wait = Math.max(NOTICE_DELAY, feed.followers.size * NOTICE_PER_FOLLOWER)
  const timer = setTimeout(() => {
    feed.moment = null
    feed.work(
      () => tell(gate, feed, moment),
      () => gate.feeds.release(feed),
    )
  }, wait)
  timer.unref()
}

function hasListeners(feed: RoomFeed): boolean {
  for (const follower of feed.followers.values()) if (listensToDocuments(follower)) return true
  return false
}

const DOCUMENTS = ['rooms-changed', 'subscriptions-changed', 'notification'] as const

function listensToDocuments(follower: Follower): boolean {
  return DOCUMENTS.some(name => follower.listensTo(name))
}

async function tell(gate: Gate, feed: RoomFeed, moment: Moment): Promise<void> {
  const found = await gate.parts.reading.room(feed.room)
  if (!found) return
  const { room } = found
  const replied = await repliedTo(gate, room, moment)
  const shown = (membership: Membership): number => unreadIn(gate, room, membership)
  const notified = moment.notified.map(delivery => new Notification(gate, room, delivery, replied))
  const members = [...feed.followers.values()].filter(one => room.members.has(one.user) && listensToDocuments(one))
  await inPortions(members, async portion => {
    for (const [follower, before, after] of await moveOn(gate, feed, portion, moment)) {
      if (differs(before, after, shown)) await tellMembership(gate, follower, room, after, 'updated')
      for (const notification of notified) await notification.tell(follower, after)
    }
  })
  await tellWithLast(gate, feed, room, members, moment.last?.event)
}

/** The room with its last message, to those who may read that (L10): who came in after it gets the document without it. */
export async function tellWithLast(
  gate: Gate,
  feed: RoomFeed,
  room: RoomState,
  members: readonly Follower[],
  known?: RoomEvent,
): Promise<void> {
  const listening = members.filter(follower => follower.listensTo('rooms-changed'))
  const last = listening.length === 0 ? undefined : (known ?? (await newest(gate, room)))
  const shown = last && (await currentDocument(gate.parts, last, room))
  const reads = ({ user }: Follower): boolean => (room.members.get(user)?.from ?? 0) <= (last?.sequence ?? 0)
  await inPortions(listening.filter(reads), portion => tellRoom(gate, portion, room, 'updated', shown))
  const late = listening.filter(follower => !reads(follower))
  await inPortions(late, portion => tellRoom(gate, portion, room, 'updated'))
  await tellRoomData(gate, feed, room)
}

/** With a turn of the event loop between them. */
export async function inPortions<T>(all: readonly T[], task: (portion: readonly T[]) => Promise<void>): Promise<void> {
  for (let at = 0; at < all.length; at += NOTICE_PORTION) {
    if (at > 0) await new Promise(resolve => setImmediate(resolve))
    await task(all.slice(at, at + NOTICE_PORTION))
  }
}

/** Who follows the threads that were replied in. */
async function repliedTo(
  { parts }: Gate,
  room: RoomState,
  moment: Moment,
): Promise<ReadonlyMap<number, readonly UserId[]>> {
  const followed = new Map<number, readonly UserId[]>()
  for (const sequence of moment.threads) {
    const users = (await parts.reading.message(room.id, sequence))?.done?.followers ?? []
    followed.set(sequence, users)
    for (const user of users) moment.stale?.add(user)
  }
  return followed
}

/** The counters of those who listen to them after the moment, and as they were known before: what cannot be known is read at
 * once for all. */
async function moveOn(
  gate: Gate,
  feed: RoomFeed,
  members: readonly Follower[],
  moment: Moment,
): Promise<[Follower, Membership | undefined, Membership][]> {
  if (!moment.counts) return []
  const counting = members.filter(one => one.listensTo('subscriptions-changed') || one.listensTo('notification'))
  const before = counting.map(({ user }) => feed.memberships.get(user))
  const missing: UserId[] = []
  for (const [index, { user }] of counting.entries()) {
    const after = moment.moved(before[index])
    if (after) feed.memberships.set(user, after)
    else missing.push(user)
  }
  await bringMemberships(gate, feed, missing)
  const moved: [Follower, Membership | undefined, Membership][] = []
  for (const [index, follower] of counting.entries()) {
    const after = feed.memberships.get(follower.user)
    if (after) moved.push([follower, before[index], after])
  }
  return moved
}

function newest({ parts }: Gate, room: RoomState): Promise<RoomEvent | undefined> {
  return parts.reading.newestMessage(room.id, body => !body.to && isInRoom(body))
}

/** What the user keeps of the room, or how far they have read it, is another now. */
export async function tellReceipt(gate: Gate, follower: Follower, room: RoomState): Promise<void> {
  const feed = gate.feeds.get(room.id)
  feed?.memberships.delete(follower.user)
  await tellSubscription(gate, follower, room, 'updated')
}

/** `messagesRead`: up to when everybody has read a small room. */
export async function tellRead(
  gate: Gate,
  feed: RoomFeed,
  { read }: Extract<BusMessage, { kind: 'receipt' }>,
): Promise<void> {
  const audience = feed.events.get('messagesRead')
  if (!read || !audience) return
  const found = await gate.parts.reading.room(feed.room)
  if (!found || found.room.members.size > READ_BY_ALL) return
  const named = [...found.room.members.keys()].map(user => ({ user, room: feed.room }))
  const memberships = await gate.parts.reading.memberships(named, 'direct')
  if (memberships.some(({ cursor }) => cursor === null)) return
  const until = new Date(Math.min(...memberships.map(({ cursor }) => cursor?.at ?? 0)))
  audience.write(streamFrame('notify-room', `${ridOf(found.room)}/messagesRead`, ejson([{ until }])))
}
