// Stores of several nodes on one database of a test's own. A node is registered here by its row alone; what else makes a node
// count is the matter of nodes/postgres.ts.
import { randomUUID } from 'node:crypto'
import type { Clock } from '../../clock.ts'
import { migrate } from '../../postgres/migrations.ts'
import { Pool } from '../../postgres/pool.ts'
import { type TestDatabase, testDatabase } from '../../postgres/testing.ts'
import type { Store } from '../store.ts'
import { STORE_FUNCTIONS } from './functions.ts'
import { openPostgresStore } from './store.ts'

export interface FreshStores {
  readonly database: TestDatabase
  /** A node that has just started; one of the same number counts no more. */
  open(node: { readonly node: number; readonly clock: Clock; readonly url?: string }): Promise<Store>
  /** Closes every store but this one, and empties the database of everything but who is a node. */
  empty(kept: Store): Promise<void>
  close(): Promise<void>
}

export async function freshStores(): Promise<FreshStores> {
  const database = await testDatabase()
  const pool = new Pool({ url: database.url, connections: 1, name: 'test' })
  const opened: Store[] = []
  await migrate(pool, STORE_FUNCTIONS)
  return {
    database,
    async open({ node, clock, url = database.url }) {
      const instance = randomUUID()
      await pool.query(
        `INSERT INTO conclave.nodes (node, instance, seen_at) VALUES ($1, $2, clock_timestamp())
         ON CONFLICT (node) DO UPDATE SET instance = excluded.instance`,
        [node, instance],
      )
      const store = await openPostgresStore({ url, node, clock, instance: () => instance, connections: 4 })
      opened.push(store)
      return store
    },
    async empty(kept) {
      const others = opened.splice(0).filter(each => each !== kept)
      opened.push(kept)
      await Promise.all(others.map(each => each.close()))
      // With next to nothing in them this is much faster than TRUNCATE.
      await pool.query(`DO $$ DECLARE name text; BEGIN
        FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'conclave' AND tablename NOT IN ('self', 'functions', 'nodes') LOOP
          EXECUTE format('DELETE FROM conclave.%I', name);
        END LOOP; END $$`)
    },
    async close() {
      await Promise.all([pool, ...opened].map(each => each.close()))
      await database.drop()
    },
  }
}
