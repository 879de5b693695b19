// What a gateway brings itself, to destinations that its clients make and end (an app's webhooks): the same rows, tries and
// dead letters as for the outlet's, each destination with its own courier and its own bound, so that none of them takes
// the place of another's or of the operator's events.
import type { RoomId } from '@conclave/wire'
import type { Outgoing, OutgoingRow } from '../store/store.ts'
import type { Brought, CourierParts } from './courier.ts'
import { Courier } from './courier.ts'

export interface Carrier {
  /** Its destinations are `<prefix>/<name>`: no name that an operator gives has a slash. */
  readonly prefix: string
  /** Events that one destination is told at the same time. */
  readonly width: number
  /** ms after an event from when on a try that fails is its last. */
  readonly patience: number
  /** Events that may wait for one destination. */
  readonly most: number
  bring(row: Outgoing, name: string): Promise<Brought>
  /** Gives up what is under way. */
  close(): void
}

/** One event for one destination. `event`: which of the bodies that the same item appends; null where it stands already. */
export interface Carry {
  readonly name: string
  readonly verb: string
  /** JSON text. */
  readonly body: string
  /** ms since 1970. */
  readonly at: number
  readonly room: RoomId
  readonly sequence: number | null
  readonly event: number | null
}

export interface CarriedParts extends Omit<CourierParts, 'bring' | 'patience' | 'settled'> {
  readonly carrier: Carrier
  /** There is one more dead letter. */
  buried(): void
  /** Something was written for these, which another node may be the one to bring. */
  told(destinations: readonly string[]): void
}

/** ms between counts of what waits for a destination that seems to have too much, and between complaints. */
const RECOUNT = 10_000
/** Rows of one look at those that are for nobody any more. */
const PAGE = 1_000

/** Whether rows of that name are a gateway's and not the outlet's. */
export function isCarried(to: string): boolean {
  return to.includes('/')
}

export class Carried {
  readonly #parts: CarriedParts
  readonly #couriers = new Map<string, Courier>()
  /** About how many wait, by destination. */
  #waiting = new Map<string, number>()
  #started = false
  #countedAt = Number.NEGATIVE_INFINITY
  #lost = 0

  constructor(parts: CarriedParts) {
    this.#parts = parts
  }

  get lost(): number {
    return this.#lost
  }

  serves(to: string): boolean {
    return to.startsWith(`${this.#parts.carrier.prefix}/`)
  }

  /** How many more may wait for a destination. */
  room(name: string): number {
    return Math.max(0, this.#parts.carrier.most - (this.#waiting.get(this.#to(name)) ?? 0))
  }

  /** The rows for the item that writes what they tell of; none where too many wait. */
  rows(carry: Carry): readonly OutgoingRow[] {
    const { store } = this.#parts
    const { name, verb, body, at, room, sequence, event } = carry
    const to = this.#to(name)
    if (!this.#admit(name, to)) return []
    const outgoing = { id: store.newId(), to, at, verb, body, room, sequence, attempts: 0, dueAt: at, error: '' }
    return [{ put: 'outgoing', outgoing, event }]
  }

  /** After the commit that wrote them. */
  written(rows: readonly unknown[]): void {
    const names = new Set<string>()
    for (const row of rows as readonly Partial<Extract<OutgoingRow, { put: 'outgoing' }>>[]) {
      if (row.put === 'outgoing' && row.outgoing && this.serves(row.outgoing.to)) names.add(row.outgoing.to)
    }
    if (names.size > 0 && this.#started && !this.#parts.mayBring()) this.#parts.told([...names])
    else this.wake(names)
  }

  wake(destinations: Iterable<string>): void {
    if (this.#started) for (const to of destinations) if (this.serves(to)) this.#courier(to).wake()
  }

  /** Begins with what has waited since before the last stop. */
  async start(): Promise<void> {
    await this.#count()
    this.#started = true
    this.wake(this.#waiting.keys())
  }

  /** Other nodes write, and bring, too. */
  async recount(): Promise<void> {
    if (!this.#started) return
    await this.#count()
    this.wake(this.#waiting.keys())
  }

  /** Nobody is at this destination any more: what is left for it goes. */
  async abandon(name: string): Promise<void> {
    const to = this.#to(name)
    const courier = this.#couriers.get(to)
    this.#couriers.delete(to)
    this.#waiting.delete(to)
    await courier?.close()
    const { store, write } = this.#parts
    for (;;) {
      const rows = await store.dueOutgoing(to, Number.MAX_SAFE_INTEGER, PAGE)
      if (rows.length === 0) return
      await write({ guards: [], append: null, rows: rows.map(({ id }) => ({ drop: 'outgoing', id })) })
    }
  }

  /** Rows became waiting ones again by an operator's hand. */
  revived(destinations: readonly string[]): void {
    for (const to of destinations) this.#waiting.set(to, (this.#waiting.get(to) ?? 0) + 1)
    if (this.#parts.mayBring()) this.wake(new Set(destinations))
    else this.#parts.told([...new Set(destinations)])
  }

  async close(): Promise<void> {
    this.#started = false
    const ended = Promise.all([...this.#couriers.values()].map(courier => courier.close()))
    this.#parts.carrier.close()
    await ended
  }

  #to(name: string): string {
    return `${this.#parts.carrier.prefix}/${name}`
  }

  #courier(to: string): Courier {
    const known = this.#couriers.get(to)
    if (known) return known
    const { carrier } = this.#parts
    const name = to.slice(carrier.prefix.length + 1)
    const courier = new Courier(
      { name: to, width: carrier.width },
      {
        ...this.#parts,
        patience: carrier.patience,
        bring: row => carrier.bring(row, name),
        settled: dead => {
          this.#waiting.set(to, Math.max(0, (this.#waiting.get(to) ?? 0) - 1))
          if (dead) this.#parts.buried()
        },
      },
    )
    this.#couriers.set(to, courier)
    return courier
  }

  #admit(name: string, to: string): boolean {
    const { clock, log } = this.#parts
    if (this.room(name) > 0) {
      this.#waiting.set(to, (this.#waiting.get(to) ?? 0) + 1)
      return true
    }
    this.#lost += 1
    if (Math.abs(clock.now() - this.#countedAt) >= RECOUNT) {
      log.warn({ destination: to }, 'too many events wait for a destination, new ones are not kept for it')
      this.#count().catch((error: unknown) => log.warn({ err: error }, 'waiting events could not be counted'))
    }
    return false
  }

  /** What was handed out and not written counts until here. */
  async #count(): Promise<void> {
    this.#countedAt = this.#parts.clock.now()
    const counts = await this.#parts.store.countOutgoing()
    this.#waiting = new Map(counts.filter(({ to }) => this.serves(to)).map(({ to, waiting }) => [to, waiting]))
  }
}
