// Brings what waits for one destination, at least once: in order within a room, many rooms at the same
// time. What a destination that does not answer has not taken waits where it is, in its order; the destination is left
// alone for a while and then asked with one event. An event that it refuses steps aside and is tried again by itself, so
// that it holds up nobody, and so does one that again and again gets no answer: it may be why there is none. Of nodes that
// share a store one brings everything at a time.
import type { Logger } from 'pino'
import type { Clock, Random } from '../clock.ts'
import { OUTGOING_AGAIN, OUTGOING_HOLD, OUTGOING_LOW, OUTGOING_REST, OUTGOING_WINDOW } from '../limits.ts'
import type { Delivered } from '../outlet/outlet.ts'
import type { Outgoing, OutgoingRow, Store, Write } from '../store/store.ts'
import { StoreFailure } from '../store/store.ts'
import { deadLetter, laneOf } from './letter.ts'

/** `moot`: there is nobody to tell it to, or nothing to tell any more. It goes without a trace. */
export type Brought = Delivered | { readonly delivered: 'moot' }

/** For whom a courier works. */
export interface Receiver {
  /** What waits for it is kept under this name. */
  readonly name: string
  /** Events that it is told at the same time. */
  readonly width: number
}

export interface CourierParts {
  readonly store: Store
  readonly write: Write
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** This node brings things. Where it stops doing so, what was read is another's to bring. */
  mayBring(): boolean
  /** ms by which another node's clock, and so what it writes, may be ahead of this one's. */
  readonly ahead: number
  /** One try: resolves within a bound time, rejects for bugs and for a store that cannot be read. */
  bring(row: Outgoing): Promise<Brought>
  /** ms after an event from when on a try that fails is its last. */
  readonly patience: number
  /** After every try. */
  tried(destination: string, result: Delivered['delivered']): void
  /** An event waits no more; `dead`: because it is a dead letter now. */
  settled(dead: boolean): void
}

/** ms between attempts to write down what became of an event, while the store takes nothing. */
const RECORD_DELAY = 1_000
/** ms that a timer sleeps at least and at most. */
const SLEEP = { least: 20, most: 3_600_000 }

interface Carried {
  row: Outgoing
  /** What is in one lane goes one after another. */
  readonly lane: string
  /** `over`: only to be written down. */
  state: 'waits' | 'on its way' | 'over'
  /** Tries without an answer since it was read. */
  held: number
}

/** `held`: it stays where it is; `aside`: it is tried again later, and whatever is behind it goes first. */
type Fate = 'taken' | 'held' | 'aside' | 'dead'

export class Courier {
  readonly #parts: CourierParts
  readonly #destination: Receiver
  /** What was read and is not over, the oldest first. */
  readonly #window = new Map<string, Carried>()
  readonly #lanes = new Set<string>()
  readonly #work = new Set<Promise<void>>()
  /** What went out of the window since a page was asked for, and may still be on it. */
  #loading: Set<string> | null = null
  /** The store may hold more that is due. */
  #more = true
  /** Rests in a row; 0 for a destination that answers. */
  #rests = 0
  /** ms since 1970. */
  #restsUntil = 0
  #scheduled = false
  #closed = false
  #timer: NodeJS.Timeout | null = null

  constructor(destination: Receiver, parts: CourierParts) {
    this.#destination = destination
    this.#parts = parts
  }

  /** There may be something new. */
  wake(): void {
    this.#more = true
    this.#schedule()
  }

  /** Sends nothing more. Resolves when what is on its way is over and written down. */
  async close(): Promise<void> {
    this.#closed = true
    if (this.#timer) clearTimeout(this.#timer)
    while (this.#work.size > 0) await Promise.all(this.#work)
  }

  #schedule(): void {
    if (this.#scheduled || this.#closed) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      if (!this.#closed) this.#send()
    })
  }

