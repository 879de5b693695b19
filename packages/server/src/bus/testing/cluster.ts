// For tests: several nodes in one process, each a whole core with its own bus, on one store in memory and one network that
// does what a test says.
import { randomBytes } from 'node:crypto'
import { readAclRules } from '../../acl-file.ts'
import { memoryBlobs } from '../../blobs/memory.ts'
import { readConfig } from '../../config.ts'
import { buildCore, type Core } from '../../engine/core.ts'
import { knownOf } from '../../known.ts'
import { openLog } from '../../log.ts'
import { localNodes } from '../../nodes/local.ts'
import { localPresence } from '../../presence/local.ts'
import { localQuota } from '../../quota/local.ts'
import { concerned, isListed } from '../../room/concerned.ts'
import { openSqliteStore } from '../../store/sqlite/store.ts'
import type { Item, Outcome, Row, Store } from '../../store/store.ts'
import { type ClusterBus, clusterBus } from '../cluster.ts'
import type { Change, Changes, Feed } from '../feed.ts'
import { localBus } from '../local.ts'
import type { TestNetwork, TestTime } from './network.ts'

/** What PostgreSQL's table of changes is, beside a store in memory: a row for everything that a commit changes. */
export class TestFeed implements Feed {
  readonly changes: Change[] = []
  /** Changes up to there are kept no longer. */
  pruned = 0
  /** So many of the last ones are given again, as while an older transaction is open. */
  again = 0

  async position(): Promise<string> {
    return String(this.changes.length)
  }

  async read(after: string, limit: number): Promise<Changes> {
    const from = Math.max(Number(after), this.pruned)
    const changes = this.changes.slice(from, from + limit)
    const end = from + changes.length
    const cursor = Math.max(from, end - this.again)
    return { changes, cursor: String(cursor), more: end < this.changes.length, missed: Number(after) < this.pruned }
  }

  follow(items: readonly Item[], outcomes: readonly Outcome[]): void {
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome.outcome !== 'committed') continue
      for (const { body, room, sequence } of outcome.events) {
        for (const user of concerned(body)) this.changes.push({ of: 'membership', user, room, sequence })
        if (isListed(body)) this.changes.push({ of: 'listed', room, sequence })
      }
      for (const row of items[index]?.rows ?? []) {
        const change = changeOf(row)
        if (change) this.changes.push(change)
      }
    }
  }
}

function changeOf(row: Row): Change | null {
  if ('drop' in row && row.drop === 'token') return { of: 'token', hash: row.hash }
  if (!('put' in row)) return null
  if (row.put === 'account') return { of: 'account', id: row.account.id }
  if (row.put === 'channel') return { of: 'channel', id: row.channel.id }
  if (row.put === 'publicKey') return { of: 'keys', id: row.user }
  return row.put === 'document' ? { of: 'document', id: `${row.document.kind}/${row.document.key}` } : null
}

export interface TestNode {
  readonly core: Core
  readonly bus: ClusterBus
  readonly errors: unknown[]
  readonly transport: ReturnType<TestNetwork['open']>
}

export interface TestCluster {
  readonly nodes: readonly TestNode[]
  readonly store: Store
  readonly feed: TestFeed
  close(): Promise<void>
}

export async function openTestCluster(count: number, network: TestNetwork, time: TestTime): Promise<TestCluster> {
  const sqlite = await openSqliteStore({ directory: ':memory:', node: 1, clock: time })
  const feed = new TestFeed()
  const commit = async (items: readonly Item[]): Promise<readonly Outcome[]> => {
    const outcomes = await sqlite.commit(items)
    feed.follow(items, outcomes)
    return outcomes
  }
  const store = new Proxy(sqlite, {
    get: (target, name) => {
      if (name === 'commit') return commit
      if (name === 'close') return async () => {}
      const found = Reflect.get(target, name) as unknown
      return typeof found === 'function' ? (found as () => unknown).bind(target) : found
    },
  })
  const nodes = Array.from({ length: count }, () => openNode(store, feed, network, time))
  return {
    nodes,
    store,
    feed,
    close: async () => {
      for (const { core } of nodes) await core.close()
      await sqlite.close()
    },
  }
}

function openNode(store: Store, feed: Feed, network: TestNetwork, time: TestTime): TestNode {
  const errors: unknown[] = []
  const transport = network.open()
  const onError = (error: unknown): void => void errors.push(error)
  const bus = clusterBus({ local: localBus({ onError }), transport, store, feed, clock: time, timers: time, onError })
  const config = readConfig({})
  const core = buildCore({
    config,
    acl: readAclRules(config.dino.acl),
    log: openLog('silent'),
    clock: time,
    random: { bytes: length => randomBytes(length) },
    nodes: localNodes(1, time),
    store,
    blobs: memoryBlobs(),
    bus,
    presence: localPresence(),
    quota: localQuota(time),
    outlet: null,
  })
  bus.attach(knownOf(core))
  return { core, bus, errors, transport }
}
