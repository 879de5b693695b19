// What clients of one wire make the server hold: bytes that they do not read, what has come by half, and requests that wait for
// their turn. Each has its own bound; ten thousand that go up to it together have this one.
import { HELD_IN_ALL, HELD_LOOK } from '../limits.ts'

export interface Holding<S> {
  readonly sessions: Iterable<S>
  /** Bytes. */
  weigh(session: S): number
  /** It holds too much: to be closed by the wire's own code. */
  close(session: S): void
}

/** One timer for all sessions. Returns what ends it. */
export function watchHeld<S>(holding: Holding<S>, most = HELD_IN_ALL): () => void {
  const timer = setInterval(() => relieve(holding, most), HELD_LOOK)
  timer.unref()
  return () => clearInterval(timer)
}

/** Closes those who hold most, until half of the bound is free again, so that this is no daily bread. */
export function relieve<S>({ sessions, weigh, close }: Holding<S>, most = HELD_IN_ALL): void {
  let all = 0
  for (const session of sessions) all += weigh(session)
  if (all <= most) return
  const heaviest = [...sessions].map(session => ({ session, bytes: weigh(session) })).sort((a, b) => b.bytes - a.bytes)
  for (const { session, bytes } of heaviest) {
    if (all <= most / 2) return
    all -= bytes
    close(session)
  }
}

/** What a value takes beside its texts, roughly. */
const VALUE = 16
const weights = new WeakMap<object, number>()

/** Bytes that a value from JSON takes, roughly; each is looked through once. */
export function weightOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return typeof value === 'string' ? value.length : VALUE
  const known = weights.get(value)
  if (known !== undefined) return known
  let weight = 0
  const rest: unknown[] = [value]
  for (let next = rest.pop(); rest.length > 0 || next !== undefined; next = rest.pop()) {
    weight += VALUE
    if (typeof next === 'string') weight += next.length
    else if (typeof next === 'object' && next !== null)
      for (const [name, one] of Object.entries(next)) {
        weight += name.length
        rest.push(one)
      }
  }
  weights.set(value, weight)
  return weight
}
