// The adapters that the configuration asks for, opened in the order in which they need each other.
import { mkdir } from 'node:fs/promises'
import type { Logger } from 'pino'
import { localBus } from './bus/local.ts'
import type { Clock } from './clock.ts'
import type { Config } from './config.ts'
import type { Core, CoreParts } from './engine/core.ts'
import { localNodes } from './nodes/local.ts'
import { openPostgresNodes } from './nodes/postgres.ts'
import { migrate } from './postgres/migrations.ts'
import { Pool } from './postgres/pool.ts'
import { localPresence } from './presence/local.ts'
import { localQuota } from './quota/local.ts'
import { openShared } from './shared.ts'
import { openPostgresStore } from './store/postgres/store.ts'
import { openSqliteStore } from './store/sqlite/store.ts'
import { StoreFailure, StoreRefusal } from './store/store.ts'

export interface Adapters extends Pick<CoreParts, 'clock' | 'nodes' | 'store' | 'bus' | 'presence' | 'quota'> {
  /** Once the core is there. */
  attach(core: Core): void
}

export const systemClock: Clock = { now: () => Date.now() }

export async function openAdapters(config: Config, log: Logger): Promise<Adapters> {
  const kept = config.store === 'sqlite' ? await alone(config) : await shared(config, log)
  if (config.bus === 'local')
    return {
      ...kept,
      bus: localBus({ onError: error => log.error({ err: error }, 'bug in a receiver of the bus') }),
      presence: localPresence(),
      quota: localQuota(kept.clock),
      attach: () => {},
    }
  try {
    return { ...kept, ...(await openShared(config, log, kept)) }
  } catch (error) {
    await kept.nodes.close()
    await kept.store.close()
    throw error
  }
}

type Kept = Pick<Adapters, 'clock' | 'nodes' | 'store'>

async function alone({ data, node }: Config): Promise<Kept> {
  const clock = systemClock
  const store = await openSqliteStore({ directory: data, node, clock })
  return { clock, nodes: localNodes(node, clock), store }
}

async function shared({ data, node, store: url, bus, peers }: Config, log: Logger): Promise<Kept> {
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
