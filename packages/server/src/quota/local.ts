// Quotas inside one process: a number and an end per key. Windows that are over are swept when the map has doubled,
// so that memory stays within twice what is in force and no timer runs.
import type { Clock } from '../clock.ts'
import type { Allowance, Quota, Taken } from './quota.ts'

export function localQuota(clock: Clock): Quota & { readonly size: number } {
  return new LocalQuota(clock)
}

interface Window {
  used: number
  /** ms since 1970. */
  readonly ends: number
}

/** Keys below which sweeping is not worth a walk. */
const SWEPT_FROM = 1_024

class LocalQuota implements Quota {
  readonly #clock: Clock
  readonly #windows = new Map<string, Window>()
  #sweepAt = SWEPT_FROM

  constructor(clock: Clock) {
    this.#clock = clock
  }

  async take(key: string, allowance: Allowance, cost = 1): Promise<Taken> {
    return this.takeHere(key, allowance, cost)
  }

  takeHere(key: string, allowance: Allowance, cost = 1): Taken {
    const now = this.#clock.now()
    const known = this.#windows.get(key)
    // A window that ends later than one from now could end was begun before the clock was set back.
    const running = known !== undefined && known.ends > now && known.ends - now <= allowance.window
    const used = running ? known.used : 0
    const ends = running ? known.ends : now + allowance.window
    if (used + cost > allowance.limit) {
      return { allowed: false, remaining: Math.max(0, allowance.limit - used), resetsAt: ends }
    }
    if (running) known.used += cost
    else this.#begin(key, { used: cost, ends }, now)
    return { allowed: true, remaining: allowance.limit - used - cost, resetsAt: ends }
  }

  async clear(key: string): Promise<void> {
    this.#windows.delete(key)
  }

  /** Keys in memory. */
  get size(): number {
    return this.#windows.size
  }

  #begin(key: string, window: Window, now: number): void {
    this.#windows.set(key, window)
    if (this.#windows.size < this.#sweepAt) return
    for (const [each, { ends }] of this.#windows) if (ends <= now) this.#windows.delete(each)
    this.#sweepAt = Math.max(SWEPT_FROM, this.#windows.size * 2)
  }
}
