// The life of temporary rooms (design, the seed: removed when the owner leaves). One goes at once when its last owner who
// was inside leaves or is put out, and when nobody is left inside; an owner whose connection is lost has `rooms.grace`
// seconds to come back. Follows occupants of every wire. Removal is the last event of the room's log. Each node waits for those
// who left here; for what a node that is gone waited for one of the others does.
import type { RoomId, UserId } from '@conclave/wire'
import type { Logger } from 'pino'
import type { Clock } from '../clock.ts'
import { WAITING_ROOMS } from '../limits.ts'
import type { Hold, Nodes } from '../nodes/nodes.ts'
import type { Presence } from '../presence/presence.ts'
import { isRejection } from '../room/rejection.ts'
import { hasRole, type RoomState, usersWith } from '../room/state.ts'
import { type Store, StoreFailure } from '../store/store.ts'
import type { Engine } from './engine.ts'
import type { Departures } from './occupancy.ts'
import type { Rooms } from './rooms.ts'

export interface TemporaryParts {
  readonly store: Store
  readonly clock: Clock
  readonly nodes: Nodes
  readonly presence: Presence
  readonly rooms: Rooms
  readonly engine: Engine
  readonly log: Logger
  /** Whether a room goes with its owner, or only when it is empty. */
  readonly rule: 'owner' | 'until-empty'
  /** ms that the last owner may be gone. */
  readonly grace: number
  /** An empty room waits a while for somebody to come back. */
  readonly delayed: boolean
}

/** ms that an empty room waits where it does not go at once: as long as on the real server. */
const EMPTY_DELAY = 120_000
/** ms after which a removal that the store could not write is tried again. */
const RETRY = 5_000
/** ms that one timer waits at most: Node's own end at 24 days, and a clock may be set. */
const LONGEST = 60_000

/** Rooms, or users, that are looked at again after the same time each, so the first in line is due first. */
class Line<Id extends string = RoomId> {
  readonly #delay: number
  readonly #due = new Map<Id, number>()

  /** `delay` in ms. */
  constructor(delay: number) {
    this.#delay = delay
  }

  get size(): number {
    return this.#due.size
  }

  has(id: Id): boolean {
    return this.#due.has(id)
  }

  /** At the end of the line, also when it is in it already. One beyond the limit waits for whoever leaves it next. */
  add(id: Id, now: number): void {
    this.#due.delete(id)
    if (this.#due.size < WAITING_ROOMS) this.#due.set(id, now + this.#delay)
  }

  delete(id: Id): void {
    this.#due.delete(id)
  }

  /** When the first is due; undefined where there is none. */
  next(): number | undefined {
    return this.#due.values().next().value
  }

  /** Those that are due, which then are in line no more. */
  take(now: number): Id[] {
    const taken: Id[] = []
    for (const [id, at] of this.#due) {
      if (at > now) break
      taken.push(id)
    }
    for (const id of taken) this.#due.delete(id)
    return taken
  }
}

export class TemporaryRooms implements Departures {
  readonly #parts: TemporaryParts
  /** Nobody is inside, and the room may wait for somebody. */
  readonly #emptied = new Line(EMPTY_DELAY)
  /** An owner has no session any more. */
  readonly #forsaken: Line
  /** Were there when the server started. */
  readonly #leftOver: Line
  /** Were there when another node was gone. */
  readonly #inherited: Line
  /** Should be gone already. */
  readonly #overdue = new Line(RETRY)
  /** Users who are gone while the store did not say which rooms are theirs. */
  readonly #unasked = new Line<UserId>(RETRY)
  /** The last owner who was inside, where their connection was lost. */
  readonly #lastOwner = new Map<RoomId, UserId>()
  #hold: Hold | null = null
  #timer: NodeJS.Timeout | null = null
  #sweeping: Promise<void> | null = null
  #stopped = false

  constructor(parts: TemporaryParts) {
    this.#parts = parts
    this.#forsaken = new Line(parts.grace)
    this.#leftOver = new Line(parts.grace)
    this.#inherited = new Line(parts.delayed ? EMPTY_DELAY : parts.grace)
  }

