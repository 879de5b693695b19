// Ids that a node gives (packages/wire: snowflake.ts): those of events in `conclave.commit`, with the lower half of an ms's
// counters, the others here. Both grow past each other, so all ids of a node grow as if one sequence gave them.
import { COUNTER_MAX, type EventId, FLOOR, IdSequence, LAST_MS, X_EPOCH_MS } from '@conclave/wire'

/** Counters from here on are given here. */
const LEAST = (COUNTER_MAX + 1) / 2
/** The first ms in which no id is below the floor. */
const FIRST_MS = X_EPOCH_MS + Number(FLOOR >> 22n) + 1

/** What a commit gives its ids by. */
export interface Giver {
  readonly node: number
  readonly instance: string
  /** Since X's epoch. */
  readonly ms: number
  /** The newest id that was given here; 0 for none. */
  readonly newest: string
}

export class NodeIds {
  readonly #node: number
  readonly #ids: IdSequence
  #newest = '0'
  /** Of an event. */
  #committed: EventId | undefined

  constructor(node: number) {
    this.#node = node
    this.#ids = new IdSequence(node, 0n, LEAST)
  }

  next(now: number): string {
    this.#newest = this.#ids.next(now, this.#committed)
    return this.#newest
  }

  committed(newest: EventId | undefined): void {
    if (newest !== undefined) this.#committed = newest
  }

  giver(instance: string, now: number): Giver {
    const ms = Math.min(Math.max(Math.floor(now), FIRST_MS), LAST_MS) - X_EPOCH_MS
    return { node: this.#node, instance, ms, newest: this.#newest }
  }
}

/** `position`: ms since X's epoch and counter as one number. */
export function eventId(node: number, position: bigint): EventId {
  return (
    ((position / BigInt(LEAST)) << 22n) |
    (BigInt(node) << 12n) |
    (position % BigInt(LEAST))
  ).toString() as EventId
}
