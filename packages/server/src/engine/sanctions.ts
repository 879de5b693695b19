// Bans, mutes and kicks as use cases: the same for every wire and for the operator, and in force everywhere at once
// (design 6). A room's own stand in its log; what ends besides (places in rooms, memberships, sessions) ends here, after
// whoever is concerned was told. One that runs out needs nobody: ends are judged by the store's clock.
import type { RoomId, UserId } from '@conclave/wire'
import type { Bus, BusMessage, Sanctioned } from '../bus/bus.ts'
import type { Clock } from '../clock.ts'
import type { Identity } from '../identity/identity.ts'
import { REASON } from '../limits.ts'
import type { Sanction } from '../room/events.ts'
import type { Account } from '../room/facts.ts'
import type { Rejection } from '../room/rejection.ts'
import { isRejection } from '../room/rejection.ts'
import type { RoomState } from '../room/state.ts'
import type { Row, Store, Write } from '../store/store.ts'
import { StoreFailure } from '../store/store.ts'
import { deleteMessagesOf } from './deletion.ts'
import type { Done, Engine } from './engine.ts'
import { endMemberships } from './memberships.ts'
import type { Occupancy } from './occupancy.ts'
import type { Rooms } from './rooms.ts'
import type { RowChanged, Wider } from './sanction-rows.ts'
import { SanctionRows, withoutSanction, withSanction } from './sanction-rows.ts'
import type { InForce, Wanted } from './sanctions-list.ts'
import { sanctionsInForce } from './sanctions-list.ts'

export interface SanctionsParts {
  readonly store: Store
  readonly write: Write
  readonly bus: Bus
  readonly clock: Clock
  readonly identity: Identity
  readonly rooms: Rooms
  readonly engine: Engine
  readonly occupancy: Occupancy
}

export type Scope = { readonly of: 'room'; readonly room: RoomId } | Wider

interface Acting {
  /** null: the operator, who may do everything. What they may is looked at as the store has it, not as it stands here. */
  readonly actor: Account | null
  /** The session that asks, for its place in the queue; null is the server. */
  readonly session: string | null
  readonly user: UserId
  /** In a room: bans are judged by the owner's rule unless this says by the moderator's, as Rocket.Chat has it. */
  readonly rank?: 'moderator'
}

export interface Imposing extends Acting {
  readonly scope: Scope
  /** ms since 1970; null never ends. */
  readonly until: number | null
  /** Plain text; at most REASON characters. */
  readonly reason: string
  /** How long it lasts as the client wrote it (`5m`), for those who are told; it is kept nowhere. */
  readonly summary: string
}

export interface Lifting extends Acting {
  readonly kind: Sanction['kind']
  readonly scope: Scope
}

export interface Kicking extends Acting {
  readonly room: RoomId
  /** Plain text; at most REASON characters. */
  readonly reason: string
  /** ms for which they may not come back; 0: at once. */
  readonly banMs: number
}

export interface Kicked {
  readonly room: RoomState
  /** False where they were neither a member nor inside. */
  readonly out: boolean
}

/** Somebody who was inside without being a member. */
export type KickedOut = Extract<BusMessage, { readonly kind: 'kicked' }>

export class Sanctions {
  readonly #parts: SanctionsParts
  readonly #rows: SanctionRows
  #kickedOut: ((kicked: KickedOut) => void) | null = null

  constructor(parts: SanctionsParts) {
    this.#parts = parts
    this.#rows = new SanctionRows(parts)
  }

  /** Who has rows to write in the transaction of a sanction beyond a room. Must not throw: nothing would be written. */
  onDecided(describe: (changed: RowChanged) => readonly Row[]): void {
    this.#rows.onDecided(describe)
  }

  /** Who hears of kicks of which no log knows, for it was no member. Must not throw or wait. */
  onKickedOut(listener: (kicked: KickedOut) => void): void {
    this.#kickedOut = listener
  }

  /** Ends every membership that it covers, empties every place in a room, and, on the whole server, every session. Imposed
   * again it has the new end. `unavailable` or `busy` may come when it is in force but not all has ended: asked again, the
   * rest ends. */
  ban(asked: Imposing): Promise<Sanction | Rejection> {
    return this.#impose('ban', asked)
  }

  /** Beyond a room by the operator alone. */
  async mute(asked: Imposing): Promise<Sanction | Rejection> {
    if (asked.actor && asked.scope.of !== 'room')
      return { rejected: 'role.required', text: 'only the operator mutes in more than a room' }
    return this.#impose('mute', asked)
  }

