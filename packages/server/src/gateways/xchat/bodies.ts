// How many bytes of bodies are in memory at a time. A body is collected before anything of it is looked at, for as long as
// its sender likes to take, and an answer waits for its reader, so that nothing but this bounds what one user's connections
// hold together.
import type { IncomingMessage } from 'node:http'
import { BODIES_IN_ALL, BODIES_OF_ONE, BODY_SMALL } from './limits.ts'

export class Bodies {
  readonly #of = new Map<string, number>()
  #all = 0

  /** Room for a body, until it is let go; null where it needs none, `own` where the caller holds too much, `all` where all do. */
  take(who: string, bytes: number): (() => void) | 'own' | 'all' | null {
    if (bytes <= BODY_SMALL) return null
    const held = this.#of.get(who) ?? 0
    if (held + bytes > BODIES_OF_ONE) return 'own'
    if (this.#all + bytes > BODIES_IN_ALL) return 'all'
    this.#of.set(who, held + bytes)
    this.#all += bytes
    let isHeld = true
    return () => {
      if (isHeld) this.#release(who, bytes)
      isHeld = false
    }
  }

  #release(who: string, bytes: number): void {
    this.#all -= bytes
    const left = (this.#of.get(who) ?? 0) - bytes
    if (left > 0) this.#of.set(who, left)
    else this.#of.delete(who)
  }
}

/** Bytes that a request may send: as it says, else as many as the route takes. */
export function announced({ headers }: IncomingMessage, limit: number): number {
  if (headers['transfer-encoding'] !== undefined) return limit
  return Math.min(Number(headers['content-length'] ?? 0) || 0, limit)
}
