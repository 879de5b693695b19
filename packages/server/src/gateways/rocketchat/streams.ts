// Publications (rocketchat.md 1.6, 3): who may subscribe to which event of which stream, and what a subscription holds.
import { isUserId } from '@conclave/wire'
import { ATTEMPTS } from '../../limits.ts'
import { isRejection } from '../../room/rejection.ts'
import { mayEnter } from './access.ts'
import type { Audience } from './audience.ts'
import { invalidEventName, MeteorError, matchFailed, notAllowedToRead } from './errors.ts'
import type { RoomFeed } from './feeds.ts'
import type { Caller, Gate } from './gate.ts'
import { EVENT_NAME } from './limits.ts'
import { type Found, roomOf } from './names.ts'
import type { DdpSession } from './session.ts'

/** An open subscription. */
export interface Opened {
  /** True where it ends with the log-in. */
  readonly personal: boolean
  /** The room that it listens to, and whether to its messages or to something else of it. */
  readonly room: { readonly feed: RoomFeed; readonly of: 'messages' | 'events' } | null
  /** Ends it; called once. */
  close(): Promise<void>
}

export interface Asking {
  readonly gate: Gate
  readonly session: DdpSession
  /** null before the log-in. */
  readonly caller: Caller | null
}

type Publication = (asking: Asking, eventName: string) => Promise<Opened | MeteorError>

const OPEN: Opened = { personal: false, room: null, close: async () => {} }
const PERSONAL: Opened = { ...OPEN, personal: true }

/** Accepted, and nothing comes of them yet: the server has no settings, roles or devices that change (issue 5). */
const QUIET_ALL = new Set(['public-settings-changed', 'public-info', 'license'])
const QUIET_LOGGED = new Set([
  'user-status',
  'updateAvatar',
  'Users:NameChanged',
  'Users:Deleted',
  'roles-change',
  'permissions-changed',
  'private-settings-changed',
  'updateEmojiCustom',
  'deleteEmojiCustom',
  'banner-changed',
  'voip.statuschanged',
  'new-banner',
])

const STREAMS: ReadonlyMap<string, Publication> = new Map<string, Publication>([
  ['stream-room-messages', roomMessages],
  ['stream-notify-room', notifyRoom],
  ['stream-room-data', (asking, rid) => roomEvent(asking, rid, '')],
  ['stream-notify-user', notifyUser],
  ['stream-notify-room-users', async () => notAllowedToRead],
  ['stream-notify-all', async (_, name) => (QUIET_ALL.has(name) ? OPEN : notAllowedToRead)],
  [
    'stream-notify-logged',
    async ({ caller }, name) => (caller && QUIET_LOGGED.has(name) ? PERSONAL : notAllowedToRead),
  ],
  ['stream-roles', async ({ caller }) => (caller ? PERSONAL : notAllowedToRead)],
  ['stream-apps', async ({ caller }) => (caller ? PERSONAL : notAllowedToRead)],
])

/** Publications that are no streams: accepted, with nothing in them. */
const PLAIN = new Set([
  'meteor.loginServiceConfiguration',
  'meteor_autoupdate_clientVersions',
  'userData',
  'activeUsers',
  'stream-importers',
])

/** What to do with a `sub`. `presence`: the stream of presence, whose event name is empty by nature. */
export type Subscribed =
  | { readonly opened: Opened; readonly collection: string | null; readonly eventName: string }
  | { readonly refused: MeteorError }

export async function subscribe(asking: Asking, name: string, params: readonly unknown[]): Promise<Subscribed> {
  if (PLAIN.has(name)) return { opened: OPEN, collection: null, eventName: '' }
  const [eventName, options] = params
  if (name === 'stream-user-presence') {
    return asking.caller ? { opened: PERSONAL, collection: null, eventName: '' } : { refused: notAllowedToRead }
  }
  const publication = STREAMS.get(name)
  if (!publication) return { refused: new MeteorError(404, `Subscription '${name}' not found`) }
  if (typeof eventName !== 'string') return { refused: matchFailed }
  if (eventName === '' || eventName.length > EVENT_NAME) return { refused: invalidEventName }
  const opened = await publication(asking, eventName)
  if (opened instanceof MeteorError) return { refused: opened }
  return { opened, collection: wantsCollection(options) ? name : null, eventName }
}

/** `true`, or `{useCollection: true}` (rocketchat.md 1.6). */
function wantsCollection(options: unknown): boolean {
  if (typeof options === 'object' && options !== null) {
    return (options as { useCollection?: unknown }).useCollection === true
  }
  return options === true
}

async function roomMessages(asking: Asking, rid: string): Promise<Opened | MeteorError> {
  if (rid === '__my_messages__') return myMessages(asking)
  const { gate, session, caller } = asking
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
  // Listens in the very moment in which it is let in: nothing is missed and nothing comes before.
  let feed: RoomFeed | undefined
  const entered = await gate.parts.occupancy.enter(live, id, null, () => {
    feed = gate.feeds.hold(found.room)
    feed.messages.add(session)
  })
  return isRejection(entered) || !feed ? notAllowedToRead : opened(feed)
}

async function myMessages({ gate, session, caller }: Asking): Promise<Opened | MeteorError> {
  if (!caller) return notAllowedToRead
  const { user } = session
  if (user === null) return notAllowedToRead
  const follower = await gate.feeds.follow(user, ({ mine, rooms }) => {
    if (mine.add(session)) for (const feed of rooms) feed.mine.add(session)
  })
  return {
    personal: true,
    room: null,
    close: async () => {
      if (follower.mine.remove(session)) for (const feed of follower.rooms) feed.mine.drop(session)
      gate.feeds.releaseFollower(follower)
    },
  }
}

async function notifyRoom(asking: Asking, eventName: string): Promise<Opened | MeteorError> {
  const at = eventName.indexOf('/')
  if (at <= 0 || at === eventName.length - 1) return notAllowedToRead
  return roomEvent(asking, eventName.slice(0, at), eventName.slice(at + 1))
}

async function roomEvent(asking: Asking, rid: string, event: string): Promise<Opened | MeteorError> {
  const { gate, caller } = asking
  if (!caller) return notAllowedToRead
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const found = await roomOf(gate.parts, caller.account, rid)
    if (!found) return notAllowedToRead
    const now = inThisMoment(gate, found)
    if (now) return mayEnter(gate, caller, now) ? listen(asking, now, event) : notAllowedToRead
  }
  return notAllowedToRead
}

/** A ban that came since the room was looked up has found nobody to cut off. undefined: the channel has just changed. */
function inThisMoment({ parts }: Gate, { room }: Found): Found | undefined {
  const channel = parts.identity.channels.peek(room.channel)
  return channel && { room: parts.reading.newest(room), channel }
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
  if (audience.size === 0) feed.events.delete(event)
  gate.feeds.release(feed)
}

/** Only one's own events. */
async function notifyUser({ gate, session, caller }: Asking, eventName: string): Promise<Opened | MeteorError> {
  const at = eventName.indexOf('/')
  const user = eventName.slice(0, at)
  if (!caller || at <= 0 || at === eventName.length - 1) return notAllowedToRead
  if (!isUserId(user) || session.user !== user) return notAllowedToRead
  const event = eventName.slice(at + 1)
  const follower = await gate.feeds.follow(user, follower => follower.event(event).add(session))
  return {
    personal: true,
    room: null,
    close: async () => {
      follower.notify.get(event)?.remove(session)
      gate.feeds.releaseFollower(follower)
    },
  }
}
