// Occupants: who is in a room with a session right now (design 1, 6). Kept by the Presence port, never in a log,
// never moving the control sequence. Entering is checked against the same state that commands are decided on.
import type { RoomId, UserId } from '@conclave/wire'
import type { Bus, BusMessage, Delivery, PutOut } from '../bus/bus.ts'
import type { Clock } from '../clock.ts'
import type { Identity } from '../identity/identity.ts'
import { ATTEMPTS, PRESENCE_RETRY, PUT_OUT_ANYHOW } from '../limits.ts'
import type { Closed, Presence, PresentSession, SessionRef } from '../presence/presence.ts'
import type { AclRules } from '../room/acl-rules.ts'
import type { RoomEvent } from '../room/events.ts'
import type { Account, Channel } from '../room/facts.ts'
import type { Rejection } from '../room/rejection.ts'
import { isRejection } from '../room/rejection.ts'
import type { Origin } from '../room/rights.ts'
import { belongs, checkJoin, checkStanding, isHidden, visitorOf } from '../room/rights.ts'
import type { RoomState } from '../room/state.ts'
import { StoreFailure } from '../store/store.ts'
import { Places } from './places.ts'
import type { Rooms } from './rooms.ts'
import type { Sessions } from './sessions.ts'
import type { Statuses } from './statuses.ts'

export interface OccupancyParts {
  readonly presence: Presence
  readonly bus: Bus
  readonly clock: Clock
  readonly identity: Identity
  readonly rooms: Rooms
  readonly sessions: Sessions
  readonly statuses: Statuses
  readonly acl: AclRules
  /** Somebody could not be put out of a room: nobody waits for that, so nobody else hears of it. */
  bug(error: unknown): void
}

export interface Entered {
  readonly room: RoomState
  readonly channel: Channel
  readonly account: Account
  /** The user was inside before, with this session or another. */
  readonly again: boolean
}

/** Sessions of lost nodes that are told of together. */
const SWEPT = 200

type Admitted = Omit<Entered, 'again'>
/** What is looked at of a session that wants to come in. */
type Visiting = Pick<SessionRef, 'user'>

/** Who acts when somebody has gone, after everybody was told. Neither may reject; what is left is waited for. */
export interface Departures {
  /** No session of the user remains in the room. `lost`: they did not ask to leave it. */
  left(room: RoomState, user: UserId, how: 'left' | 'lost'): Promise<void>
  /** No session of the user remains. */
  gone(user: UserId): Promise<void>
}

export class Occupancy {
  readonly #parts: OccupancyParts
  readonly #departures: Departures[] = []
  readonly #entered: ((entered: Entered) => void)[] = []
  /** Those that are under way: whom they put out is inside no longer, however long the others take to agree. */
  readonly #evictions = new Map<RoomId, Set<Eviction>>()
  readonly #outs: ((room: RoomId, session: SessionRef) => void)[] = []
  /** null where no other node writes: whoever commits here puts out whom it concerns. */
  readonly #places: Places | null
  /** Channels that have changed and are looked at soon. */
  readonly #changed = new Set<string>()

