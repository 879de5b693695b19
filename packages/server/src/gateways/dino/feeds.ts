// Which sockets of this node get what: a feed per room that somebody here watches, and the sockets of each user. A room
// is subscribed to on the bus while its feed has anybody, so that an event is encoded once on each node, or not at all.
import type { ChannelId, RoomId, UserId } from '@conclave/wire'
import type { BusMessage } from '../../bus/bus.ts'
import { isUnavailable } from '../../engine/engine.ts'
import { Group } from '../../fanout/group.ts'
import type { Turn } from '../../fanout/turn.ts'
import { Few, type ReadonlyFew } from '../../few.ts'
import type { Account, Channel } from '../../room/facts.ts'
import { belongs, isHidden } from '../../room/rights.ts'
import { type RoomState, sanctionOn } from '../../room/state.ts'
import type { GatewayParts } from '../gateway.ts'
import { ENTERING_FRAMES, REVIEW_AGAIN } from './limits.ts'
import type { DinoSession } from './session.ts'

type Unsubscribe = () => void

/** Frames that a session which is just entering will get after its answer. */
export interface Entering {
  readonly user: UserId | null
  readonly frames: Buffer[]
}

export class Feed {
  readonly room: RoomId
  /** Where the room lies; null while nobody listens without joining. */
  channel: ChannelId | null = null
  /** Sessions that have joined the room, and its last control event when they did. */
  readonly #inside = new Map<DinoSession, number>()
  /** Sessions of the owners and members of a room that only they see: they get its messages without joining. */
  readonly belonging = new Set<DinoSession>()
  readonly #entering = new Set<Entering>()
  readonly #insideGroup: Group
  readonly #belongingGroup: Group

  constructor(room: RoomId, turn: Turn) {
    this.room = room
    this.#insideGroup = new Group(turn)
    this.#belongingGroup = new Group(turn)
  }

  get inside(): Iterable<DinoSession> {
    return this.#inside.keys()
  }

  get empty(): boolean {
    return this.#inside.size === 0 && this.belonging.size === 0 && this.#entering.size === 0
  }

  /** To whoever has joined. `frame` is made only if somebody gets it. */
  toInside(frame: () => Buffer): void {
    if (this.#inside.size === 0 && this.#entering.size === 0) return
    const made = frame()
    this.#insideGroup.write(made)
    for (const { frames } of this.#entering) if (frames.length < ENTERING_FRAMES) frames.push(made)
  }

  /** To whoever gets the room's messages: in a hidden room those who belong to it, elsewhere those who have joined. */
  toListeners(room: RoomState, frame: () => Buffer): void {
    if (!isHidden(room)) this.toInside(frame)
    else if (this.belonging.size > 0) this.#belongingGroup.write(frame())
  }

  /** The same of a whisper: of those who get the room's messages only these users do. */
  toUsers(room: RoomState, users: ReadonlySet<UserId>, frame: () => Buffer): void {
    const isOne = (user: UserId | null): boolean => user !== null && users.has(user)
    if (isHidden(room)) this.#toSome(this.belonging, [], isOne, frame)
    else this.#toSome(this.inside, this.#entering, isOne, frame)
  }

  /** To everybody inside but one user's sessions. */
  toOthers(user: UserId, frame: () => Buffer): void {
    this.#toSome(this.inside, this.#entering, other => other !== user, frame)
  }

  #toSome(
    sessions: Iterable<DinoSession>,
    entering: Iterable<Entering>,
    isMeant: (user: UserId | null) => boolean,
    frame: () => Buffer,
  ): void {
    let made: Buffer | undefined
    for (const { user, outlet } of sessions) {
      if (!isMeant(user)) continue
      made ??= frame()
      outlet.write(made)
    }
    for (const { user, frames } of entering) {
      if (!isMeant(user) || frames.length >= ENTERING_FRAMES) continue
      made ??= frame()
      frames.push(made)
    }
  }

  beginEntering({ user }: DinoSession): Entering {
    const entering = { user, frames: [] }
    this.#entering.add(entering)
    return entering
  }

  endEntering(entering: Entering): void {
    this.#entering.delete(entering)
  }

  /** `control`: the room's last control event, as it let the session in. */
  enter(session: DinoSession, control: number): void {
    this.#inside.set(session, control)
    this.#insideGroup.join(session.outlet)
    session.rooms.add(this.room)
  }

  /** Whether a session is inside that came before an event of the room. */
  isInside(session: DinoSession, before = Number.POSITIVE_INFINITY): boolean {
    const since = this.#inside.get(session)
    return since !== undefined && since < before
  }

  leave(session: DinoSession): void {
    this.#inside.delete(session)
    this.#insideGroup.leave(session.outlet)
    session.rooms.delete(this.room)
  }

  listen(session: DinoSession, channel: ChannelId): void {
    this.channel = channel
    this.belonging.add(session)
    this.#belongingGroup.join(session.outlet)
    session.belongs.add(this.room)
  }

  unlisten(session: DinoSession): void {
    this.belonging.delete(session)
    this.#belongingGroup.leave(session.outlet)
    session.belongs.delete(this.room)
  }
}

/** Who encodes what comes over the bus: about one room, and about one user. */
export interface Receivers {
  room(feed: Feed, message: BusMessage): void
  user(sessions: ReadonlyFew<DinoSession>, message: BusMessage): void
}

/** A user with sessions of this node. */
interface Here {
  readonly sessions: Few<DinoSession>
  readonly unsubscribe: Unsubscribe
  account: Account
}

export class Feeds {
  readonly #parts: GatewayParts
  readonly #turn: Turn
  readonly #receive: Receivers
  readonly #rooms = new Map<RoomId, { readonly feed: Feed; readonly unsubscribe: Unsubscribe }>()
  readonly #users = new Map<UserId, Here>()

