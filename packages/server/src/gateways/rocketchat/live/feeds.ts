// Which connections of this node listen to what. A room's feed is subscribed to on the bus while anybody here listens to
// the room; a follower is a user of whom a connection listens to `stream-notify-user` or `__my_messages__`, and
// watches every room of which the user is a member. What concerns a user reaches every connection that has logged in.
import type { ChannelId, RoomId, UserId } from '@conclave/wire'
import type { BusMessage } from '../../../bus/bus.ts'
import type { Turn } from '../../../fanout/turn.ts'
import { Few, type ReadonlyFew } from '../../../few.ts'
import type { RoomState } from '../../../room/state.ts'
import type { Membership } from '../../../store/store.ts'
import type { GatewayParts } from '../../gateway.ts'
import type { DdpSession } from '../session.ts'
import { Audience } from './audience.ts'
import type { Moment } from './moment.ts'

/** What names a room and says where it lies. */
type Place = Pick<RoomState, 'id' | 'channel'>

export class RoomFeed {
  readonly room: RoomId
  readonly channel: ChannelId
  /** `stream-room-messages <rid>`. */
  readonly messages: Audience
  /** `__my_messages__` of the members' connections. */
  readonly mine: Audience
  /** `stream-notify-room <rid>/<event>`, by event; under '' `stream-room-data`. */
  readonly events = new Map<string, Audience>()
  readonly followers = new Map<UserId, Follower>()
  /** What those who listen are told next. */
  moment: Moment | null = null
  /** Of followers, as they were told last. */
  readonly memberships = new Map<UserId, Membership>()
  readonly #turn: Turn
  readonly #bug: (error: unknown) => void
  #work: Promise<void> = Promise.resolve()
  #working = 0

  constructor({ id, channel }: Place, turn: Turn, bug: (error: unknown) => void) {
    this.room = id
    this.channel = channel
    this.messages = new Audience(turn)
    this.mine = new Audience(turn)
    this.#turn = turn
    this.#bug = bug
  }

  get empty(): boolean {
    return (
      this.messages.size === 0 &&
      this.followers.size === 0 &&
      this.events.size === 0 &&
      this.moment === null &&
      this.#working === 0
    )
  }

