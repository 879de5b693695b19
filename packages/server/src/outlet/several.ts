// Several Outlets as one: each brings what is for its own destinations.
import type { Delivered, Destination, ExternalEvent, Outlet } from './outlet.ts'

/** Their destinations have different names (config.ts). null for none. */
export function severalOutlets(outlets: readonly Outlet[]): Outlet | null {
  const [only] = outlets
  if (!only) return null
  return outlets.length === 1 ? only : (new SeveralOutlets(outlets) satisfies Outlet)
}

class SeveralOutlets implements Outlet {
  readonly destinations: readonly Destination[]
  readonly #outlets: readonly Outlet[]

  constructor(outlets: readonly Outlet[]) {
    this.#outlets = outlets
    this.destinations = outlets.flatMap(({ destinations }) => destinations)
  }

  async deliver(event: ExternalEvent, to: string): Promise<Delivered> {
    const outlet = this.#outlets.find(({ destinations }) => destinations.some(({ name }) => name === to))
    if (!outlet) throw new Error('no such destination')
    return outlet.deliver(event, to)
  }

  async close(): Promise<void> {
    await Promise.all(this.#outlets.map(outlet => outlet.close()))
  }
}