  constructor(parts: OccupancyParts) {
    this.#parts = parts
    this.#places = parts.bus.alone ? null : new Places(parts.bus, message => this.#hear(message))
    parts.presence.onPutOut((room, session) => this.#wasPutOut(room, session))
    parts.bus.subscribe('all', message => {
      if (message.kind !== 'changed') return
      if (message.of === 'account') this.#surely(() => this.#reviewUser(message.id as UserId))
      else if (message.of === 'channel' && this.#places) this.#reviewSoon(message.id)
    })
  }

  /** Those who were named first act first. */
  onDeparture(departures: Departures): void {
    this.#departures.push(departures)
  }

  /** Told of each session of this node that is out of a room by what another one did: what that one says may be lost on its
   * way. Must not throw or wait. */
  onPutOut(listener: (room: RoomId, session: SessionRef) => void): void {
    this.#outs.push(listener)
  }

  #wasPutOut(room: RoomId, session: SessionRef): void {
    this.#places?.leave(room, session.id)
    for (const listener of this.#outs) listener(room, session)
  }

  /** Who hears of every session that enters, after the room was told. Must not throw or wait. */
  onEntered(listener: (entered: Entered) => void): void {
    this.#entered.push(listener)
  }

  /** Lets a session in if the room lets its user in. `inside` runs before others are told, with no wait between:
   * what it reads is the room without the newcomer, and what comes after reaches them. `most`: with more users than this
   * inside the room takes nobody new; counting and entering are one step. */
  async enter(
    session: SessionRef,
    room: RoomId,
    origin: Origin | null,
    inside?: (entered: Entered) => void,
    most: number | null = null,
  ): Promise<Entered | Rejection> {
    const { presence, bus, sessions } = this.#parts
    // What other nodes tell of the room from here on reaches whoever comes in.
    await bus.follow(`room:${room}`)
    const barred = await this.#admit(session, room, origin, () => null)
    if (barred) return barred
    const { again, full } = await presence.enter(room, session.id, most)
    if (full) return { rejected: 'room.full', limit: (most ?? 0) + 1 }
    // Once more: a ban that came meanwhile may have found nobody to put out; and who has closed would stay for ever.
    const admit = this.#admit<Entered | Rejection>(session, room, origin, admitted => {
      if (!sessions.get(session.id)) return GONE
      const entered = { ...admitted, again }
      this.#places?.enter(room, { session, since: admitted.room.control })
      inside?.(entered)
      bus.publish(`room:${room}`, { kind: 'entered', room: entered.room, session, account: entered.account, again })
      for (const listener of this.#entered) listener(entered)
      return entered
    })
    const entered = await admit.catch((error: unknown) => {
      // A session that stayed would be one that nobody knows of.
      this.#surely(() => this.#withdraw(session, room))
      throw error
    })
    if (isRejection(entered)) await this.#withdraw(session, room)
    return entered
  }

  async #withdraw(session: SessionRef, room: RoomId): Promise<void> {
    const { last } = await surely(() => this.#parts.presence.leave(room, session.id))
    this.#wasPutOut(room, session)
    const state = last ? await surely(() => this.#parts.rooms.load(room)) : undefined
    // Others may have left meanwhile, for whom the room was not empty.
    if (state) await this.#left(state, session.user, 'lost')
  }

  /** `then` is called where the room lets the user in, in the moment in which everything was looked at: a ban from a
   * channel or the server changes no room, and would be missed by whoever waits in between. */
  async #admit<T>(
    session: Visiting,
    room: RoomId,
    origin: Origin | null,
    then: (admitted: Admitted) => T,
  ): Promise<T | Rejection> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const judged = this.#judge(session, room, origin)
      if (judged) return isRejection(judged) ? judged : then(judged)
      if (!(await this.#load(session, room))) return { rejected: 'room.unknown' }
    }
    return { rejected: 'conflict', current: null }
  }

  /** undefined where something is not in memory. */
  #judge(session: Visiting, id: RoomId, origin: Origin | null): Admitted | Rejection | undefined {
    const { rooms, identity, clock, acl } = this.#parts
    const room = rooms.current(id)
    const channel = room && identity.channels.peek(room.channel)
    const account = identity.accounts.peek(session.user)
    if (!room || !channel || !account) return undefined
    if (room.removed) return { rejected: 'room.unknown' }
    const visitor = visitorOf(acl, room, channel, account, account.attributes, origin)
    return checkJoin(room, channel, account, visitor, clock.now()) ?? { room, channel, account }
  }

