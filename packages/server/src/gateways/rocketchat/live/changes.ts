// What a committed event means to those who listen: messages on the room's stream, changed documents to its members,
// the end of a stream for whoever may not read it any more.
import { type RoomId, type UserId, uuidOf } from '@conclave/wire'
import type { BusMessage, Delivery } from '../../../bus/bus.ts'
import type { SessionRef } from '../../../presence/presence.ts'
import type { RoomEvent } from '../../../room/events.ts'
import type { RoomState } from '../../../room/state.ts'
import { accountOf, type Document, systemMessages } from '../encode.ts'
import { Encoded, ejson, Frame, streamFrame } from '../frames.ts'
import type { Gate } from '../gate.ts'
import { outdatedNotice } from '../keys/outdated.ts'
import { CROWD } from '../limits.ts'
import { currentDocument, documentsFor, messageIdOf, shownMessages } from '../messages/encode-message.ts'
import { messageText } from '../messages/message-text.ts'
import { hasQuotes } from '../messages/quotes.ts'
import { fullNameOf, ridOf, typeOf } from '../names.ts'
import { subscriptionIdOf } from '../rooms/subscription-document.ts'
import type { DdpSession } from '../session.ts'
import { emit, tellRoom, tellSubscription, tellSubscriptions } from './documents.ts'
import type { Follower, RoomFeed } from './feeds.ts'
import { inPortions, notice, tellRead, tellReceipt, tellWithLast } from './notices.ts'
import { detach, review } from './review.ts'
import { SIGNAL } from './tell.ts'

export function receiveRoom(gate: Gate, feed: RoomFeed, message: BusMessage): void {
  switch (message.kind) {
    case 'event':
      follow(gate, feed, message.delivery)
      break
    case 'expired':
      work(gate, feed, async () => tellExpired(feed, message))
      break
    case 'left':
      // Its last session was taken out, by a kick or because it went: what still listens here listens no more.
      gate.parts.occupancy.heardLeft(message.room.id, message.session.user)
      endMessages(gate, feed, session => session.user === message.session.user)
      break
    case 'signal':
      relay(gate, feed, message)
      break
    case 'receipt':
      work(gate, feed, () => tellRead(gate, feed, message))
      break
    case 'typing':
      // Said once: clients take it away after a while.
      work(gate, feed, async () => {
        const found = await gate.parts.reading.room(feed.room)
        const args = [message.account.username, ['user-typing']]
        if (found) toListeners(feed, found.room, 'user-activity', args, null)
      })
      break
    default:
  }
}

/** A session that another node took out of a room, whatever became of what that one said. */
export function putOut(gate: Gate, room: RoomId, id: string): void {
  const feed = gate.feeds.get(room)
  if (feed) endMessages(gate, feed, ({ live }) => live?.id === id)
}

function endMessages(gate: Gate, feed: RoomFeed, isOut: (session: DdpSession) => boolean): void {
  for (const session of feed.messages.sessions()) {
    if (!isOut(session)) continue
    session.detach(feed, 'messages')
    feed.messages.drop(session)
  }
  gate.feeds.release(feed)
}

/** What concerns a user by name: rooms that come and go. */
export function receiveUser(gate: Gate, follower: Follower, message: BusMessage): void {
  if (message.kind === 'signal' && message.name === SIGNAL.user) {
    const [event, args] = message.args as [string, unknown[]]
    emit(follower, event, ejson(args))
  }
  if (message.kind === 'notifications') {
    const { room } = message
    const feed = gate.feeds.hold(room)
    work(gate, feed, () => tellSubscription(gate, follower, room, 'updated'))
  }
  if (message.kind === 'receipt') {
    const feed = gate.feeds.get(message.room)
    if (feed)
      work(gate, feed, async () => {
        const found = await gate.parts.reading.room(message.room)
        if (found) await tellReceipt(gate, follower, found.room)
      })
  }
  if (message.kind !== 'event') return
  const { event, room } = message.delivery
  const { body } = event
  const { user } = follower
  if ((body.type === 'room.created' && body.members.includes(user)) || body.type === 'members.added') {
    const feed = gate.feeds.watch(follower, room)
    feed.work(
      async () => {
        await tellSubscription(gate, follower, room, 'inserted')
        await tellRoom(gate, [follower], room, 'inserted')
      },
      () => gate.feeds.release(feed),
    )
  }
  if (body.type === 'members.removed') tellRemoved(gate, follower, room)
}

/** A ban from a channel stands in no room's log, and reaches those who read public rooms without being in them: all of
 * the channel's streams end at once, wherever the user listens. One from the server ends the connection itself. */