  /** The audience of an event of `stream-notify-room`, made when it is not there. */
  event(name: string): Audience {
    let audience = this.events.get(name)
    if (!audience) {
      audience = new Audience(this.#turn)
      this.events.set(name, audience)
    }
    return audience
  }

  /** Documents take look-ups; what is told of one room keeps its order. */
  work(task: () => Promise<void>, done: () => void): void {
    this.#working += 1
    this.#work = this.#work
      .then(task)
      .catch(this.#bug)
      .then(() => {
        this.#working -= 1
        done()
      })
  }
}

export class Follower {
  readonly user: UserId
  /** `stream-notify-user <uid>/<event>`, by event. */
  readonly notify = new Map<string, Audience>()
  readonly mine: Audience
  readonly rooms = new Set<RoomFeed>()
  /** Resolves when every room of the user is followed. */
  ready: Promise<void> = Promise.resolve()
  readonly #turn: Turn

  constructor(user: UserId, turn: Turn) {
    this.user = user
    this.mine = new Audience(turn)
    this.#turn = turn
  }

  get empty(): boolean {
    return this.mine.size === 0 && this.notify.size === 0
  }

  event(name: string): Audience {
    let audience = this.notify.get(name)
    if (!audience) {
      audience = new Audience(this.#turn)
      this.notify.set(name, audience)
    }
    return audience
  }

  listensTo(name: string): boolean {
    return this.notify.has(name)
  }
}

const NOBODY: ReadonlyFew<DdpSession> = new Few()

type Held<T> = { readonly value: T; readonly unsubscribe: () => void }

export interface FeedsParts {
  readonly parts: GatewayParts
  readonly receiveRoom: (feed: RoomFeed, message: BusMessage) => void
  readonly receiveUser: (follower: Follower, message: BusMessage) => void
  /** What concerns a user of whom a connection has logged in here, follower or not. */
  readonly receiveAbout: (user: UserId, message: BusMessage) => void
  readonly bug: (error: unknown) => void
}

export class Feeds {
  readonly #parts: FeedsParts
  readonly #rooms = new Map<RoomId, Held<RoomFeed>>()
  readonly #users = new Map<UserId, Held<Follower>>()
  readonly #here = new Map<UserId, Held<Few<DdpSession>>>()

  constructor(parts: FeedsParts) {
    this.#parts = parts
  }

  get(room: RoomId): RoomFeed | undefined {
    return this.#rooms.get(room)?.value
  }

  rooms(): RoomFeed[] {
    return [...this.#rooms.values()].map(({ value }) => value)
  }

  /** Those of the rooms of one channel. */
  inChannel(channel: ChannelId): RoomFeed[] {
    return this.rooms().filter(feed => feed.channel === channel)
  }

  /** The room's feed, kept until it is released empty. */
  hold(room: Place): RoomFeed {
    const known = this.#rooms.get(room.id)
    if (known) return known.value
    const { parts, receiveRoom, bug } = this.#parts
    const feed = new RoomFeed(room, parts.turn, bug)
    const unsubscribe = parts.bus.subscribe(`room:${room.id}`, message => receiveRoom(feed, message))
    this.#rooms.set(room.id, { value: feed, unsubscribe })
    return feed
  }

  release(feed: RoomFeed): void {
    const known = this.#rooms.get(feed.room)
    if (known?.value !== feed || !feed.empty) return
    known.unsubscribe()
    this.#rooms.delete(feed.room)
  }

  /** A connection has logged in. */
  add(user: UserId, session: DdpSession): void {
    const known = this.#here.get(user)
    if (known) {
      known.value.add(session)
      return
    }
    const { parts, receiveAbout } = this.#parts
    const unsubscribe = parts.bus.subscribe(`user:${user}`, message => receiveAbout(user, message))
    this.#here.set(user, { value: new Few(session), unsubscribe })
  }

  /** The connections on which the user has logged in. */
  here(user: UserId): ReadonlyFew<DdpSession> {
    return this.#here.get(user)?.value ?? NOBODY
  }

  /** It has logged out, or is gone. */
  remove(user: UserId, session: DdpSession): void {
    const known = this.#here.get(user)
    if (!known?.value.delete(session) || known.value.size > 0) return
    known.unsubscribe()
    this.#here.delete(user)
  }

  follower(user: UserId): Follower | undefined {
    return this.#users.get(user)?.value
  }

  /** Attaches somebody to the user's follower, once it watches every room of the user. */
  async follow(user: UserId, attach: (follower: Follower) => void): Promise<Follower> {
    for (;;) {
      const follower = this.follower(user) ?? this.#begin(user)
      try {
        await follower.ready
      } catch (error) {
        // Or nobody could follow this user ever again.
        this.releaseFollower(follower)
        throw error
      }
      // Whoever listened before may have gone meanwhile, and the follower with them.
      if (this.follower(user) !== follower) continue
      attach(follower)
      return follower
    }
  }

  #begin(user: UserId): Follower {
    const follower = new Follower(user, this.#parts.parts.turn)
    const { parts, receiveUser } = this.#parts
    const unsubscribe = parts.bus.subscribe(`user:${user}`, message => receiveUser(follower, message))
    this.#users.set(user, { value: follower, unsubscribe })
    follower.ready = this.#watchAll(follower)
    return follower
  }

  async #watchAll(follower: Follower): Promise<void> {
    const { reading, bus } = this.#parts.parts
    await bus.follow(`user:${follower.user}`)
    const rooms = await reading.roomsOf(follower.user)
    await Promise.all(rooms.map(({ id }) => bus.follow(`room:${id}`)))
    for (const room of rooms) {
      // Whoever was put out while the list was read is watching nothing.
      if (reading.newest(room).members.has(follower.user)) this.watch(follower, room)
    }
  }

  watch(follower: Follower, room: Place): RoomFeed {
    const feed = this.hold(room)
    feed.followers.set(follower.user, follower)
    follower.rooms.add(feed)
    for (const session of follower.mine.sessions()) if (!feed.mine.has(session)) feed.mine.add(session)
    return feed
  }

  unwatch(follower: Follower, feed: RoomFeed): void {
    feed.followers.delete(follower.user)
    feed.memberships.delete(follower.user)
    follower.rooms.delete(feed)
    for (const session of follower.mine.sessions()) feed.mine.drop(session)
    this.release(feed)
  }

  releaseFollower(follower: Follower): void {
    for (const [name, audience] of follower.notify) if (audience.size === 0) follower.notify.delete(name)
    const known = this.#users.get(follower.user)
    if (known?.value !== follower || !follower.empty) return
    known.unsubscribe()
    this.#users.delete(follower.user)
    const unwatchAll = (): void => {
      for (const feed of [...follower.rooms]) this.unwatch(follower, feed)
    }
    void follower.ready.then(unwatchAll, unwatchAll)
  }
}
