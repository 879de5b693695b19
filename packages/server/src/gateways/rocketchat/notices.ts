// What messages and comings and goings change in a room's documents, told once for all of a moment: nobody needs to hear a
// thousand times a second that a counter has grown. The more listen, the longer a moment is, and they are told in portions,
// so that a crowd holds up nobody's messages.
import type { Delivery } from '../../bus/bus.ts'
import { tellRoom, tellRoomData, tellSubscription } from './documents.ts'
import { messageDocument } from './encode-message.ts'
import type { Follower, RoomFeed } from './feeds.ts'
import type { Gate } from './gate.ts'
import { NOTICE_DELAY, NOTICE_PER_FOLLOWER, NOTICE_PORTION } from './limits.ts'

/** `delivery`: of a message, which is the newest then. Without: something else in the room's document has changed. */
export function notice(gate: Gate, feed: RoomFeed, delivery: Pick<Delivery, 'event' | 'actor'> | null): void {
  const last = delivery && { event: delivery.event, actor: delivery.actor }
  const waiting = feed.notice
  if (waiting) {
    feed.notice = { last: last ?? waiting.last, timer: waiting.timer }
    return
  }
  if (!feed.events.has('') && !hasListeners(feed)) return
  const wait = Math.max(NOTICE_DELAY, feed.followers.size * NOTICE_PER_FOLLOWER)
  const timer = setTimeout(() => {
    const noticed = feed.notice
    feed.notice = null
    if (!noticed) return
    feed.work(
      () => tell(gate, feed, noticed.last),
      () => gate.feeds.release(feed),
    )
  }, wait)
  timer.unref()
  feed.notice = { last, timer }
}

function hasListeners(feed: RoomFeed): boolean {
  for (const follower of feed.followers.values()) if (listensToDocuments(follower)) return true
  return false
}

async function tell(gate: Gate, feed: RoomFeed, last: NonNullable<RoomFeed['notice']>['last']): Promise<void> {
  const found = await gate.parts.reading.room(feed.room)
  if (!found) return
  const { room } = found
  const shown = last ? messageDocument(last.event, room, last.actor) : undefined
  // Who came in after the message, and may read nothing older, gets the document without it (L10).
  const sequence = last?.event.sequence ?? 0
  const reads = ({ user }: Follower): boolean => (room.members.get(user)?.from ?? 0) <= sequence
  const followers = [...feed.followers.values()].filter(listensToDocuments)
  await inPortions(followers, async portion => {
    const members = portion.filter(({ user }) => room.members.has(user))
    if (last) for (const follower of members) await tellSubscription(gate, follower, room, 'updated')
    const [reading, late] = [members.filter(reads), members.filter(follower => !reads(follower))]
    await tellRoom(gate, reading, room, 'updated', shown)
    await tellRoom(gate, late, room, 'updated')
  })
  await tellRoomData(gate, feed, room)
}

/** With a turn of the event loop between them. */
export async function inPortions<T>(all: readonly T[], task: (portion: readonly T[]) => Promise<void>): Promise<void> {
  for (let at = 0; at < all.length; at += NOTICE_PORTION) {
    if (at > 0) await new Promise(resolve => setImmediate(resolve))
    await task(all.slice(at, at + NOTICE_PORTION))
  }
}

function listensToDocuments(follower: Follower): boolean {
  return follower.listensTo('rooms-changed') || follower.listensTo('subscriptions-changed')
}
