// The adapters that the configuration asks for, opened in the order in which they need each other. Those of PostgreSQL and of a bus
// are read only where they are asked for: they are half of what a command would wait for.
import type { Logger } from 'pino'
import { localBus } from './bus/local.ts'
import type { Clock } from './clock.ts'
import type { Config } from './config.ts'
import type { Core, CoreParts } from './engine/core.ts'
import { localNodes } from './nodes/local.ts'
import { localPresence } from './presence/local.ts'
import { localQuota } from './quota/local.ts'
import { openSqliteStore } from './store/sqlite/store.ts'

export interface Adapters extends Pick<CoreParts, 'clock' | 'nodes' | 'store' | 'bus' | 'presence' | 'quota'> {
  /** Once the core is there. */
  attach(core: Core): void
}

export const systemClock: Clock = { now: () => Date.now() }

export async function openAdapters(config: Config, log: Logger): Promise<Adapters> {
  const kept = config.store === 'sqlite' ? await alone(config) : await onPostgres(config, log)
  if (config.bus === 'local')
    return {
      ...kept,
      bus: localBus({ onError: error => log.error({ err: error }, 'bug in a receiver of the bus') }),
      presence: localPresence(),
      quota: localQuota(kept.clock),
      attach: () => {},
    }
  try {
    const { openShared } = await import('./shared.ts')
    return { ...kept, ...(await openShared(config, log, kept)) }
  } catch (error) {
    await kept.nodes.close()
    await kept.store.close()
    throw error
  }
}

export type Kept = Pick<Adapters, 'clock' | 'nodes' | 'store'>

async function alone({ data, node }: Config): Promise<Kept> {
  const clock = systemClock
  const store = await openSqliteStore({ directory: data, node, clock })
  return { clock, nodes: localNodes(node, clock), store }
}

async function onPostgres(config: Config, log: Logger): Promise<Kept> {
  const { openOnPostgres } = await import('./on-postgres.ts')
  return openOnPostgres(config, log)
}
