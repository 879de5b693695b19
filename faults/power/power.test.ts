// The plug is pulled under load: everything that was written and not yet synced is thrown away. Every acked message of every
// wire is there, once, in one order, and nothing is there by halves (L6). With a store that does not sync the same test fails.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import type { RoomEvent } from '@conclave/server/room/events'
import { openSqliteStore } from '@conclave/server/store/sqlite/store'
import { idOfUuid, type RoomId } from '@conclave/wire'
import { afterAll, expect, test } from 'vitest'
import { suite } from '../../engines/suite.ts'
import { evidenceOf, logOf, shown, tablesOf } from '../evidence.ts'
import { Load, type Node } from '../load.ts'
import { type Proof, prove, type Tables } from '../proof.ts'
import { CONFIG, EVERYBODY, FULL, introduce, newGroup, PEOPLE, plainPlace, populate, WIRES, worldOf } from '../stage.ts'
import type { Person } from '../wires/wire.ts'
import { compiled, type Powered, startPowered } from './power.ts'

const ROUNDS = FULL ? 12 : 3
/** ms of load before the plug is pulled. */
const LOAD = { least: 400, most: 1_500 }
const OFF = `--import=${pathToFileURL(`${import.meta.dirname}/off.mjs`).href}`

let library: ReturnType<typeof compiled> | undefined
const running: Powered[] = []
afterAll(async () => {
  for (const each of running) await each.remove()
  library?.remove()
})

/** Pulls the plug so often, and gives what the proof finds in the end: of the store, and of what the wires show. */
async function unplugged(rounds: number, { node = '', wires = WIRES } = {}): Promise<Proof> {
  library ??= compiled()
  const powered = await startPowered({ library: library.path, world: worldOf(1), config: CONFIG, node })
  running.push(powered)
  const at: Node = {
    name: 'the node',
    get url() {
      return powered.server.url
    },
  }
  const hands = await introduce(at.url)
  const places = [plainPlace(idOfUuid(powered.server.rooms.r0 as string) as RoomId), await newGroup(at.url, hands)]
  const load = new Load('power')
  await populate(load, [at], places, hands, 2)
  for (let round = 0; round < rounds; round++) {
    await sleep(LOAD.least + Math.random() * (LOAD.most - LOAD.least))
    await powered.unplug()
    await powered.plug()
  }
  await sleep(LOAD.least)
  await load.quiet()
  await powered.unplug()
  await load.end()
  await powered.plug()
  const found = await shown([at], wires, places, PEOPLE[9] as Person)
  await powered.server.stop()
  const store = await openSqliteStore({ directory: powered.server.data, node: 0, clock: { now: () => Date.now() } })
  try {
    const logs = new Map<RoomId, RoomEvent[]>()
    const tables: Tables[] = []
    for (const { id } of places) {
      logs.set(id, await logOf(store, id))
      tables.push(await tablesOf(store, id, EVERYBODY))
    }
    return prove(evidenceOf(load, { logs, tables, ...found }))
  } finally {
    await store.close()
  }
}

suite('power')('power loss', () => {
  test('what a process wrote and did not sync is not in the copy; names change with their folder', () => {
    library ??= compiled()
    const folder = mkdtempSync(join(tmpdir(), 'conclave-unsynced-'))
    const [data, kept] = [join(folder, 'data'), join(folder, 'kept')]
    for (const each of [data, kept]) mkdirSync(each)
    const env = { ...process.env, LD_PRELOAD: library.path, UNSYNCED_DIR: data, UNSYNCED_KEPT: kept }
    try {
      const { signal } = spawnSync(process.execPath, [join(import.meta.dirname, 'writes.ts'), data], { env })
      expect(signal).toBe('SIGKILL')
      const copy = readdirSync(kept).map(name => [name, readFileSync(join(kept, name), 'utf8')])
      expect(readdirSync(data)).toEqual(['never synced', 'renamed', 'renamed late'])
      expect(copy).toEqual([
        ['before it was renamed', 'whole'],
        ['deleted', 'first half, '],
        ['renamed', 'whole'],
      ])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test('power is lost under load, again and again: every acked message is there', async () => {
    const proof = await unplugged(ROUNDS)
    expect(proof.wrong).toEqual([])
    expect(proof.acked).toBeGreaterThan(ROUNDS * 50)
  })

  test('without syncing the same proof fails', async () => {
    const proof = await unplugged(1, { node: OFF, wires: [] })
    expect(proof.wrong.join('\n')).toMatch(/was acked and is not there/)
  })
})