  constructor(parts: GatewayParts, turn: Turn, receive: Receivers) {
    this.#parts = parts
    this.#turn = turn
    this.#receive = receive
    parts.bus.subscribe('all', message => {
      if (message.kind !== 'changed') return
      if (message.of === 'account') this.#renew(message.id as UserId)
      if (message.of === 'channel') this.#reviewChannel(message.id as ChannelId)
    })
  }

  get(room: RoomId): Feed | undefined {
    return this.#rooms.get(room)?.feed
  }

  /** The room's feed, which is kept until it is released empty. */
  hold(room: RoomId): Feed {
    const known = this.#rooms.get(room)
    if (known) return known.feed
    const feed = new Feed(room, this.#turn)
    const unsubscribe = this.#parts.bus.subscribe(`room:${room}`, message => this.#receive.room(feed, message))
    this.#rooms.set(room, { feed, unsubscribe })
    return feed
  }

  release(feed: Feed): void {
    const known = this.#rooms.get(feed.room)
    if (!known || known.feed !== feed || !feed.empty) return
    known.unsubscribe()
    this.#rooms.delete(feed.room)
  }

  sessionsOf(user: UserId): ReadonlyFew<DinoSession> {
    return this.#users.get(user)?.sessions ?? NOBODY
  }

  /** Every logged-in session of this node. */
  *sessions(): Iterable<DinoSession> {
    for (const { sessions } of this.#users.values()) yield* sessions
  }

  /** The account of a user with sessions of this node, known without a wait; right after a change it may be the old one. */
  accountOf(user: UserId): Account | undefined {
    return this.#users.get(user)?.account
  }

  /** A session has logged in. */
  add(account: Account, session: DinoSession): void {
    const user = account.id
    const known = this.#users.get(user)
    if (known) {
      known.sessions.add(session)
      if (known.account.version < account.version) known.account = account
      return
    }
    const sessions = new Few(session)
    const unsubscribe = this.#parts.bus.subscribe(`user:${user}`, message => this.#follow(user, sessions, message))
    this.#users.set(user, { sessions, unsubscribe, account })
  }

  /** A session is gone, or is another user's now: it gets nothing any more. */
  remove(user: UserId, session: DinoSession): void {
    for (const room of [...session.rooms]) this.#drop(room, feed => feed.leave(session))
    for (const room of [...session.belongs]) this.#drop(room, feed => feed.unlisten(session))
    const known = this.#users.get(user)
    if (!known?.sessions.delete(session) || known.sessions.size > 0) return
    known.unsubscribe()
    this.#users.delete(user)
  }

  leave(room: RoomId, session: DinoSession): void {
    this.#drop(room, feed => feed.leave(session))
  }

  /** Whether a session gets the room's messages without joining, by what its user is in the room: not while banned. */
  attend(room: RoomState, channel: Channel, user: UserId, session: DinoSession): void {
    const listens = !room.removed && isHidden(room) && belongs(room, user) && !this.#isBanned(room, channel, user)
    if (listens) this.hold(room.id).listen(session, channel.id)
    else if (session.belongs.has(room.id)) this.#drop(room.id, feed => feed.unlisten(session))
  }

  #isBanned(room: RoomState, channel: Channel, user: UserId): boolean {
    return [room, channel].some(place => this.#isBannedBy(place, user))
  }

  #isBannedBy({ sanctions }: Pick<Channel, 'sanctions'>, user: UserId): boolean {
    return sanctionOn(sanctions, user, 'ban', this.#parts.clock.now()) !== undefined
  }

  /** The same for every room that the user is something in, as each stands now. */
  async attendAll(user: UserId, session: DinoSession): Promise<void> {
    const { reading, identity, bus } = this.#parts
    const { live } = session
    await bus.follow(`user:${user}`)
    const rooms = [...(await reading.roomsOf(user)), ...(await reading.rolesOf(user))]
    await Promise.all(rooms.flatMap(room => (isHidden(room) ? [bus.follow(`room:${room.id}`)] : [])))
    for (const { id } of rooms) {
      const found = await reading.room(id)
      if (!found || session.live !== live) continue
      // As both stand now: whoever was put out while the list was read would go on listening.
      const channel = identity.channels.peek(found.channel.id) ?? found.channel
      this.attend(reading.newest(found.room), channel, user, session)
    }
  }

  /** Whoever is banned from a channel hears nothing more of its rooms. */
  #silence(sessions: ReadonlyFew<DinoSession>, channel: Channel): void {
    for (const session of sessions)
      for (const room of [...session.belongs])
        if (this.get(room)?.channel === channel.id) this.#drop(room, feed => feed.unlisten(session))
  }

  /** The same by what the channel says itself: what is said of a ban on another node may be lost on its way. */
  #reviewChannel(id: ChannelId): void {
    const { identity, log } = this.#parts
    const feeds = [...this.#rooms.values()].flatMap(({ feed }) =>
      feed.channel === id && feed.belonging.size > 0 ? feed : [],
    )
    if (feeds.length === 0) return
    identity.channels.load(id).then(
      channel => {
        for (const feed of channel ? feeds : [])
          for (const session of [...feed.belonging])
            if (session.user !== null && this.#isBannedBy(channel as Channel, session.user))
              this.#drop(feed.room, one => one.unlisten(session))
      },
      (error: unknown) => {
        if (!isUnavailable(error)) log.error({ wire: 'dino', err: error }, 'bug in a look at a channel')
        else setTimeout(() => this.#reviewChannel(id), REVIEW_AGAIN).unref()
      },
    )
  }

  /** The user's sessions are inside no more, whoever said so: the node that puts them out says once more that it is done, but
   * may find nobody here who still listens to the room. `by`: the event that said so; on many nodes it may be heard when
   * somebody who was kicked has come in again. */
  detach(feed: Feed, user: UserId, by?: number): void {
    this.#parts.occupancy.heardLeft(feed.room, user)
    for (const session of this.sessionsOf(user)) if (feed.isInside(session, by)) feed.leave(session)
    this.release(feed)
  }

  #drop(room: RoomId, from: (feed: Feed) => void): void {
    const feed = this.get(room)
    if (!feed) return
    from(feed)
    this.release(feed)
  }

  /** Pushes look at accounts without a wait: what is forgotten because it changed is read again at once. */
  #renew(user: UserId): void {
    const known = this.#users.get(user)
    if (!known) return
    this.#parts.identity.accounts.load(user).then(
      account => {
        if (account && account.version > known.account.version) known.account = account
      },
      // The store is out of order and says so itself; the next change tries again.
      () => {},
    )
  }

  /** What concerns one user by name: who became an owner or a member, or is none any more. */
  #follow(user: UserId, sessions: ReadonlyFew<DinoSession>, message: BusMessage): void {
    if (message.kind === 'event') {
      const { room, channel } = message.delivery
      for (const session of sessions) this.attend(room, channel, user, session)
    } else if (message.kind === 'sanctioned' && message.channel && message.sanction.kind === 'ban') {
      if (!message.lifted) this.#silence(sessions, message.channel)
      else
        for (const session of sessions)
          this.attendAll(user, session).catch(error => this.#parts.log.error({ err: error }, 'bug'))
    }
    this.#receive.user(sessions, message)
  }
}

const NOBODY: ReadonlyFew<DinoSession> = new Few()
