// For tests: a whole core on a store in memory, with a world in it.

import { randomBytes } from 'node:crypto'
import type { RoomId } from '@conclave/wire'
import { readAclRules } from '../acl-file.ts'
import { memoryBlobs } from '../blobs/memory.ts'
import { localBus } from '../bus/local.ts'
import { readConfig } from '../config.ts'
import { openLog } from '../log.ts'
import { localNodes } from '../nodes/local.ts'
import { localPresence } from '../presence/local.ts'
import { localQuota } from '../quota/local.ts'
import { openSqliteStore } from '../store/sqlite/store.ts'
import type { Store } from '../store/store.ts'
import type { Core } from './core.ts'
import { buildCore } from './core.ts'

export interface TestCore {
  readonly core: Core
  /** The clock stands still unless it is moved. */
  readonly clock: { now(): number; set(now: number): void }
}

export async function openTestCore(
  env: Record<string, string> = {},
  wrap: (store: Store) => Store = store => store,
): Promise<TestCore> {
  let time = 1_800_000_000_000
  const clock = {
    now: () => time,
    set: (now: number) => {
      time = now
    },
  }
  const store = wrap(await openSqliteStore({ directory: ':memory:', node: 1, clock }))
  const config = readConfig(env)
  const core = buildCore({
    config,
    acl: readAclRules(config.dino.acl),
    log: openLog('silent'),
    clock,
    random: { bytes: count => randomBytes(count) },
    nodes: localNodes(1, clock),
    store,
    blobs: memoryBlobs(),
    bus: localBus(),
    presence: localPresence(),
    quota: localQuota(clock),
    outlet: null,
  })
  return { core, clock }
}

export async function roomOf(core: Core, ref: string): Promise<RoomId> {
  const id = await core.store.ref('room', ref)
  if (!id) throw new Error(`no room ${ref}`)
  return id as RoomId
}