  #send(): void {
    if (!this.#parts.mayBring()) {
      for (const [id, { state }] of this.#window) if (state === 'waits') this.#window.delete(id)
      this.#more = true
      return
    }
    const rest = this.#restsUntil - this.#parts.clock.now()
    if (rest > 0) {
      this.#sleep(rest)
      return
    }
    if (this.#more && !this.#loading && this.#window.size < OUTGOING_LOW) this.#do(this.#load())
    // Whoever did not answer is asked with one event first.
    const width = this.#rests > 0 ? 1 : this.#destination.width
    for (const carried of this.#window.values()) {
      if (this.#lanes.size >= width) return
      if (carried.state === 'waits' && !this.#lanes.has(carried.lane)) this.#do(this.#bring(carried))
    }
    if (this.#window.size === 0 && !this.#loading) this.#do(this.#sleepUntilDue())
  }

  /** Runs to its end, also while closing. */
  #do(work: Promise<void>): void {
    const done = work
      .catch((error: unknown) => {
        // A store that cannot be read is looked at again; that it fails is said where it is written.
        this.#sleep(RECORD_DELAY)
        if (!(error instanceof StoreFailure)) this.#parts.log.error({ err: error }, 'bug in bringing an external event')
      })
      .then(() => void this.#work.delete(done))
    this.#work.add(done)
  }

  async #load(): Promise<void> {
    const gone = new Set<string>()
    this.#loading = gone
    this.#more = false
    try {
      const limit = this.#window.size + OUTGOING_WINDOW
      const now = this.#parts.clock.now() + this.#parts.ahead
      const rows = await this.#parts.store.dueOutgoing(this.#destination.name, now, limit)
      if (rows.length === limit) this.#more = true
      for (const row of inOrder(rows))
        if (!this.#window.has(row.id) && !gone.has(row.id))
          this.#window.set(row.id, { row, lane: laneOf(row), state: 'waits', held: 0 })
    } finally {
      this.#loading = null
    }
    if (this.#window.size > 0 || this.#more) this.#schedule()
    else await this.#sleepUntilDue()
  }

  async #sleepUntilDue(): Promise<void> {
    const next = await this.#parts.store.nextOutgoing(this.#destination.name)
    if (next !== null && this.#window.size === 0) this.#sleep(next - this.#parts.clock.now())
  }

  #sleep(ms: number): void {
    if (this.#closed) return
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.wake(), Math.min(Math.max(ms, SLEEP.least), SLEEP.most))
    this.#timer.unref()
  }

  async #bring(carried: Carried): Promise<void> {
    carried.state = 'on its way'
    this.#lanes.add(carried.lane)
    const result = await this.#try(carried.row)
    this.#lanes.delete(carried.lane)
    // What a stop has cut short was not tried.
    if (this.#closed && result.delivered === 'unwell') return
    if (result.delivered !== 'moot') this.#parts.tried(this.#destination.name, result.delivered)
    const { fate, rows } = this.#settle(carried, result)
    carried.state = fate === 'held' ? 'waits' : 'over'
    this.#schedule()
    await this.#record(rows)
    if (fate === 'held') return
    this.#window.delete(carried.row.id)
    this.#loading?.add(carried.row.id)
    if (fate !== 'aside') this.#parts.settled(fate === 'dead')
    this.#schedule()
  }

  async #try(row: Outgoing): Promise<Brought> {
    try {
      return await this.#parts.bring(row)
    } catch (error) {
      if (!(error instanceof StoreFailure)) this.#parts.log.error({ err: error }, 'bug in bringing an external event')
      return { delivered: 'unwell', error: 'internal error', after: null }
    }
  }

  /** What becomes of an event after a try, and what is written of it. */
  #settle(carried: Carried, result: Brought): { readonly fate: Fate; readonly rows: readonly OutgoingRow[] } {
    const { id, at, verb } = carried.row
    if (result.delivered === 'unwell') this.#rest(result)
    else if (result.delivered !== 'moot') this.#rests = 0
    if (result.delivered === 'taken' || result.delivered === 'moot') {
      return { fate: 'taken', rows: [{ drop: 'outgoing', id }] }
    }
    const now = this.#parts.clock.now()
    const { error } = result
    const attempts = carried.row.attempts + 1
    const row = { ...carried.row, attempts, error }
    if (result.delivered === 'gone' || now - at >= this.#parts.patience) {
      const fields = { event: verb, destination: this.#destination.name, count: attempts, reason: error }
      this.#parts.log.warn(fields, 'an external event is not taken and now a dead letter')
      return { fate: 'dead', rows: deadLetter(row) }
    }
    carried.row = row
    carried.held += 1
    const held = result.delivered === 'unwell' && carried.held < OUTGOING_HOLD
    const dueAt = held ? row.dueAt : now + this.#about(delayAt(now - at))
    return { fate: held ? 'held' : 'aside', rows: [{ change: 'outgoing', id, attempts, dueAt, error }] }
  }

  /** Leaves the destination alone. Those who were told so at the same time say it once. */
  #rest({ after, error }: Extract<Delivered, { delivered: 'unwell' }>): void {
    const now = this.#parts.clock.now()
    if (now >= this.#restsUntil) {
      if (this.#rests === 0)
        this.#parts.log.info({ destination: this.#destination.name, reason: error }, 'a destination does not answer')
      const { least, most } = OUTGOING_REST
      this.#restsUntil = now + this.#about(Math.min(least * 2 ** this.#rests, most))
      this.#rests += 1
    }
    this.#restsUntil = Math.max(this.#restsUntil, now + (after ?? 0))
  }

  /** A tenth more or less, so that many do not come back at once. */
  #about(ms: number): number {
    const [chance = 0] = this.#parts.random.bytes(1)
    return Math.round(ms * (0.9 + (0.2 * chance) / 255))
  }

  /** Until it is written: what is not would be brought again and again. */
  async #record(rows: readonly OutgoingRow[]): Promise<void> {
    for (;;) {
      try {
        await this.#parts.write({ guards: [], append: null, rows })
        return
      } catch (error) {
        if (!(error instanceof StoreFailure)) throw error
        // After the restart it is brought once more, under the same id.
        if (this.#closed) return
        await new Promise(resolve => setTimeout(resolve, RECORD_DELAY).unref())
      }
    }
  }
}

/** What stands in the log of a room is told in its order, whatever the clocks of the nodes that wrote it showed. */
function inOrder(rows: readonly Outgoing[]): readonly Outgoing[] {
  const ordered = [...rows]
  const places = Map.groupBy(rows.keys(), index => {
    const { room, sequence } = rows[index] as Outgoing
    return sequence === null ? null : room
  })
  places.delete(null)
  for (const indices of places.values()) {
    const sorted = indices.map(index => rows[index] as Outgoing).sort((a, b) => (a.sequence ?? 0) - (b.sequence ?? 0))
    for (const [place, row] of sorted.entries()) ordered[indices[place] as number] = row
  }
  return ordered
}

/** ms from an age to the next one at which an event is tried again. */
function delayAt(age: number): number {
  const last = OUTGOING_AGAIN.at(-1) as number
  const next = OUTGOING_AGAIN.find(each => each > age) ?? last * (1 + Math.floor(age / last))
  return next - Math.max(age, 0)
}
