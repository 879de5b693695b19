// External events (dino.md section 13): written as rows in the transaction of what they tell of, and brought to the
// destinations of the outlet afterwards, each by its own courier, on one node at a time. Without an outlet nothing is made
// and nothing is asked.
import type { RoomId } from '@conclave/wire'
import type { Logger } from 'pino'
import type { Bus } from '../bus/bus.ts'
import type { Clock, Random } from '../clock.ts'
import type { Verb } from '../config.ts'
import { JOB_POLL } from '../limits.ts'
import type { Hold, Nodes } from '../nodes/nodes.ts'
import type { Delivered, Outlet } from '../outlet/outlet.ts'
import type { Outgoing, OutgoingRow, Store, Write } from '../store/store.ts'
import { Carried, type Carrier, isCarried } from './carried.ts'
import { type Brought, Courier } from './courier.ts'
import { deadLetter, eventOf } from './letter.ts'

export interface OutgoingParts {
  readonly store: Store
  readonly write: Write
  readonly bus: Bus
  readonly clock: Clock
  readonly nodes: Nodes
  readonly random: Random
  readonly log: Logger
  /** null: nobody is to be told. */
  readonly outlet: Outlet | null
  /** ms for which an event is tried again. */
  readonly patience: number
  /** Events that may wait. */
  readonly most: number
  /** Dead letters that are kept. */
  readonly mostDead: number
}

/** Something to tell. */
export interface Told {
  readonly verb: Verb
  /** An activity as JSON text, with an `id` that is never used again: null for that of the log's event. No content. */
  readonly body: string
  /** ms since 1970. */
  readonly at: number
  /** Where it happened, if in a room. What concerns one room is told in its order. */
  readonly room: RoomId | null
  /** Which of the bodies that the same item appends it stands for, if any. */
  readonly event: number | null
}

/** ms; far more than it takes to ask PostgreSQL what time it is, and so little that no try comes much too early. */
const AHEAD = 1_000

/** What one node says to the one that brings things: there is something for these destinations; none are the outlet's. */
const SIGNAL = 'outgoing/waiting'

type Tried = (destination: string, result: Delivered['delivered']) => void

/** ms between counts of what waits, when there seems to be too much. */
const RECOUNT = 10_000
/** ms between complaints. */
const COMPLAINT = 60_000
/** ms that calls which are under way have for their end when the server stops. */
const CLOSING = 1_000
/** Rows of one look at those that are for nobody any more, or too many. */
const PAGE = 1_000

export class OutgoingEvents {
  readonly #parts: OutgoingParts
  readonly #couriers: readonly Courier[]
  readonly #carried: Carried[] = []
  readonly #listeners: Tried[] = []
  readonly #writes = new Set<Promise<void>>()
  #started = false
  #hold: Hold | null = null
  #poll: NodeJS.Timeout | null = null
  #recountAt = 0
  /** Rows were handed out that another node may be the one to bring. */
  #handedOut = false
  /** About how many wait and are dead: what was handed out and not written counts until the next count. */
  #waiting = 0
  #dead = 0
  #lost = 0
  #pruning = false
  #countedAt = Number.NEGATIVE_INFINITY
  #complainedAt = Number.NEGATIVE_INFINITY

  constructor(parts: OutgoingParts) {
    this.#parts = parts
    const { outlet } = parts
    const tried = this.#tried
    const settled = (dead: boolean): void => {
      this.#waiting -= 1
      if (dead) this.#buried()
    }
    this.#couriers =
      outlet?.destinations.map(destination => {
        const bring = (row: Outgoing): Promise<Brought> => deliver(parts.store, outlet, row)
        return new Courier(destination, {
          ...parts,
          mayBring: this.#mayBring,
          ahead: this.#ahead,
          bring,
          tried,
          settled,
        })
      }) ?? []
  }

  /** Takes on events that a gateway brings itself. Before `start`. */
  carry(carrier: Carrier): Carried {
    const carried = new Carried({
      ...this.#parts,
      carrier,
      mayBring: this.#mayBring,
      ahead: this.#ahead,
      tried: this.#tried,
      buried: () => this.#buried(),
      told: destinations => this.#say(destinations),
    })
    this.#carried.push(carried)
    return carried
  }

  /** False: nothing that is told goes anywhere. */
  get enabled(): boolean {
    return this.#couriers.length > 0
  }

  /** Events that nobody was told of, because too many waited. */
  get lost(): number {
    return this.#carried.reduce((sum, { lost }) => sum + lost, this.#lost)
  }

