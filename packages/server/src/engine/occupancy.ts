// Occupants: who is in a room with a session right now (design 1, 6). Kept by the Presence port, never in a log,
// never moving the control sequence. Entering is checked against the same state that commands are decided on.
import type { RoomId, UserId } from '@conclave/wire'
import type { Bus, BusMessage } from '../bus/bus.ts'
import type { Clock } from '../clock.ts'
import type { Identity } from '../identity/identity.ts'
import type { Presence, SessionRef } from '../presence/presence.ts'
import type { Account, Channel } from '../room/facts.ts'
import type { Rejection } from '../room/rejection.ts'
import type { Origin } from '../room/rights.ts'
import { checkJoin, visitorOf } from '../room/rights.ts'
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
    const { rooms, identity, presence, bus, clock } = this.#parts
    const state = rooms.peek(room) ?? (await rooms.load(room))
    if (!state || state.removed) return { rejected: 'room.unknown' }
    const channel = identity.channels.peek(state.channel) ?? (await identity.channels.load(state.channel))
    const account = identity.accounts.peek(session.user) ?? (await identity.accounts.load(session.user))
    if (!channel || !account) return { rejected: 'room.unknown' }
    const refused = checkJoin(
      state,
      channel,
      account,
      visitorOf(state, channel, account, account.attributes, origin),
      clock.now(),
    )
    if (refused) return refused
    const { again } = await presence.enter(room, session.id)
    const entered = { room: state, channel, account, again }
    inside?.(entered)
    bus.publish(`room:${room}`, { kind: 'entered', room: state, session, account, again })
    return entered
  }

  /** Takes a session out. `last`: no session of its user remains in the room. Not being inside is no error. */
  async leave(
    session: SessionRef,
    room: RoomId,
  ): Promise<{ readonly room: RoomState | undefined; readonly last: boolean }> {
    const state = await this.#parts.rooms.load(room)
    const { last } = await this.#parts.presence.leave(room, session.id)
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

  /** Takes all sessions of a user out of a room, as a kick or a ban does. */
  async evict(room: RoomId, user: UserId): Promise<void> {
    const inside = (await this.#parts.presence.occupants(room)).filter(session => session.user === user)
    for (const session of inside) await this.leave(session, room)
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

  /** Follows the log: who loses membership by another's hand, or is banned, is inside no longer (design 6). */
  follow(message: BusMessage): void {
    if (message.kind !== 'event') return
    const { event, room } = message.delivery
    const { body } = event
    if (body.type === 'members.removed' && (body.how !== 'left' || room.suite !== 'none' || room.kind === 'private')) {
      for (const user of body.users) void this.evict(event.room, user)
    }
    if (body.type === 'sanction.set' && body.sanction.kind === 'ban') void this.evict(event.room, body.sanction.user)
  }

  async #announceLeft(room: RoomState, session: SessionRef): Promise<void> {
    const { identity, bus } = this.#parts
    const account = identity.accounts.peek(session.user) ?? (await identity.accounts.load(session.user))
    if (account) bus.publish(`room:${room.id}`, { kind: 'left', room, session, account })
  }
}
