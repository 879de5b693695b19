// Messages whose own time has ended are erased, by one node at a time, and whoever listens to their room is told. Nobody reads them from that
// moment on, erased or not: the store's statements see to that. So this may come late, and does no harm twice.
import type { RoomId } from '@conclave/wire'
import type { Logger } from 'pino'
import type { Bus, BusMessage } from '../bus/bus.ts'
import type { Clock } from '../clock.ts'
import { EXPIRED_TOGETHER, JOB_POLL } from '../limits.ts'
import type { Hold, Nodes } from '../nodes/nodes.ts'
import type { Expired, Store, Write } from '../store/store.ts'
import type { Rooms } from './rooms.ts'

export interface ExpiryParts {
  readonly store: Store
  readonly write: Write
  readonly bus: Bus
  readonly clock: Clock
  readonly nodes: Nodes
  readonly rooms: Rooms
  readonly log: Logger
}

/** ms that the one timer waits at most: a clock may be set. Where there are other nodes, it looks for their messages. */
const LONGEST = 60_000
/** ms after which what the store could not write is tried again. */
const RETRY = 5_000

export class Expiry {
  readonly #parts: ExpiryParts
  #timer: NodeJS.Timeout | null = null
  /** ms since 1970 for which the timer is set. */
  #due = Infinity
  #running: Promise<void> | null = null
  #hold: Hold | null = null
  #stopped = false

  constructor(parts: ExpiryParts) {
    this.#parts = parts
  }

  /** What ended while no server ran goes at once. Nobody waits for it: nobody reads it either. */
  start(): void {
    this.#hold = this.#parts.nodes.hold('expiry', () => void this.run())
  }

  async stop(): Promise<void> {
    this.#stopped = true
    if (this.#timer) clearTimeout(this.#timer)
    await this.#running
    await this.#hold?.release()
  }

  /** Every event that is committed passes here: one that ends sooner than all others sets the timer anew. */
  follow(message: BusMessage): void {
    if (message.kind !== 'event') return
    const { body } = message.delivery.event
    if (body.type === 'message' && body.expiresAt !== undefined && body.expiresAt < this.#due)
      this.#wait(body.expiresAt)
  }

  /** Erases what has ended by now. The timer calls it; at most one runs at a time. */
  run(): Promise<void> {
    this.#running ??= this.#run().finally(() => {
      this.#running = null
    })
    return this.#running
  }

  async #run(): Promise<void> {
    const { store, clock, log } = this.#parts
    this.#due = Infinity
    try {
      while (!this.#stopped) {
        const now = clock.now()
        const ended = await store.expired(now, EXPIRED_TOGETHER)
        if (ended.length > 0) await this.#erase(ended, now)
        if (ended.length < EXPIRED_TOGETHER) break
        // A turn of the event loop for everybody else.
        await new Promise(resolve => setImmediate(resolve))
      }
      this.#wait(Math.min(this.#due, (await store.nextExpiry()) ?? Infinity))
    } catch (error) {
      log.warn({ err: error }, 'messages whose time has ended are kept for now')
      this.#wait(clock.now() + RETRY)
    }
  }

  async #erase(ended: readonly Expired[], now: number): Promise<void> {
    const { write, bus, rooms } = this.#parts
    const byRoom = Map.groupBy(ended, ({ room }): RoomId => room)
    const rows = [...byRoom].map(([room, messages]) => {
      const sequences = messages.map(({ sequence }) => sequence)
      return { erase: 'expired', room, sequences, at: now } as const
    })
    await write({ guards: [], append: null, rows })
    for (const [id, messages] of byRoom) {
      const room = rooms.peek(id) ?? (await rooms.load(id))
      if (room && !room.removed) bus.publish(`room:${id}`, { kind: 'expired', room, at: now, messages })
    }
  }

  /** `due` in ms since 1970. */
  #wait(due: number): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
    this.#due = due
    if (this.#stopped || !this.#hold?.held) return
    const { clock, nodes } = this.#parts
    const longest = nodes.shared ? JOB_POLL : LONGEST
    const delay = Math.min(Math.max(0, due - clock.now()), longest)
    this.#timer = setTimeout(() => void this.run(), delay)
    this.#timer.unref()
  }
}
