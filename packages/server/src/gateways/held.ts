// What clients of one wire make the server hold: bytes that they do not read, and frames of which half has come. Each has its
// own bound; ten thousand that go up to it together have this one.
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
