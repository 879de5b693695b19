// Streams of a room: its messages, what is told beside them, its document; and the messages of all of one's rooms.
import { ATTEMPTS } from '../../../limits.ts'
import { isRejection } from '../../../room/rejection.ts'
import { type MeteorError, notAllowedToRead } from '../errors.ts'
import type { Gate } from '../gate.ts'
import { type Found, roomOf } from '../names.ts'
import { mayWatch } from '../rooms/access.ts'
import type { DdpSession } from '../session.ts'
import type { Audience } from './audience.ts'
import type { RoomFeed } from './feeds.ts'
import { type Asking, NOTHING, type Opened } from './opened.ts'

export async function roomMessages({ gate, session, caller }: Asking, rid: string): Promise<Opened | MeteorError> {
  const { live } = session
  if (!caller || !live) return notAllowedToRead
  const found = await roomOf(gate.parts, caller.account, rid)
  if (!found) return notAllowedToRead
  const { id } = found.room
  const close = async (feed: RoomFeed): Promise<void> => {
    const last = feed.messages.remove(session)
    gate.feeds.release(feed)
    if (last) await gate.parts.occupancy.leave(live, id)
  }
  const opened = (feed: RoomFeed): Opened => ({
    personal: true,
    room: { feed, of: 'messages' },
    close: () => close(feed),
  })
  const known = gate.feeds.get(id)
  if (known?.messages.has(session)) {
    known.messages.add(session)
    return opened(known)
  }
  if (!mayWatch(gate, caller.account, found, 'messages')) return notAllowedToRead
  // Listens in the very moment in which it is let in: nothing is missed and nothing comes before.
  let feed: RoomFeed | undefined
  const entered = await gate.parts.occupancy.enter(live, id, null, ({ room, channel, account }) => {
    if (!mayWatch(gate, account, { room, channel }, 'messages')) return
    feed = gate.feeds.hold(room)
    feed.messages.add(session)
  })
  if (!isRejection(entered) && !feed) await gate.parts.occupancy.leave(live, id)
  return feed ? opened(feed) : notAllowedToRead
}

export async function myMessages({ gate, session, caller }: Asking): Promise<Opened | MeteorError> {
  const { user } = session
  // Anybody may ask; who is not logged in is in no room.
  if (!caller || user === null) return NOTHING
  await gate.parts.bus.follow('public')
  const follower = await gate.feeds.follow(user, ({ mine, rooms }) => {
    if (mine.add(session)) for (const feed of rooms) feed.mine.add(session)
  })
  gate.onlookers.review(follower)
  return {
    personal: true,
    room: null,
    close: async () => {
      if (follower.mine.remove(session)) for (const feed of follower.rooms) feed.mine.drop(session)
      gate.onlookers.review(follower)
      gate.feeds.releaseFollower(follower)
    },
  }
}

/** `<rid>/<event>`. */
export async function notifyRoom(asking: Asking, eventName: string): Promise<Opened | MeteorError> {
  const at = eventName.indexOf('/')
  if (at <= 0 || at === eventName.length - 1) return notAllowedToRead
  return roomEvent(asking, eventName.slice(0, at), 'notify-room', eventName.slice(at + 1))
}

export async function roomEvent(
  asking: Asking,
  rid: string,
  stream: 'notify-room' | 'room-data',
  event: string,
): Promise<Opened | MeteorError> {
  const opened = asking.caller && (await listenIfAllowed(asking, rid, event))
  if (opened) return opened
  // The real server lets anybody ask for this one; here nobody hears of rooms that they may not enter.
  return stream === 'notify-room' && event === 'webrtc' ? NOTHING : notAllowedToRead
}

async function listenIfAllowed(asking: Asking, rid: string, event: string): Promise<Opened | null> {
  const { gate, session } = asking
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const { user } = session
    if (user === null) return null
    const account = gate.parts.identity.accounts.peek(user) ?? (await gate.parts.identity.accounts.load(user))
    const found = account && (await roomOf(gate.parts, account, rid))
    if (!found) return null
    await gate.parts.bus.follow(`room:${found.room.id}`)
    const now = inThisMoment(gate, user, found)
    if (now) return mayWatch(gate, now.account, now.found, 'events') ? listen(asking, now.found, event) : null
  }
  return null
}

/** A ban that came since the room was looked up has found nobody to cut off. undefined: something has just changed. */
function inThisMoment({ parts }: Gate, user: NonNullable<DdpSession['user']>, { room }: Found) {
  const channel = parts.identity.channels.peek(room.channel)
  const account = parts.identity.accounts.peek(user)
  return channel && account && { account, found: { room: parts.reading.newest(room), channel } }
}

function listen({ gate, session }: Asking, { room }: Found, event: string): Opened {
  const feed = gate.feeds.hold(room)
  const audience = feed.event(event)
  audience.add(session)
  return {
    personal: true,
    room: { feed, of: 'events' },
    close: async () => leave(gate, feed, event, audience, session),
  }
}

function leave(gate: Gate, feed: RoomFeed, event: string, audience: Audience, session: DdpSession): void {
  audience.remove(session)
  if (audience.size === 0 && feed.events.get(event) === audience) feed.events.delete(event)
  gate.feeds.release(feed)
}