export function receiveAbout(gate: Gate, user: UserId, message: BusMessage): void {
  if (message.kind !== 'sanctioned' || message.lifted || message.sanction.kind !== 'ban') return
  if (message.scope !== 'channel' || !message.channel) return
  for (const feed of gate.feeds.inChannel(message.channel.id)) {
    const follower = feed.followers.get(user)
    if (follower) gate.feeds.unwatch(follower, feed)
    detach(gate, feed, one => one === user)
  }
}

function tellRemoved(gate: Gate, follower: Follower, room: RoomState): void {
  const feed = gate.feeds.hold(room)
  gate.feeds.unwatch(follower, feed)
  const rid = ridOf(room)
  feed.work(
    async () => {
      emit(
        follower,
        'subscriptions-changed',
        ejson([
          'removed',
          { _id: subscriptionIdOf(room, follower.user), rid, t: typeOf(room), u: { _id: follower.user } },
        ]),
      )
      emit(follower, 'rooms-changed', ejson(['removed', { _id: rid, t: typeOf(room) }]))
    },
    () => gate.feeds.release(feed),
  )
}

function follow(gate: Gate, feed: RoomFeed, delivery: Delivery): void {
  const { event, room } = delivery
  const { body } = event
  switch (body.type) {
    case 'message':
      if (body.to) {
        toHearers(feed, delivery, body.to)
        notice(gate, feed, delivery)
        return
      }
      if (hasQuotes(event)) tellMessage(gate, feed, event.sequence)
      else if (feed.messages.size > 0 || feed.mine.size > 0)
        toReadersText(feed, room, messageText(event, room, delivery.actor))
      // What began the thread counts one more.
      if (body.thread) tellMessage(gate, feed, body.thread.sequence)
      notice(gate, feed, delivery)
      return
    case 'message.edited':
    case 'message.reacted':
    case 'thread.followed':
      tellMessage(gate, feed, body.sequence)
      notice(gate, feed, delivery)
      return
    case 'message.pinned':
      tellMessage(gate, feed, body.sequence)
      work(gate, feed, async () => {
        for (const shown of await systemMessages(gate.parts, event, room, delivery.actor))
          toThoseWhoRead(feed, room, body.sequence, shown)
      })
      notice(gate, feed, delivery)
      return
    case 'messages.deleted':
      work(gate, feed, () => tellDeleted(gate, feed, delivery))
      notice(gate, feed, delivery)
      return
    case 'acls.changed':
      review(gate, feed, delivery)
      return
    case 'room.created':
    case 'group.signed':
      return
    case 'room.removed':
      for (const follower of [...feed.followers.values()]) tellRemoved(gate, follower, room)
      detach(gate, feed, () => true)
      return
    case 'members.removed':
      detach(gate, feed, user => body.users.includes(user))
      break
    case 'sanction.set':
      if (body.sanction.kind === 'ban') detach(gate, feed, user => user === body.sanction.user)
      break
    case 'members.added':
    case 'wrap.saved':
    case 'epoch.opened':
    case 'room.renamed':
    case 'room.retitled':
      // Frequent, and nobody loses a right by them.
      break
    default:
      review(gate, feed, delivery)
  }
  work(gate, feed, async () => {
    for (const shown of await systemMessages(gate.parts, event, room, delivery.actor)) toReaders(feed, room, shown)
    await tellChanged(gate, feed, delivery)
    if (body.type === 'members.removed') await tellOutdated(gate, feed, room, body.users)
  })
}

function work(gate: Gate, feed: RoomFeed, task: () => Promise<void>): void {
  feed.work(task, () => gate.feeds.release(feed))
}

/** Encoded once for all who read the room's stream, and once for the streams of all rooms. */
function toReaders(feed: RoomFeed, room: RoomState, shown: Document): void {
  if (feed.messages.size > 0 || feed.mine.size > 0) toReadersText(feed, room, ejson(shown))
}

/** `json`: the message's document. */
function toReadersText(feed: RoomFeed, room: RoomState, json: string): void {
  if (feed.messages.size > 0) feed.messages.write(roomFrame(room, json))
  if (feed.mine.size > 0) feed.mine.write(mineFrame(room, json))
}

