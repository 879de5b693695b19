/**
 * X's snowflake layout and epoch (design section 3, x-chat.md 2): 41 bits of milliseconds, 10 of node, 12 of counter.
 * The one sequence that gives ids lives here; bigint does not leave this file but for `snowflake` and `FLOOR`.
 */

/** The zero of the time part, in ms since 1970 (2010-11-04, X's epoch). */
export const X_EPOCH_MS = 1288834974657
/** No id is below this one: under it X's clients adopt key changes whose signature does not verify. */
export const FLOOR = 2070276095283454002n

export const NODE_MAX = 1023
export const COUNTER_MAX = 4095
const NODE_SHIFT = 12n
const TIME_SHIFT = 22n
/** The newest ms that 41 bits hold (in the year 2080). */
export const LAST_MS = X_EPOCH_MS + 2 ** 41 - 1
/** The first ms in which no id can be below the floor. */
const FIRST_MS = X_EPOCH_MS + Number(FLOOR >> TIME_SHIFT) + 1

/** `ms` since 1970, `node` 0..1023, `counter` 0..4095. Throws RangeError outside of these: the caller's bug. */
export function snowflake(ms: number, node: number, counter: number): bigint {
  requireWithin('ms', ms, X_EPOCH_MS, LAST_MS)
  requireWithin('node', node, 0, NODE_MAX)
  requireWithin('counter', counter, 0, COUNTER_MAX)
  return (BigInt(ms - X_EPOCH_MS) << TIME_SHIFT) | (BigInt(node) << NODE_SHIFT) | BigInt(counter)
}

/** When an id was made, in ms since 1970. */
export function timeOf(id: string): number {
  return Number(BigInt(id) >> TIME_SHIFT) + X_EPOCH_MS
}

/** Which node made an id, 0..1023. */
export function nodeOf(id: string): number {
  return Number((BigInt(id) >> NODE_SHIFT) & BigInt(NODE_MAX))
}

/**
 * Gives ids that are unique and grow for as long as the sequence lives, whatever the clock does: a clock that runs
 * backwards, or more than 4,096 ids in one ms, only moves the time part ahead of the clock.
 */
export class IdSequence {
  readonly #nodeBits: bigint
  readonly #least: number
  #lastMs: number
  #counter = COUNTER_MAX
  /** Time and node part of `#lastMs`, so that an id costs one addition. */
  #base: bigint

  /** `after`: the newest id that this node is known to have given, over all rooms; everything given is newer. `least`: of
   * the counter, where those below are given by somebody else for the same node. */
  constructor(node: number, after: bigint = 0n, least = 0) {
    requireWithin('node', node, 0, NODE_MAX)
    requireWithin('least counter', least, 0, COUNTER_MAX)
    this.#least = least
    this.#nodeBits = BigInt(node) << NODE_SHIFT
    this.#lastMs = Math.max(FIRST_MS - 1, X_EPOCH_MS + Number(after >> TIME_SHIFT))
    this.#base = 0n
  }

  /** `nowMs` since 1970; `after`: the room's last id, whichever node gave it. The answer is newer than both. */
  next(nowMs: number, after?: string): string {
    if (nowMs > this.#lastMs) this.#moveTo(Math.floor(nowMs))
    else if (this.#counter < COUNTER_MAX) this.#counter++
    else this.#moveTo(this.#lastMs + 1)
    let id = this.#base + BigInt(this.#counter)
    if (after !== undefined) {
      const last = BigInt(after)
      if (last >= id) {
        this.#moveTo(Number(last >> TIME_SHIFT) + X_EPOCH_MS + 1)
        id = this.#base + BigInt(this.#counter)
      }
    }
    return id.toString()
  }

  #moveTo(ms: number): void {
    requireWithin('ms', ms, X_EPOCH_MS, LAST_MS)
    this.#lastMs = ms
    this.#counter = this.#least
    this.#base = (BigInt(ms - X_EPOCH_MS) << TIME_SHIFT) | this.#nodeBits
  }
}

function requireWithin(name: string, value: number, low: number, high: number): void {
  if (Number.isInteger(value) && value >= low && value <= high) return
  throw new RangeError(`${name} ${value} is not an integer within ${low}..${high}`)
}
