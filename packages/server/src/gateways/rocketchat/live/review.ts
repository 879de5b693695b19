// Streams of a room end silently for whoever may not hear them any more (rocketchat.md section 3), at the moment in which
// the right is lost: by an event of the room, of its channel, of the account, or by a changed permission.
import type { ChannelId, UserId } from '@conclave/wire'
import { sanctionOn } from '../../../room/state.ts'
import { bug } from '../dispatch.ts'
import { accountOf } from '../encode.ts'
import type { Gate } from '../gate.ts'
import type { Found } from '../names.ts'
import { mayWatch } from '../rooms/access.ts'
import type { DdpSession } from '../session.ts'
import type { Audience } from './audience.ts'
import type { RoomFeed } from './feeds.ts'

/** Ends every stream of the room for the users who are gone from it. */
export function detach(gate: Gate, feed: RoomFeed, gone: (user: UserId) => boolean): void {
  for (const audience of audiencesOf(feed))
    for (const session of audience.sessions())
      if (session.user !== null && gone(session.user)) end(session, feed, audience)
  gate.feeds.release(feed)
}

function audiencesOf(feed: RoomFeed): Audience[] {
  return [feed.messages, ...feed.events.values()]
}

function end(session: DdpSession, feed: RoomFeed, audience: Audience): void {
  session.detach(feed, 'all')
  // Also a subscription that is just being opened, of which the connection does not know yet.
  audience.drop(session)
}

/** Asks everybody's right anew, in this moment where their accounts are in memory. */
export function review(gate: Gate, feed: RoomFeed, found: Found): void {
  const unknown = new Set<UserId>()
  for (const audience of audiencesOf(feed)) {
    const what = audience === feed.messages ? 'messages' : 'events'
    for (const session of audience.sessions()) {
      if (session.user === null) continue
      const account = gate.parts.identity.accounts.peek(session.user)
      if (!account) unknown.add(session.user)
      else if (!mayWatch(gate, account, found, what)) end(session, feed, audience)
    }
  }
  // What the ban itself says of this (`receiveAbout`) may be lost on its way from another node.
  const { sanctions } = found.channel
  if (sanctions.length > 0)
    for (const follower of [...feed.followers.values()])
      if (sanctionOn(sanctions, follower.user, 'ban', gate.parts.clock.now())) gate.feeds.unwatch(follower, feed)
  gate.feeds.release(feed)
  if (unknown.size > 0) soon(gate, () => reviewUnknown(gate, feed, unknown))
}

async function reviewUnknown(gate: Gate, feed: RoomFeed, users: ReadonlySet<UserId>): Promise<void> {
  for (const user of users) {
    const account = await accountOf(gate.parts, user)
    const found = await gate.parts.reading.room(feed.room)
    if (!account || !found || !mayWatch(gate, account, found, 'events')) detach(gate, feed, one => one === user)
  }
}

/** The same wherever a user listens, or in a channel, or everywhere. */
export function reviewRooms(gate: Gate, feeds: readonly RoomFeed[]): void {
  soon(gate, async () => {
    for (const feed of feeds) {
      const found = await gate.parts.reading.room(feed.room)
      if (found) review(gate, feed, found)
    }
  })
}

export function reviewUser(gate: Gate, user: UserId): void {
  const feeds = new Set([...gate.feeds.here(user)].flatMap(session => session.feeds()))
  if (feeds.size > 0) reviewRooms(gate, [...feeds])
}

export function reviewChannel(gate: Gate, channel: ChannelId): void {
  reviewRooms(gate, gate.feeds.inChannel(channel))
}

function soon(gate: Gate, task: () => Promise<void>): void {
  task().catch(error => bug(gate, 'review', error))
}