/** A message as it is now, to who may read it. It is read once for all of them. */
function tellMessage(gate: Gate, feed: RoomFeed, sequence: number): void {
  if (feed.messages.size === 0 && feed.mine.size === 0) return
  work(gate, feed, async () => {
    const { reading } = gate.parts
    const [found, event] = [await reading.room(feed.room), await reading.message(feed.room, sequence)]
    if (!found || !event || event.erased || event.body.type !== 'message') return
    const shown = await currentDocument(gate.parts, event, found.room)
    toThoseWhoRead(feed, found.room, sequence, shown, event)
  })
}

/** Of an older message: not to who came later and may not read it (L10), and of a whisper to its hearers alone. */
function toThoseWhoRead(feed: RoomFeed, room: RoomState, sequence: number, shown: Document, whisper?: RoomEvent): void {
  const to = whisper?.body.type === 'message' ? whisper.body.to : undefined
  const isLate = (user: UserId): boolean => (room.members.get(user)?.from ?? 0) > sequence
  if (to === undefined && (room.suite === 'none' || ![...room.members.keys()].some(isLate))) {
    toReaders(feed, room, shown)
    return
  }
  const reads = ({ user }: DdpSession): boolean =>
    user !== null && !isLate(user) && (to === undefined || user === whisper?.actor || to.includes(user))
  toSome(feed, room, shown, reads)
}

/** A whisper: to its sender and to whom it is for. It is nobody's last message, for a room's document is one for all. */
function toHearers(feed: RoomFeed, { event, room, actor }: Delivery, to: readonly UserId[]): void {
  const hears = ({ user }: DdpSession): boolean => user !== null && (user === event.actor || to.includes(user))
  toSome(feed, room, new Encoded(messageText(event, room, actor)), hears)
}

function toSome(
  feed: RoomFeed,
  room: RoomState,
  shown: Document | Encoded,
  reads: (session: DdpSession) => boolean,
): void {
  const [reading, mine] = [feed.messages.sessions().filter(reads), feed.mine.sessions().filter(reads)]
  if (reading.length === 0 && mine.length === 0) return
  const json = ejson(shown)
  const [ofRoom, ofMine] = [roomFrame(room, json), mineFrame(room, json)]
  for (const session of reading) session.write(ofRoom)
  for (const session of mine) session.write(ofMine)
}

const ROOM_HEAD = '{"msg":"changed","collection":"stream-room-messages","id":"id","fields":{"eventName":"'

/** `json`: the message's document. */
function roomFrame(room: RoomState, json: string): Frame {
  return new Frame(`${ROOM_HEAD}${ridOf(room)}","args":[${json}]}}`)
}

function mineFrame(room: RoomState, json: string): Frame {
  const about = { roomParticipant: true, roomType: typeOf(room), roomName: fullNameOf(room) }
  return streamFrame('room-messages', '__my_messages__', `[${json},${JSON.stringify(about)}]`)
}

/** Whom a control event gives another subscription document. */
function affected(delivery: Delivery, feed: RoomFeed): Iterable<UserId> {
  const { body } = delivery.event
  switch (body.type) {
    case 'wrap.saved':
    case 'suggestion.settled':
    case 'wraps.dropped':
    case 'roles.changed':
    case 'leader.changed':
      return [body.user]
    case 'room.configured':
      return NAMED_IN_SUBSCRIPTIONS.some(key => key in body.changes) ? feed.followers.keys() : []
    case 'wraps.suggested':
      return body.wraps.map(({ user }) => user)
    case 'epoch.opened':
    case 'suite.switched':
    case 'room.renamed':
    case 'room.retitled':
    case 'direct.blocked':
      return feed.followers.keys()
    default:
      return []
  }
}

/** What of a room's settings stands in each member's subscription too. */
const NAMED_IN_SUBSCRIPTIONS = ['kind', 'archived', 'readOnly', 'customFields'] as const

async function tellChanged(gate: Gate, feed: RoomFeed, delivery: Delivery): Promise<void> {
  const { event, room } = delivery
  const { body } = event
  await inPortions([...affected(delivery, feed)], async users => {
    const followers = users.flatMap(user => feed.followers.get(user) ?? [])
    await tellSubscriptions(gate, feed, followers, room)
  })
  const told: ReadonlySet<UserId> = new Set(body.type === 'members.added' ? body.users : [])
  const others = [...feed.followers.values()].filter(({ user }) => !told.has(user))
  // A crowd hears of those who come and go once for all of a moment.
  if (others.length > CROWD && (body.type === 'members.added' || body.type === 'members.removed'))
    notice(gate, feed, null)
  else {
    await tellWithLast(gate, feed, room, others)
  }
  // A newcomer to an encrypted room needs somebody who has the key (rocketchat.md section 3).
  if (body.type === 'members.added' && room.suite === 'rocketchat' && room.epoch)
    toRoom(feed, room, 'e2e.keyRequest', ejson([room.epoch.version]))
}

