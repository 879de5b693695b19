// One node alone, as with an embedded store: it always counts, does every job, and its own clock is everybody's.
import { randomUUID } from 'node:crypto'
import type { Clock } from '../clock.ts'
import type { Hold, LiveNode, Nodes } from './nodes.ts'

export function localNodes(node: number, clock: Clock): Nodes {
  return new LocalNodes(node, clock)
}

class LocalNodes implements Nodes {
  readonly self: LiveNode
  readonly shared = false
  readonly serving = true
  readonly clock: Clock
  readonly #held = new Set<string>()

  constructor(node: number, clock: Clock) {
    this.self = { node, instance: randomUUID(), address: null }
    this.clock = clock
  }

  live(): readonly LiveNode[] {
    return [this.self]
  }

  /** There is never anything to tell. */
  watch(): void {}

  look(): void {}

  get jobs(): readonly string[] {
    return [...this.#held]
  }

  hold(name: string, taken?: () => void): Hold {
    const held = this.#held
    if (held.has(name)) throw new Error(`"${name}" is held already`)
    held.add(name)
    const hold = {
      get held() {
        return held.has(name)
      },
      release: async () => void held.delete(name),
    }
    taken?.()
    return hold
  }

  async close(): Promise<void> {
    this.#held.clear()
  }
}
