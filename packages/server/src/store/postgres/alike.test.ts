// PostgreSQL and SQLite under the same random histories: whatever is committed, every outcome and every read is the same.
// CONCLAVE_ALIKE_RUNS more of them, CONCLAVE_ALIKE_SEED other ones (`random`: each time); a failure prints its seed. By itself a
// run has the same ones each time: a difference that nobody knew of shows to whoever looks for one, not in another's change.
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openSqliteStore } from '../sqlite/store.ts'
import type { Store } from '../store.ts'
import { expectAlike } from '../testing/alike.ts'
import { history } from '../testing/alike-items.ts'
import { NOW } from '../testing/items.ts'
import { type FreshStores, freshStores } from './testing.ts'

const runs = Number(process.env.CONCLAVE_ALIKE_RUNS ?? 8)
const seed = process.env.CONCLAVE_ALIKE_SEED ?? '20261129'
/** ms for all of them with the search for the shortest one that fails: what would begin after it is left out. */
const time = 10_000 + runs * 2_000

const now = { time: NOW }
const clock = { now: () => now.time }
let stores: FreshStores
/** One for all runs: its connections know the statements by then. */
let other: Store
let empty: string
beforeAll(async () => {
  stores = await freshStores()
  other = await stores.open({ node: 1, clock })
  const { rows } = await stores.database.query(
    `SELECT string_agg('conclave.' || tablename, ', ') AS tables FROM pg_tables
     WHERE schemaname = 'conclave' AND tablename NOT IN ('self', 'nodes')`,
  )
  empty = `TRUNCATE ${rows[0].tables}`
})
afterAll(() => stores?.close())

test(
  'any history gives the same outcomes and the same reads on both',
  async () => {
    expect(runs).toBeGreaterThan(0)
    const end = Date.now() + time
    await fc.assert(
      fc.asyncProperty(history, async given => {
        if (Date.now() > end) return
        now.time = NOW
        const one = await openSqliteStore({ directory: ':memory:', node: 1, clock })
        try {
          await expectAlike(one, other, given, now)
        } finally {
          await one.close()
          await stores.database.query(empty)
        }
      }),
      { numRuns: runs, ...(seed === 'random' ? {} : { seed: Number(seed) }) },
    )
  },
  time + 30_000,
)
