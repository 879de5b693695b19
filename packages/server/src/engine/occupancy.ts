// Occupants: who is in a room with a session right now (design 1, 6). Kept by the Presence port, never in a log,
// never moving the control sequence. Entering is checked against the same state that commands are decided on.
import type { RoomId, UserId } from '@conclave/wire'
import type { Bus, BusMessage, Delivery } from '../bus/bus.ts'
import type { Clock } from '../clock.ts'
import type { Identity } from '../identity/identity.ts'
import type { Presence, SessionRef } from '../presence/presence.ts'
import type { AclRules } from '../room/acl-rules.ts'
import type { Account, Channel } from '../room/facts.ts'
import type { Rejection } from '../room/rejection.ts'
import { isRejection } from '../room/rejection.ts'
import type { Origin } from '../room/rights.ts'
import { belongs, checkJoin, isHidden, visitorOf } from '../room/rights.ts'
import type { RoomState } from '../room/state.ts'
import type { Rooms } from './rooms.ts'
import type { Sessions } from './sessions.ts'

export interface OccupancyParts {
  readonly presence: Presence
  readonly bus: Bus
  readonly clock: Clock
  readonly identity: Identity
  readonly rooms: Rooms
  readonly sessions: Sessions
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

export class Occupancy {
  readonly #parts: OccupancyParts

  constructor(parts: OccupancyParts) {
    this.#parts = parts
  }

  /** Lets a session in if the room lets its user in. `inside` runs before others are told, with no wait between:
   * what it reads is the room without the newcomer, and what comes after reaches them. */
  async enter(
    session: SessionRef,
    room: RoomId,
    origin: Origin | null,
    inside?: (entered: Entered) => void,
  ): Promise<Entered | Rejection> {
    const { presence, bus, sessions } = this.#parts
    const before = await this.#admit(session, room, origin)
    if (isRejection(before)) return before
    const { again } = await presence.enter(room, session.id)
    // Once more: a ban that came meanwhile may have found nobody to put out; and who has closed would stay for ever.
    const admitted = sessions.get(session.id) ? await this.#admit(session, room, origin) : GONE
    if (isRejection(admitted)) {
      await presence.leave(room, session.id)
      return admitted
    }
    const entered = { ...admitted, again }
    inside?.(entered)
    bus.publish(`room:${room}`, { kind: 'entered', room: entered.room, session, account: entered.account, again })
    return entered
  }

  /** Whether the room lets the user in, as everything stands now: the room is looked at after the last wait. */
  async #admit(session: SessionRef, id: RoomId, origin: Origin | null): Promise<Omit<Entered, 'again'> | Rejection> {
    const { rooms, identity, clock, acl } = this.#parts
    const known = rooms.peek(id) ?? (await rooms.load(id))
    if (!known) return { rejected: 'room.unknown' }
    const channel = identity.channels.peek(known.channel) ?? (await identity.channels.load(known.channel))
    const account = identity.accounts.peek(session.user) ?? (await identity.accounts.load(session.user))
    const room = rooms.peek(id) ?? known
    if (room.removed || !channel || !account) return { rejected: 'room.unknown' }
    const visitor = visitorOf(acl, room, channel, account, account.attributes, origin)
    return checkJoin(room, channel, account, visitor, clock.now()) ?? { room, channel, account }
  }

  /** Takes a session out. `last`: no session of its user remains in the room. Not being inside is no error. */
  async leave(
    session: SessionRef,
    room: RoomId,
  ): Promise<{ readonly room: RoomState | undefined; readonly last: boolean }> {
    // Out first: whatever becomes of the rest, the session is inside no longer.
    const { last } = await this.#parts.presence.leave(room, session.id)
    const state = await this.#parts.rooms.load(room)
    if (last && state) await this.#announceLeft(state, session)
    return { room: state, last }
  }

  /** The socket is gone: out of every room. */
  async close(session: SessionRef): Promise<void> {
    this.#parts.sessions.forget(session.id)
    for (const room of await this.#parts.presence.close(session.id)) {
      const state = await this.#parts.rooms.load(room)
      if (state) await this.#announceLeft(state, session)
    }
  }

  /** Takes all sessions of some users out of a room, as a kick or a ban does. */
  async #evict(room: RoomState, isOut: (user: UserId) => boolean): Promise<void> {
    const { presence } = this.#parts
    for (const session of await presence.occupants(room.id)) {
      if (!isOut(session.user)) continue
      const { last } = await presence.leave(room.id, session.id)
      if (last) await this.#announceLeft(room, session)
    }
  }

  inside(room: RoomId, user: UserId): Promise<boolean> {
    return this.#parts.presence.inside(room, user)
  }

  occupants(room: RoomId): Promise<readonly SessionRef[]> {
    return this.#parts.presence.occupants(room)
  }

  counts(rooms: readonly RoomId[]): Promise<ReadonlyMap<RoomId, number>> {
    return this.#parts.presence.counts(rooms)
  }

  /** Follows the log: who loses membership by another's hand, is banned, or belongs to a hidden room no more, is
   * inside no longer (design 6). */
  follow(message: BusMessage): void {
    if (message.kind !== 'event') return
    const isOut = outBy(message.delivery)
    if (isOut) this.#evict(message.delivery.room, isOut).catch(error => this.#parts.bug(error))
  }

  async #announceLeft(room: RoomState, session: SessionRef): Promise<void> {
    const { identity, bus } = this.#parts
    const account = identity.accounts.peek(session.user) ?? (await identity.accounts.load(session.user))
    if (account) bus.publish(`room:${room.id}`, { kind: 'left', room, session, account })
  }
}

const GONE: Rejection = { rejected: 'occupant.required', where: 'room' }

/** Whom an event puts out of the room; null for nobody. */
function outBy({ event, room }: Delivery): ((user: UserId) => boolean) | null {
  const { body } = event
  switch (body.type) {
    case 'members.removed':
      if (body.how === 'left' && room.suite === 'none' && room.kind !== 'private') return null
      return user => body.users.includes(user)
    case 'sanction.set':
      return body.sanction.kind === 'ban' ? user => user === body.sanction.user : null
    case 'roles.changed':
    case 'suite.switched':
      return isHidden(room) ? user => !belongs(room, user) : null
    default:
      return null
  }
}