  /** `lifted` false: there was none. Nothing that it ended comes back by itself. */
  async lift(asked: Lifting): Promise<{ readonly lifted: boolean } | Rejection> {
    const { scope } = asked
    return available(() => (scope.of === 'room' ? this.#liftInRoom(asked, scope.room) : this.#liftBeyond(asked, scope)))
  }

  /** Out of the room, member or not, with every session. Of somebody who is neither there is nothing to do. */
  async kick(asked: Kicking): Promise<Kicked | Rejection> {
    const { engine, occupancy } = this.#parts
    const { actor, user, room, reason, banMs, session } = asked
    if (reason.length > REASON) return LONG
    return available(async () => {
      const inside = await occupancy.inside(room, user)
      const command = { command: 'kick', actor: actor?.id ?? null, user, reason, banMs } as const
      const answer = await engine.submit({ room, command, session, bytes: reason.length })
      if (isRejection(answer)) return answer
      const removed = answer.events.some(({ body }) => body.type === 'members.removed')
      if (inside && !removed) await this.#tellKicked(asked, answer)
      await occupancy.evict(answer.room, user, 'kicked')
      return { room: answer.room, out: inside || removed }
    })
  }

  /** Those in force now. */
  list(wanted: Wanted): Promise<readonly InForce[]> {
    return sanctionsInForce(this.#parts, wanted)
  }

  /** Everything that a user wrote in these rooms (`dino.deleteOnBan`). X's messages are deleted over X alone (design 6):
   * such rooms are left out. */
  deleteMessagesOf(user: UserId, rooms: readonly RoomId[]): Promise<{ readonly deleted: number } | Rejection> {
    return available(() => deleteMessagesOf(this.#parts, user, rooms))
  }

  async #impose(kind: Sanction['kind'], asked: Imposing): Promise<Sanction | Rejection> {
    const { scope } = asked
    if (asked.reason.length > REASON || asked.summary.length > REASON) return LONG
    return available(() =>
      scope.of === 'room' ? this.#imposeInRoom(kind, asked, scope.room) : this.#imposeBeyond(kind, asked, scope),
    )
  }

  async #imposeInRoom(kind: Sanction['kind'], asked: Imposing, room: RoomId): Promise<Sanction | Rejection> {
    const answer = await this.#command(kind, asked, room, asked)
    if (isRejection(answer)) return answer
    const sanction = answer.events
      .map(({ body }) => (body.type === 'sanction.set' ? body.sanction : null))
      .find(Boolean)
    if (!sanction) throw new Error('a sanction that was imposed stands in the log')
    await this.#tellOfRoom(asked, answer.room, { sanction, lifted: false, summary: asked.summary })
    // The event has it done as well; here so that the answer comes after it.
    if (kind === 'ban') await this.#parts.occupancy.evict(answer.room, asked.user, 'banned')
    return sanction
  }

  async #liftInRoom(asked: Lifting, room: RoomId): Promise<{ readonly lifted: boolean } | Rejection> {
    const { kind, user } = asked
    const before = await this.#parts.rooms.load(room)
    const answer = await this.#command(kind, asked, room, null)
    if (isRejection(answer)) return answer
    if (answer.events.length === 0) return { lifted: false }
    const sanction = before?.sanctions.find(one => one.kind === kind && one.user === user)
    if (sanction) await this.#tellOfRoom(asked, answer.room, { sanction, lifted: true, summary: '' })
    return { lifted: true }
  }

  /** `set` null lifts. Bans go by the owner's rule, mutes by the moderator's. */
  #command(
    kind: Sanction['kind'],
    { actor, session, user, rank: asked }: Acting,
    room: RoomId,
    set: Pick<Imposing, 'until' | 'reason'> | null,
  ): Promise<Done | Rejection> {
    const { until, reason } = set ?? { until: undefined, reason: '' }
    const rank = asked ?? (kind === 'ban' ? 'owner' : 'moderator')
    const command = { command: 'sanction', actor: actor?.id ?? null, kind, user, until, reason, rank } as const
    return this.#parts.engine.submit({ room, command, session, bytes: reason.length })
  }

  async #imposeBeyond(kind: Sanction['kind'], asked: Imposing, scope: Wider): Promise<Sanction | Rejection> {
    const { actor, user, until, reason, summary } = asked
    const by = actor?.id ?? null
    const done = await this.#rows.change(
      {
        scope,
        actor: by,
        user,
        change: (held, now) => withSanction(held, { kind, user, from: now, until, reason, by }),
      },
      async changed => {
        const sanction = changed.after.find(one => one.kind === kind && one.user === user) as Sanction
        const isNew = changed.after !== changed.before
        if (isNew) await this.#tellBeyond(scope, changed, { sanction, lifted: false, summary })
        return { sanction }
      },
    )
    if (isRejection(done)) return done
    const refused = kind === 'ban' ? await this.#putOut(scope, user, reason) : null
    return refused ?? done.sanction
  }

  async #liftBeyond(asked: Lifting, scope: Wider): Promise<{ readonly lifted: boolean } | Rejection> {
    const { actor, kind, user } = asked
    if (actor?.id === user) return { rejected: 'role.required', text: 'nobody lifts a sanction from themselves' }
    const change = (held: readonly Sanction[]): readonly Sanction[] => withoutSanction(held, { kind, user })
    return this.#rows.change({ scope, actor: actor?.id ?? null, user, change }, async changed => {
      if (changed.after === changed.before) return { lifted: false }
      const sanction = changed.before.find(one => one.kind === kind && one.user === user) as Sanction
      await this.#tellBeyond(scope, changed, { sanction, lifted: true, summary: '' })
      return { lifted: true }
    })
  }

  /** Out of what the ban covers. The places first: nobody can refuse that, and whoever is out hears nothing more. */
  async #putOut(scope: Wider, user: UserId, reason: string): Promise<Rejection | null> {
    const { occupancy, rooms, bus } = this.#parts
    try {
      for (const id of await this.#within(scope, await occupancy.roomsOf(user))) {
        const room = await rooms.load(id)
        if (room) await occupancy.evict(room, user, 'banned')
      }
    } finally {
      if (scope.of === 'global') bus.publish('all', { kind: 'end', token: null, user, wire: null, reason: 'banned' })
    }
    const channel = scope.of === 'channel' ? scope.channel : null
    // A ban from the server leaves the rooms of two, in which nothing can be said or read meanwhile: when it is over nobody
    // could be added to them again.
    const sparesDirect = scope.of === 'global'
    const ended = await endMemberships(this.#parts, { user, how: 'banned', reason, channel, sparesDirect })
    return isRejection(ended) ? ended : null
  }

  /** Those of the rooms that the scope covers. */
  async #within(scope: Wider, ids: readonly RoomId[]): Promise<readonly RoomId[]> {
    if (scope.of === 'global') return ids
    const heads = await this.#parts.store.heads(ids)
    return heads.filter(({ channel }) => channel === scope.channel).map(({ room }) => room)
  }

  async #tellBeyond(scope: Wider, { channel, account, actor }: RowChanged, told: Told): Promise<void> {
    const { store, occupancy, bus } = this.#parts
    if (!account) return
    const all = new Set([...(await occupancy.roomsOf(account.id)), ...(await store.roomsOf(account.id))])
    const rooms = await this.#within(scope, [...all])
    const message: Sanctioned = {
      kind: 'sanctioned',
      ...told,
      scope: scope.of,
      room: null,
      channel,
      account,
      actor,
      rooms,
    }
    bus.publish(`user:${account.id}`, message)
    for (const room of rooms) bus.publish(`room:${room}`, message)
  }

  async #tellOfRoom({ user, actor }: Acting, room: RoomState, told: Told): Promise<void> {
    const { identity, bus } = this.#parts
    const account = await identity.accounts.load(user)
    const channel = await identity.channels.load(room.channel)
    if (!account || !channel) return
    const rooms = [room.id]
    bus.publish(`user:${user}`, { kind: 'sanctioned', ...told, scope: 'room', room, channel, account, actor, rooms })
  }

  async #tellKicked({ user, actor, reason }: Kicking, { room, events }: Done): Promise<void> {
    const { identity, bus } = this.#parts
    const account = await identity.accounts.load(user)
    if (!account) return
    const message = { kind: 'kicked', room, account, actor, reason } as const
    bus.publish(`user:${user}`, message)
    bus.publish(`room:${room.id}`, message)
    // Of a kick that bans the ban's event has told.
    if (!events.some(({ body }) => body.type === 'sanction.set')) this.#kickedOut?.(message)
  }
}

type Told = Pick<Sanctioned, 'sanction' | 'lifted' | 'summary'>

const LONG: Rejection = { rejected: 'limit', text: `a reason has at most ${REASON} characters` }

async function available<T>(run: () => Promise<T>): Promise<T | Rejection> {
  try {
    return await run()
  } catch (error) {
    if (error instanceof StoreFailure) return { rejected: 'unavailable' }
    throw error
  }
}
