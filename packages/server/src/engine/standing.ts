// What this node does as one of several. Where it cannot ask whether it still counts, it keeps nothing in memory by which
// anybody would be served; where it counts no more, its sessions end, for others have told of their end already; and of the
// sessions of a node that is gone one of the others tells.
import type { Logger } from 'pino'
import { LOST_SWEEP } from '../limits.ts'
import type { Nodes } from '../nodes/nodes.ts'
import { StoreFailure } from '../store/store.ts'
import type { Occupancy } from './occupancy.ts'
import type { Sessions } from './sessions.ts'

export interface StandingParts {
  readonly nodes: Nodes
  readonly sessions: Sessions
  readonly occupancy: Occupancy
  readonly log: Logger
  /** Whatever is kept in memory of the store must be read anew. */
  forget(): void
}

export class Standing {
  readonly #parts: StandingParts
  readonly #timer: NodeJS.Timeout
  #sweeping: Promise<void> | null = null
  #again = false

  constructor(parts: StandingParts) {
    const { nodes, sessions, log } = parts
    this.#parts = parts
    nodes.watch({
      unsure: () => parts.forget(),
      back: () => parts.forget(),
      out: () => {
        parts.forget()
        sessions.cut('this node counts no more')
      },
      lost: ({ node }) => {
        log.warn({ node }, 'a node is gone')
        void this.sweep()
      },
    })
    this.#timer = setInterval(() => void this.sweep(), LOST_SWEEP)
    this.#timer.unref()
  }

  /** Tells of sessions whose nodes are gone; one at a time, and again where somebody asks meanwhile. */
  sweep(): Promise<void> {
    this.#again = this.#sweeping !== null
    this.#sweeping ??= this.#sweep().finally(() => {
      this.#sweeping = null
    })
    return this.#sweeping
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    this.#again = false
    await this.#sweeping
  }

  async #sweep(): Promise<void> {
    do {
      this.#again = false
      try {
        await this.#parts.occupancy.sweep()
      } catch (error) {
        // What is left is there the next time.
        if (!(error instanceof StoreFailure))
          this.#parts.log.error({ err: error }, 'bug in telling of the sessions of a node that is gone')
      }
    } while (this.#again)
  }
}
