// The nodes' database, read beside them.
import { openPostgresStore } from '@conclave/server/store/postgres/store'
import type { Store } from '@conclave/server/store/store'

/** Of no node: it writes nothing. */
const NODE = 1_023

export function openStore(url: string): Promise<Store> {
  return openPostgresStore({ url, node: NODE, instance: () => 'reads', clock: { now: () => Date.now() } })
}