async function tellOutdated(gate: Gate, feed: RoomFeed, room: RoomState, gone: readonly UserId[]): Promise<void> {
  const notice = await outdatedNotice(gate, feed, room, gone)
  if (!notice) return
  const args = ejson([notice.message])
  for (const follower of notice.to) emit(follower, 'message', args)
}

/** By the ids that its readers know them by, also where whoever deleted them may not read them. */
async function tellDeleted(gate: Gate, feed: RoomFeed, { event, room }: Delivery): Promise<void> {
  const { body } = event
  if (body.type !== 'messages.deleted' || !feed.events.has('deleteMessage')) return
  for (const [index, target] of body.targets.entries()) {
    const sequence = body.sequences[index]
    const deleted = sequence === undefined ? undefined : await gate.parts.reading.message(room.id, sequence)
    const _id = deleted?.id === target ? messageIdOf(deleted) : uuidOf(target)
    toRoom(feed, room, 'deleteMessage', ejson([{ _id }]))
  }
}

/** Their own time has ended. */
function tellExpired(feed: RoomFeed, { room, messages }: Extract<BusMessage, { kind: 'expired' }>): void {
  if (!feed.events.has('deleteMessage')) return
  for (const { id, messageId } of messages)
    toRoom(feed, room, 'deleteMessage', ejson([{ _id: messageId ?? uuidOf(id) }]))
}

function toRoom(feed: RoomFeed, room: RoomState, event: string, args: string): void {
  feed.events.get(event)?.write(streamFrame('notify-room', `${ridOf(room)}/${event}`, args))
}

/** Not to the connection that said it. Clients from before version 4 hear of typing in its old form. */
function toListeners(
  feed: RoomFeed,
  room: RoomState,
  event: string,
  args: readonly unknown[],
  from: SessionRef | null,
): void {
  const say = (event: string, args: readonly unknown[]): void => {
    const audience = feed.events.get(event)
    if (!audience) return
    const sender = from === null ? undefined : audience.sessions().find(({ live }) => live?.id === from.id)
    audience.writeBut(sender, streamFrame('notify-room', `${ridOf(room)}/${event}`, ejson(args)))
  }
  say(event, args)
  if (event === 'user-activity') say('typing', [args[0], (args[1] as string[]).includes('user-typing')])
}

/** The message that tells of a discussion, as it stands now. */
async function tellDiscussion(gate: Gate, feed: RoomFeed, room: RoomState, discussion: RoomId): Promise<void> {
  if (feed.messages.size === 0 && feed.mine.size === 0) return
  const { reading } = gate.parts
  const at = await reading.discussionAt(room.id, discussion)
  const event = at === undefined ? undefined : await reading.discussionStart(room.id, at)
  if (!event) return
  for (const shown of await shownMessages(gate.parts, event, room)) toThoseWhoRead(feed, room, event.sequence, shown)
}

function relay(gate: Gate, feed: RoomFeed, message: Extract<BusMessage, { kind: 'signal' }>): void {
  work(gate, feed, async () => {
    const found = await gate.parts.reading.room(feed.room)
    if (!found) return
    if (message.name === SIGNAL.discussion) await tellDiscussion(gate, feed, found.room, message.args[0] as RoomId)
    if (message.name === SIGNAL.starred) await tellStarred(gate, feed, found.room, message.args as [UserId, number])
    const [event, args] = message.args as [string, unknown[]]
    if (message.name === SIGNAL.queue) await tellRoom(gate, [...feed.followers.values()], found.room, 'updated')
    if (message.name === SIGNAL.room) toListeners(feed, found.room, event, args, message.from)
    if (message.name === SIGNAL.members) {
      const text = ejson(args)
      for (const follower of feed.followers.values())
        if (follower.user !== message.from?.user) emit(follower, event, text)
    }
  })
}

async function tellStarred(
  gate: Gate,
  feed: RoomFeed,
  room: RoomState,
  [user, sequence]: [UserId, number],
): Promise<void> {
  if (![...feed.messages.sessions(), ...feed.mine.sessions()].some(session => session.user === user)) return
  const [event, reader] = [await gate.parts.reading.message(room.id, sequence), await accountOf(gate.parts, user)]
  if (!event || event.erased || !reader) return
  for (const shown of await documentsFor(gate.parts, reader, room, [event]))
    toSome(feed, room, shown, session => session.user === user)
}