  /** False where one of them is not there. */
  async #load({ user }: Visiting, id: RoomId): Promise<boolean> {
    const { rooms, identity } = this.#parts
    const room = await rooms.load(id)
    if (!room) return false
    const [channel, account] = await Promise.all([identity.channels.load(room.channel), identity.accounts.load(user)])
    return channel !== undefined && account !== undefined
  }

  /** Takes a session out. `last`: no session of its user remains in the room. Not being inside is no error. */
  async leave(
    session: SessionRef,
    room: RoomId,
  ): Promise<{ readonly room: RoomState | undefined; readonly last: boolean }> {
    this.#places?.leave(room, session.id)
    // Out first: whatever becomes of the rest, the session is inside no longer.
    const { last } = await this.#parts.presence.leave(room, session.id)
    const state = await this.#parts.rooms.load(room)
    if (last && state) {
      await this.#announceLeft(state, session, null)
      // Over Rocket.Chat nobody leaves who only looks at another room.
      await this.#left(state, session.user, session.wire === 'dino' ? 'left' : 'lost')
    }
    return { room: state, last }
  }

  /** The socket is gone: out of every room. */
  async close(session: SessionRef): Promise<void> {
    this.#parts.sessions.forget(session.id)
    this.#places?.close(session.id)
    await this.#departed(session, await this.#parts.presence.close(session.id))
  }

  /** Sessions whose nodes are gone: told as if each had closed here. */
  async sweep(): Promise<void> {
    for (let swept = SWEPT; swept === SWEPT; ) {
      const gone = await this.#parts.presence.sweep(SWEPT)
      for (const one of gone) await this.#departed(one.session, one)
      swept = gone.length
    }
  }

  async #departed(session: SessionRef, { rooms, last }: Closed): Promise<void> {
    // Together: what is done about one room is not done later because there are others.
    await Promise.all(rooms.map(room => this.#lost(room, session)))
    if (!last) return
    this.#parts.bus.publish('all', { kind: 'presence', user: session.user })
    await this.#parts.statuses.gone(session.user, last)
    for (const departures of this.#departures) await departures.gone(session.user)
  }

  async #lost(room: RoomId, session: SessionRef): Promise<void> {
    const state = await this.#parts.rooms.load(room)
    if (!state) return
    await this.#announceLeft(state, session, null)
    await this.#left(state, session.user, 'lost')
  }

  async #left(room: RoomState, user: UserId, how: 'left' | 'lost'): Promise<void> {
    for (const departures of this.#departures) await departures.left(room, user, how)
  }

  /** Takes every session of a user out of a room: who is no member stands in no log, so no event does it. */
  evict(room: RoomState, user: UserId, how: PutOut | null): Promise<void> {
    return this.#evict(room, { isOut: one => one === user, how })
  }

  /** Takes all sessions of some users out of a room, as a kick or a ban does. */
  #evict(room: RoomState, eviction: Eviction): Promise<void> {
    return this.#during(room, eviction, () => this.#putOut(room, eviction))
  }

  async #during(room: RoomState, eviction: Eviction, run: () => Promise<void>): Promise<void> {
    const under = this.#evictions.get(room.id) ?? new Set()
    this.#evictions.set(room.id, under.add(eviction))
    try {
      await run()
    } finally {
      under.delete(eviction)
      if (under.size === 0) this.#evictions.delete(room.id)
    }
  }

  async #putOut(room: RoomState, { isOut, how }: Eviction): Promise<void> {
    const { presence } = this.#parts
    for (const session of await surely(() => presence.occupants(room.id))) {
      if (!isOut(session.user)) continue
      const { last } = await surely(() => presence.leave(room.id, session.id))
      if (!last) continue
      await this.#announceLeft(room, session, how)
      await this.#left(room, session.user, 'left')
    }
  }

  /** A node has said that the user's last session has left the room. */
  heardLeft(room: RoomId, user: UserId): void {
    this.#parts.presence.doubt(room, user)
  }

  /** Why the room lets no session of the user in; null where it does. */
  barred(user: UserId, room: RoomId): Promise<Rejection | null> {
    return this.#admit({ user }, room, null, () => null)
  }

  /** At once where it is in memory. */
  inside(room: RoomId, user: UserId): boolean | Promise<boolean> {
    const evictions = this.#evictions.size > 0 ? this.#evictions.get(room) : undefined
    if (evictions) for (const { isOut } of evictions) if (isOut(user)) return false
    return this.#parts.presence.inside(room, user)
  }

  /** The rooms in which the user is, with any session. */
  roomsOf(user: UserId): Promise<readonly RoomId[]> {
    return this.#parts.presence.roomsOf(user)
  }

  occupants(room: RoomId): Promise<readonly PresentSession[]> {
    return this.#parts.presence.occupants(room)
  }

  counts(rooms: readonly RoomId[]): Promise<ReadonlyMap<RoomId, number>> {
    return this.#parts.presence.counts(rooms)
  }

  /** Follows the log: who loses membership by another's hand, is banned, or belongs to a hidden room no more, is
   * inside no longer (design 6). */
  follow(message: BusMessage): void {
    if (message.kind !== 'event') return
    const { event, room } = message.delivery
    const eviction = evictionBy(message.delivery)
    if (eviction) this.#surely(() => this.#evict(room, eviction))
    if (REVIEWED.has(event.body.type)) this.#surely(() => this.#review(room))
  }

  /** The same for sessions of this node, whichever node has written it, and whether or not that one has done anything. */
  #hear(message: BusMessage): void {
    if (message.kind !== 'event') return
    const { event, room } = message.delivery
    if (event.body.type === 'room.removed') this.#places?.vacate(room.id)
    const eviction = evictionBy(message.delivery)
    for (const { session, since } of (eviction && this.#places?.of(room.id)) ?? [])
      if (since < event.sequence && eviction?.isOut(session.user))
        this.#surely(() => this.#evictOwn(room, session, eviction.how))
    if (room.isAdmin && REVIEWED.has(event.body.type)) {
      const own = new Set(this.#places?.of(room.id).map(({ session }) => session.user))
      this.#surely(() => this.#review(room, own))
    }
  }

  /** Also where another node has taken it out meanwhile: nobody else tells whoever listens here. */
  #evictOwn(room: RoomState, session: SessionRef, how: PutOut | null): Promise<void> {
    return this.#during(room, { isOut: user => user === session.user, how }, async () => {
      const { last } = await surely(() => this.#parts.presence.leave(room.id, session.id))
      this.#wasPutOut(room.id, session)
      if (!last) return
      await this.#announceLeft(room, session, how)
      await this.#left(room, session.user, 'left')
    })
  }

  /** A ban from a channel stands in no room's log. Whoever imposed it tells the rooms where they find somebody inside, and puts
   * them out; who is left then is put out here. */
  #reviewSoon(channel: string): void {
    if (this.#changed.has(channel)) return
    this.#changed.add(channel)
    setTimeout(() => {
      this.#changed.delete(channel)
      this.#surely(() => this.#reviewChannel(channel))
    }, PUT_OUT_ANYHOW).unref()
  }

  async #reviewChannel(id: string): Promise<void> {
    const { rooms, identity, clock } = this.#parts
    for (const place of this.#places?.rooms() ?? []) {
      const room = await rooms.load(place)
      if (room?.channel !== id) continue
      for (const { session } of this.#places?.of(place) ?? []) {
        const [channel, account] = [await identity.channels.load(id), await identity.accounts.load(session.user)]
        if (channel && account && this.#isBarred(room, channel, account, clock.now()))
          await this.#evictOwn(room, session, 'banned')
      }
    }
  }

  /** Owners and operators come in whatever is imposed on them (checkJoin). */
  #isBarred(room: RoomState, channel: Channel, account: Account, now: number): boolean {
    const visitor = visitorOf(this.#parts.acl, room, channel, account)
    return (
      checkStanding(room, channel, account, now) !== null && checkJoin(room, channel, account, visitor, now) !== null
    )
  }

  #surely(task: () => Promise<void>): void {
    surely(task).catch(error => this.#parts.bug(error))
  }

  /** Elsewhere whoever was let in stays. An admin room is for admins at every moment: what is reported there is not for
   * those who are none any more, or were inside before the room became one. */
  async #review(room: RoomState, users?: ReadonlySet<UserId>): Promise<void> {
    if (!room.isAdmin || room.removed) return
    const inside = users ?? new Set((await this.#parts.presence.occupants(room.id)).map(({ user }) => user))
    for (const user of inside)
      if (await this.#admit({ user }, room.id, null, () => null)) await this.evict(room, user, null)
  }

  /** The same of whose account has changed, wherever they are. */
  async #reviewUser(user: UserId): Promise<void> {
    const { presence, rooms } = this.#parts
    for (const id of await presence.roomsOf(user)) {
      const room = await rooms.load(id)
      if (room) await this.#review(room, new Set([user]))
    }
  }

  async #announceLeft(room: RoomState, session: SessionRef, how: PutOut | null): Promise<void> {
    const { identity, bus } = this.#parts
    const account = identity.accounts.peek(session.user) ?? (await identity.accounts.load(session.user))
    if (account)
      bus.publish(`room:${room.id}`, { kind: 'left', room, session, account, ...(how ? { putOut: how } : {}) })
  }
}

