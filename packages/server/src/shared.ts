// What nodes have that serve together: a bus over NATS, made whole from the store they share, and presence and quotas that
// hold for all of them.
import { randomBytes } from 'node:crypto'
import type { Logger } from 'pino'
import type { Adapters } from './adapters.ts'
import type { Bus } from './bus/bus.ts'
import { type ClusterBus, clusterBus } from './bus/cluster.ts'
import { localBus } from './bus/local.ts'
import { openNats } from './bus/nats.ts'
import type { Timers } from './clock.ts'
import { type Config, ConfigError } from './config.ts'
import type { Core } from './engine/core.ts'
import { knownOf } from './known.ts'
import { natsPlaceOf } from './nats-place.ts'
import { Pool } from './postgres/pool.ts'
import { postgresPresence } from './presence/postgres.ts'
import { localQuota } from './quota/local.ts'
import { postgresQuota } from './quota/postgres.ts'
import { PostgresChanges } from './store/postgres/changes.ts'
import { type Document, type Store, StoreFailure } from './store/store.ts'

/** Connections for presence, quotas and the feed: each sends a statement a turn at most. */
const CONNECTIONS = 4

export const systemTimers: Timers = {
  after: (milliseconds, run) => {
    const timer = setTimeout(run, milliseconds)
    timer.unref()
    return () => clearTimeout(timer)
  },
}

type Shared = Pick<Adapters, 'bus' | 'presence' | 'quota'> & {
  /** Once the core is there: what the bus looks things up in. */
  attach(core: Core): void
}

/** Rejects with BusRefusal where no NATS answers. */
export async function openShared(
  config: Config,
  log: Logger,
  { store, clock, nodes }: Pick<Adapters, 'store' | 'clock' | 'nodes'>,
): Promise<Shared> {
  const place = natsPlaceOf(config.bus)
  if (!place) throw new ConfigError('The setting "bus" names no NATS server.')
  const onError = (error: unknown): void => log.error({ err: error }, 'bug in a receiver of the bus')
  const name = `conclave ${config.node}`
  const transport = await openNats({
    place,
    cluster: await clusterOf(store),
    name,
    onState: connected => log.warn({ connected }, connected ? 'NATS answers again' : 'NATS is gone'),
    onError,
  })
  const pool = new Pool({ url: config.store, connections: CONNECTIONS, name: `${name} shared` })
  const local = localBus({ onError })
  const feed = new PostgresChanges(pool.query)
  const bus = clusterBus({ local, transport, store, feed, clock, timers: systemTimers, onError })
  return {
    bus: closing(bus, pool),
    presence: postgresPresence({ pool, instance: () => nodes.self.instance }),
    quota: postgresQuota({ pool, clock, local: localQuota(clock) }),
    attach: core => bus.attach(knownOf(core)),
  }
}

/** Nobody asks for presence or quotas once the bus is closed. */
function closing(bus: ClusterBus, pool: Pool): Pick<ClusterBus, keyof Bus | 'heardUntil'> {
  return {
    publish: (topic, message) => bus.publish(topic, message),
    subscribe: (topic, receive) => bus.subscribe(topic, receive),
    follow: topic => bus.follow(topic),
    keeps: room => bus.keeps(room),
    alone: bus.alone,
    get heardUntil() {
      return bus.heardUntil
    },
    close: async () => {
      await bus.close()
      await pool.close()
    },
  }
}

const CLUSTER = { kind: 'server', key: 'cluster' } as const

/** A name that no other database has, so that two clusters on one NATS hear nothing of each other. Made once. */
async function clusterOf(store: Store): Promise<string> {
  const known = await store.document(CLUSTER.kind, CLUSTER.key)
  if (known) return nameIn(known)
  const name = randomBytes(12).toString('hex')
  const document = { ...CLUSTER, owner: '', body: JSON.stringify({ name }), dueAt: null }
  await store.commit([
    {
      guards: [{ of: 'document', id: `${CLUSTER.kind}/${CLUSTER.key}`, version: 0 }],
      append: null,
      rows: [{ put: 'document', document }],
    },
  ])
  // Another node that starts now may have been first.
  const made = await store.document(CLUSTER.kind, CLUSTER.key)
  if (!made) throw new StoreFailure('the cluster could not be named')
  return nameIn(made)
}

function nameIn({ body }: Document): string {
  return (JSON.parse(body) as { name: string }).name
}