  /** Whether anybody is told of such events; ask before making one. */
  wants(verb: Verb): boolean {
    return this.#parts.outlet?.destinations.some(destination => destination.wants(verb)) ?? false
  }

  /** The rows that tell of something, for the item that writes it. */
  rows({ verb, body, at, room, event }: Told): readonly OutgoingRow[] {
    const { outlet, store } = this.#parts
    const rows: OutgoingRow[] = []
    for (const { name, wants } of outlet?.destinations ?? []) {
      if (!wants(verb)) continue
      const outgoing = { id: store.newId(), to: name, at, verb, body, room, sequence: null }
      rows.push({ put: 'outgoing', outgoing: { ...outgoing, attempts: 0, dueAt: at, error: '' }, event })
    }
    if (!this.#admit(rows.length)) return []
    this.#handedOut = true
    return rows
  }

  /** Tells of what stands in no log, in the next transaction. Resolves when it is written, for whoever answers somebody
   * that it was told; rejects where it could not be. */
  async keep(told: Omit<Told, 'at' | 'event'>): Promise<void> {
    const rows = this.rows({ ...told, at: this.#parts.clock.now(), event: null })
    if (rows.length > 0) await this.#parts.write({ guards: [], append: null, rows })
  }

  /** The same of what nobody waits for. */
  tell(told: Omit<Told, 'at' | 'event'>): void {
    const written = this.keep(told)
      .catch((error: unknown) => {
        this.#parts.log.warn({ event: told.verb, err: error }, 'an external event could not be written')
      })
      .then(() => void this.#writes.delete(written))
    this.#writes.add(written)
  }

  /** The names of those who are told. */
  get destinations(): readonly string[] {
    return this.#parts.outlet?.destinations.map(({ name }) => name) ?? []
  }

  /** Whether letters to that destination can be brought again, at the latest when the server starts. */
  serves(to: string): boolean {
    return isCarried(to) || this.destinations.includes(to)
  }

  /** Brings dead letters again; one more try that fails is their last. */
  async retry(letters: readonly Outgoing[]): Promise<void> {
    const dueAt = this.#parts.clock.now()
    await this.#parts.write({
      guards: [],
      append: null,
      rows: letters.map(({ id, error }) => ({ change: 'outgoing', id, attempts: 0, dueAt, error })),
    })
    const carried = letters.map(({ to }) => to).filter(isCarried)
    this.#waiting += letters.length - carried.length
    this.#dead -= letters.length
    for (const each of this.#carried) each.revived(carried.filter(to => each.serves(to)))
  }

  async drop(letters: readonly Outgoing[]): Promise<void> {
    await this.#parts.write({
      guards: [],
      append: null,
      rows: letters.map(({ id }) => ({ drop: 'outgoing', id })),
    })
    this.#dead -= letters.length
  }

  /** Called after every try; for metrics. */
  onTried(listener: Tried): void {
    this.#listeners.push(listener)
  }

  /** Begins to bring what waits, and what has waited since before the last stop. */
  async start(): Promise<void> {
    await this.#buryOrphans()
    if (!this.enabled && this.#carried.length === 0) return
    await this.#count()
    this.#started = true
    this.#hold = this.#parts.nodes.hold('outgoing', () => void this.#takeOver())
    this.wake()
    for (const carried of this.#carried) await carried.start()
    if (this.#parts.nodes.shared) this.#follow()
  }

  /** After a commit, which may have brought something. */
  wake(): void {
    if (!this.#started) return
    if (this.#mayBring()) for (const courier of this.#couriers) courier.wake()
    else if (this.#handedOut) this.#say([])
    this.#handedOut = false
  }

  /** Between nodes there are some ms: their clocks follow one, each over its own line. */
  get #ahead(): number {
    return this.#parts.nodes.shared ? AHEAD : 0
  }

  readonly #mayBring = (): boolean => this.#hold?.held === true

  /** Goes on with what whoever brought things until now has left. */
  async #takeOver(): Promise<void> {
    this.wake()
    if (!this.#parts.nodes.shared) return
    try {
      for (const carried of this.#carried) await carried.recount()
    } catch (error) {
      this.#parts.log.warn({ err: error }, 'waiting events could not be counted')
    }
  }

  /** What other nodes write is brought at once where they are heard, and soon where they are not. */
  #follow(): void {
    this.#parts.bus.subscribe('all', message => {
      if (message.kind !== 'signal' || message.name !== SIGNAL || !this.#mayBring()) return
      const [destinations] = message.args as [readonly string[]]
      if (destinations.length === 0) this.wake()
      for (const carried of this.#carried) carried.wake(destinations)
    })
    this.#poll = setInterval(() => this.#look(), JOB_POLL)
    this.#poll.unref()
  }

  #look(): void {
    if (this.#mayBring()) this.wake()
    const now = this.#parts.clock.now()
    if (Math.abs(now - this.#recountAt) < RECOUNT) return
    this.#recountAt = now
    const counted = Promise.all([this.#count(), ...this.#carried.map(carried => carried.recount())])
    counted.catch((error: unknown) => this.#parts.log.warn({ err: error }, 'waiting events could not be counted'))
  }

  #say(destinations: readonly string[]): void {
    this.#parts.bus.publish('all', { kind: 'signal', name: SIGNAL, room: null, from: null, args: [destinations] })
  }

  /** Brings nothing more. What is under way may end, what waits goes on after the next start. */
  async close(): Promise<void> {
    this.#started = false
    if (this.#poll) clearInterval(this.#poll)
    const ended = Promise.all([...this.#couriers, ...this.#carried].map(each => each.close()))
    let patience: NodeJS.Timeout | undefined
    const over = new Promise<void>(resolve => {
      patience = setTimeout(resolve, CLOSING)
    })
    await Promise.race([ended, over])
    clearTimeout(patience)
    await this.#parts.outlet?.close()
    await Promise.all([ended, ...this.#writes])
    await this.#hold?.release()
  }

  readonly #tried: Tried = (destination, result) => {
    for (const listener of this.#listeners) listener(destination, result)
  }

  #admit(rows: number): boolean {
    const { most, clock, log } = this.#parts
    if (this.#waiting + rows <= most) {
      this.#waiting += rows
      return true
    }
    this.#lost += rows
    const now = clock.now()
    if (Math.abs(now - this.#countedAt) >= RECOUNT)
      this.#count().catch((error: unknown) => log.warn({ err: error }, 'external events could not be counted'))
    if (Math.abs(now - this.#complainedAt) >= COMPLAINT) {
      this.#complainedAt = now
      log.warn({ count: this.#waiting }, 'too many external events wait, new ones are lost (setting "outlet.most")')
    }
    return false
  }

  async #count(): Promise<void> {
    this.#countedAt = this.#parts.clock.now()
    const counts = await this.#parts.store.countOutgoing()
    this.#waiting = counts.reduce((sum, { to, waiting }) => (isCarried(to) ? sum : sum + waiting), 0)
    this.#dead = counts.reduce((sum, { dead }) => sum + dead, 0)
  }

  /** One more dead letter; the oldest go when there are too many. */
  #buried(): void {
    this.#dead += 1
    if (this.#dead <= this.#parts.mostDead || this.#pruning) return
    this.#prune().catch((error: unknown) => this.#parts.log.warn({ err: error }, 'old dead letters were kept'))
  }

  /** A hundredth more than are too many, so that not every one makes a look. */
  async #prune(): Promise<void> {
    const { store, mostDead } = this.#parts
    const many = Math.min(this.#dead - mostDead + Math.ceil(mostDead / 100), PAGE)
    this.#pruning = true
    try {
      await this.drop(await store.deadOutgoing(null, many))
    } finally {
      this.#pruning = false
    }
  }

  /** What waits for a destination that is configured no longer becomes a dead letter, which an operator can see. */
  async #buryOrphans(): Promise<void> {
    const { store, write, outlet, log } = this.#parts
    for (const { to, waiting } of await store.countOutgoing()) {
      if (waiting === 0 || outlet?.destinations.some(({ name }) => name === to)) continue
      if (this.#carried.some(carried => carried.serves(to))) continue
      log.warn(
        { destination: to, count: waiting },
        'external events wait for a destination that is configured no longer',
      )
      for (;;) {
        const rows = await store.dueOutgoing(to, Number.MAX_SAFE_INTEGER, PAGE)
        if (rows.length === 0) break
        const error = 'this destination is configured no longer'
        await write({ guards: [], append: null, rows: rows.flatMap(row => deadLetter({ ...row, error })) })
      }
    }
  }
}

async function deliver(store: Store, outlet: Outlet, row: Outgoing): Promise<Delivered> {
  const event = await eventOf(store, row)
  // What cannot be read today cannot be read tomorrow.
  return event ? outlet.deliver(event, row.to) : { delivered: 'gone', error: 'the event is not there' }
}