/** What is decided is done, however long nobody answers who could write or read it: until then whoever is out seems to be
 * inside, and nobody else puts them out. */
async function surely<T>(task: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await task()
    } catch (error) {
      if (!(error instanceof StoreFailure)) throw error
      await new Promise(resolve => setTimeout(resolve, PRESENCE_RETRY).unref())
    }
  }
}

/** What may make another room of it for who is inside (`#review`). */
const REVIEWED: ReadonlySet<RoomEvent['body']['type']> = new Set(['roles.changed', 'room.described'])

const GONE: Rejection = { rejected: 'occupant.required', where: 'room' }

interface Eviction {
  isOut(user: UserId): boolean
  readonly how: PutOut | null
}

/** Whom an event puts out of the room; null for nobody. */
function evictionBy({ event, room }: Delivery): Eviction | null {
  const { body } = event
  switch (body.type) {
    case 'members.removed':
      if (body.how === 'left' && room.suite === 'none' && room.kind !== 'private') return null
      return {
        isOut: user => body.users.includes(user),
        how: body.how === 'kicked' || body.how === 'banned' ? body.how : null,
      }
    case 'sanction.set':
      return body.sanction.kind === 'ban' ? { isOut: user => user === body.sanction.user, how: 'banned' } : null
    case 'roles.changed':
    case 'room.configured':
    case 'suite.switched':
      return isHidden(room) ? { isOut: user => !belongs(room, user), how: null } : null
    default:
      return null
  }
}
