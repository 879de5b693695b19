// The advisory locks of a commit: what guards name is held still until it ends, what rows change waits for that. They are
// taken by number, which every node reckons alike; a few share one number, and wait for each other without need.
import type { Guard } from '../store.ts'

/** Of each kind. At most that many locks are held by one commit, of some thousand that a server has by default. */
const BUCKETS = 64
const KINDS: Readonly<Record<Guard['of'], number>> = { account: 0, channel: 1, keys: 2, document: 3 }

/** As `conclave.commit` knows kinds of guards. */
export function kindOf(of: Guard['of']): number {
  return KINDS[of]
}

export class Locks {
  readonly #exclusive = new Map<number, boolean>()

  shared(of: Guard['of'], id: string): void {
    const bucket = bucketOf(of, id)
    if (!this.#exclusive.has(bucket)) this.#exclusive.set(bucket, false)
  }

  exclusive(of: Guard['of'], id: string): void {
    this.#exclusive.set(bucketOf(of, id), true)
  }

  /** In the order in which they are taken; the lowest bit says that one is exclusive. */
  numbers(): number[] {
    return [...this.#exclusive].map(([bucket, exclusive]) => bucket * 2 + (exclusive ? 1 : 0)).sort((a, b) => a - b)
  }
}

/** Never changed: nodes of two versions would not wait for each other. */
function bucketOf(of: Guard['of'], id: string): number {
  let hash = 0
  for (let at = 0; at < id.length; at++) hash = (Math.imul(hash, 31) + id.charCodeAt(at)) | 0
  return KINDS[of] * BUCKETS + ((hash ^ (hash >>> 16)) & (BUCKETS - 1))
}
