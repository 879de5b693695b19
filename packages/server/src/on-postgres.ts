// A node whose logs are in PostgreSQL: its place among the nodes, and the store.
import { mkdir } from 'node:fs/promises'
import type { Logger } from 'pino'
import type { Kept } from './adapters.ts'
import type { Config } from './config.ts'
import { openPostgresNodes } from './nodes/postgres.ts'
import { migrate } from './postgres/migrations.ts'
import { Pool } from './postgres/pool.ts'
import { openPostgresStore } from './store/postgres/store.ts'
import { StoreFailure, StoreRefusal } from './store/store.ts'

export async function openOnPostgres({ data, node, store: url, bus, peers }: Config, log: Logger): Promise<Kept> {
  // Of files, and of what says where the server is reached by its operator.
  await mkdir(data, { recursive: true, mode: 0o700 })
  await migrated(url)
  const nodes = await openPostgresNodes({ url, node, address: peers.address, alone: bus === 'local', log })
  const { clock } = nodes
  try {
    const instance = (): string => nodes.self.instance
    return { clock, nodes, store: await openPostgresStore({ url, node, clock, instance, out: () => nodes.look() }) }
  } catch (error) {
    await nodes.close()
    throw error
  }
}

/** What nodes register in has to be there before. */
async function migrated(url: string): Promise<void> {
  const pool = new Pool({ url, connections: 1, name: 'conclave start' })
  try {
    await migrate(pool)
  } catch (error) {
    if (!(error instanceof StoreFailure)) throw error
    throw new StoreRefusal(`PostgreSQL at ${new URL(url).host} (the setting "store"): ${error.message}.`)
  } finally {
    await pool.close()
  }
}