  /** Rooms that an earlier run left behind go when nobody has come to them in the grace time. */
  async start(): Promise<void> {
    const { nodes } = this.#parts
    const isFirst = nodes.live().length <= 1
    if (isFirst) await this.#lookOver(this.#leftOver)
    // Also where the first one gets the job after another, which has been quicker.
    let isInherited = !isFirst
    this.#hold = nodes.hold('temporary rooms', () => {
      if (isInherited || nodes.live().length > 1) void this.#lookOver(this.#inherited)
      isInherited = true
    })
    nodes.watch({
      lost: () => {
        isInherited = true
        if (this.#hold?.held) void this.#lookOver(this.#inherited)
      },
    })
  }

  async #lookOver(line: Line): Promise<void> {
    const { store, clock, log } = this.#parts
    try {
      for (const room of await store.temporaryRooms()) line.add(room, clock.now())
      this.#arm()
    } catch (error) {
      // The store fails, and says so itself: those whom it has been keeping from the rooms come back.
      log.warn({ err: error }, 'temporary rooms of a node that is gone were not looked at')
    }
  }

  /** While the server stops everybody leaves everything, and takes nothing with them. */
  stop(): void {
    this.#stopped = true
    this.#hold?.release().catch(() => {})
    this.#hold = null
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
  }

  /** How many rooms wait for their end. */
  get waiting(): number {
    return this.#lines().reduce((sum, line) => sum + line.size, 0)
  }

  async left(state: RoomState, user: UserId, how: 'left' | 'lost'): Promise<void> {
    const room = this.#parts.rooms.peek(state.id) ?? state
    if (this.#stopped || !isTemporary(room)) return
    await this.#guard(room.id, async () => {
      const inside = await this.#inside(room.id)
      const wasLast = hasRole(room, user, 'owner') && !ownerInside(room, inside)
      if (wasLast && how === 'lost') this.#remember(room.id, user)
      if (inside.size > 0) {
        if (wasLast && how === 'left' && this.#parts.rule === 'owner') await this.#remove(room.id)
      } else if (this.#parts.delayed) this.#wait(this.#emptied, room.id)
      else await this.#remove(room.id)
    })
  }

  async gone(user: UserId): Promise<void> {
    if (this.#stopped) return
    const { store, rooms, log } = this.#parts
    try {
      for (const id of await store.rolesOf(user)) {
        const room = await rooms.load(id)
        if (!room || !isTemporary(room) || !hasRole(room, user, 'owner')) continue
        // Another owner's time runs on, whoever else comes and goes.
        if ((this.#lastOwner.get(id) ?? user) === user && (await this.#isForsaken(room))) this.#wait(this.#forsaken, id)
      }
    } catch (error) {
      if (!(error instanceof StoreFailure))
        log.error({ err: error }, 'bug in looking for the temporary rooms of a user')
      this.#unasked.add(user, this.#parts.clock.now())
      this.#arm()
    }
  }

  /** Removes what is due now. The timer calls it; at most one runs at a time. */
  sweep(): Promise<void> {
    this.#sweeping ??= this.#sweep().finally(() => {
      this.#sweeping = null
      this.#arm()
    })
    return this.#sweeping
  }

  async #sweep(): Promise<void> {
    const now = this.#parts.clock.now()
    for (const id of this.#emptied.take(now)) await this.#endIf(id, room => this.#isOver(room))
    for (const id of this.#forsaken.take(now)) await this.#endIf(id, room => this.#goesWithOwner(room))
    for (const id of this.#leftOver.take(now)) await this.#endIf(id, room => this.#isLeftOver(room))
    for (const id of this.#inherited.take(now)) await this.#endIf(id, room => this.#goesWithOwner(room))
    for (const id of this.#overdue.take(now)) await this.#endIf(id, room => this.#isOver(room))
    for (const user of this.#unasked.take(now)) await this.gone(user)
  }

  #endIf(id: RoomId, isOver: (room: RoomState) => Promise<boolean>): Promise<void> {
    return this.#guard(id, async () => {
      const room = await this.#parts.rooms.load(id)
      if (room && isTemporary(room) && (await isOver(room))) await this.#remove(id)
    })
  }

  /** Nobody is inside, or only others while the owner's time is over. */
  async #isOver(room: RoomState): Promise<boolean> {
    return (await this.#isEmpty(room)) || (!this.#forsaken.has(room.id) && (await this.#goesWithOwner(room)))
  }

  async #isEmpty({ id }: RoomState): Promise<boolean> {
    return (await this.#inside(id)).size === 0
  }

  async #goesWithOwner(room: RoomState): Promise<boolean> {
    if (!(await this.#isForsaken(room))) return false
    const empty = await this.#isEmpty(room)
    // An empty room that waits for somebody goes at its own time.
    return empty ? !this.#emptied.has(room.id) : this.#parts.rule === 'owner'
  }

  /** One that a world brought waits for its first visitor; one that somebody made has lost them with the last run. */
  async #isLeftOver(room: RoomState): Promise<boolean> {
    return room.createdBy !== null && this.#isEmpty(room)
  }

  /**
   * No owner is inside, and the last one who was has no session; where none ever was, no owner has one. So a room that
   * its maker never entered goes with them, too.
   */
  async #isForsaken(room: RoomState): Promise<boolean> {
    const { presence } = this.#parts
    const owners = usersWith(room, 'owner')
    if (owners.length === 0 || ownerInside(room, await this.#inside(room.id))) return false
    const last = this.#lastOwner.get(room.id)
    if (last === undefined && room.createdBy === null) return false
    for (const user of last !== undefined && owners.includes(last) ? [last] : owners)
      if ((await presence.sessionsOf(user)).length > 0) return false
    return true
  }

  async #inside(room: RoomId): Promise<ReadonlySet<UserId>> {
    return new Set((await this.#parts.presence.occupants(room)).map(({ user }) => user))
  }

  #remember(room: RoomId, owner: UserId): void {
    this.#lastOwner.delete(room)
    this.#lastOwner.set(room, owner)
    const oldest = this.#lastOwner.keys().next()
    if (this.#lastOwner.size > WAITING_ROOMS && !oldest.done) this.#lastOwner.delete(oldest.value)
  }

  #wait(line: Line, room: RoomId): void {
    line.add(room, this.#parts.clock.now())
    this.#arm()
  }

  /** One timer, for whatever is due first. */
  #arm(): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
    if (this.#stopped || this.#sweeping) return
    const due = [...this.#lines(), this.#unasked].flatMap(line => line.next() ?? [])
    if (due.length === 0) return
    const delay = Math.min(Math.max(0, Math.min(...due) - this.#parts.clock.now()), LONGEST)
    this.#timer = setTimeout(() => void this.sweep(), delay)
    this.#timer.unref()
  }

  async #remove(id: RoomId): Promise<void> {
    if (this.#stopped) return
    const command = { command: 'remove-room', actor: null, reason: '' } as const
    const done = await this.#parts.engine.submit({ room: id, command, session: null, bytes: 0 })
    if (isRejection(done) && done.rejected !== 'room.unknown') throw new Refused(done.rejected)
    for (const line of this.#lines()) line.delete(id)
    this.#lastOwner.delete(id)
  }

  #lines(): readonly Line[] {
    return [this.#emptied, this.#forsaken, this.#leftOver, this.#inherited, this.#overdue]
  }

  /** Nobody waits for the end of a room but those who leave it: what goes wrong is logged, and tried again later. */
  async #guard(id: RoomId, task: () => Promise<void>): Promise<void> {
    try {
      await task()
    } catch (error) {
      const { log } = this.#parts
      if (error instanceof Refused)
        log.warn({ room: id, rejected: error.message }, 'a temporary room could not be removed')
      else if (!(error instanceof StoreFailure)) log.error({ room: id, err: error }, 'bug in ending a temporary room')
      if (!this.#stopped) this.#wait(this.#overdue, id)
    }
  }
}

/** The store or the engine could not, for now. */
class Refused extends Error {}

/** An encrypted room is never temporary, whatever it was made as. */
function isTemporary({ kind, suite, removed }: RoomState): boolean {
  return kind === 'temporary' && suite === 'none' && !removed
}

function ownerInside(room: RoomState, inside: ReadonlySet<UserId>): boolean {
  return [...inside].some(user => hasRole(room, user, 'owner'))
}
