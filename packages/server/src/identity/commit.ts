// How identities are written (design 3, L3): decide on what the store holds now, write under the versions that
// were seen, and decide again when one has moved.
import { ATTEMPTS } from '../limits.ts'
import type { Guard, Item, Row, Write } from '../store/store.ts'
import type { IdentityRejection } from './rejection.ts'

/** What to write, and what to answer once it is written. */
export interface Proposal<V> {
  readonly guards: readonly Guard[]
  readonly rows: readonly Row[]
  readonly value: V
}

export function isProposal<V>(value: Proposal<V> | IdentityRejection): value is Proposal<V> {
  return 'rows' in value
}

/**
 * Decides and writes, again while a guard is stale or a unique row is taken (deciding anew then finds out why).
 * A proposal without rows changes nothing and is answered at once.
 */
export async function commit<V>(
  write: Write,
  decide: () => Promise<Proposal<V> | IdentityRejection>,
): Promise<V | IdentityRejection> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const decided = await decide()
    if (!isProposal(decided)) return decided
    if (decided.rows.length === 0) return decided.value
    const item: Item = { guards: decided.guards, append: null, rows: decided.rows }
    const { outcome } = await write(item)
    if (outcome === 'committed') return decided.value
    if (outcome !== 'stale' && outcome !== 'taken') throw new Error(`an item without an append came back "${outcome}"`)
  }
  return { rejected: 'conflict' }
}
