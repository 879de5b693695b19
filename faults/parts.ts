// Parts that fail, one at a time, under load on every wire and every node.
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Cluster } from './cluster.ts'
import { occupied } from './evidence.ts'
import { Load } from './load.ts'
import type { Run } from './run.ts'
import { FULL, PEOPLE, populate } from './stage.ts'
import type { Person, Place } from './wires/wire.ts'

/** ms that a short fault lasts, and a long one. */
const SHORT = 3_000
const LONG = FULL ? 20_000 : SHORT
/** ms that a node stands still. */
const STILL = FULL ? 30_000 : SHORT
/** ms of load before a fault, and after it. */
const AROUND = FULL ? 3_000 : 700
/** Acked messages before a fault, and after it, without which nothing was proved. */
const LEAST = 20
const HOUR = 3_600_000
/** ms in which a node that can ask nobody leaves service. */
const UNSURE = 15_000
/** ms in which nobody is left inside whose node is gone: its lease ends, and somebody sweeps. */
const EMPTIED = 25_000
/** Troubles of clients that a failure shows. */
const TROUBLES = 20

export function parts(run: () => Run): void {
  function fault(
    name: string,
    breakIt: (cluster: Cluster, load: Load, places: readonly Place[]) => Promise<void>,
  ): void {
    test(name, { timeout: FULL ? 240_000 : 120_000 }, async () => {
      const { cluster, hands } = run()
      const { plain, group } = await run().places()
      const load = new Load(name)
      try {
        await populate(load, cluster.nodes, [plain, group], hands)
        await sleep(AROUND)
        const before = load.acked
        await breakIt(cluster, load, [plain, group])
        await cluster.whole()
        await sleep(AROUND)
        await load.quiet()
        const proof = await run().prove(load, [plain, group])
        expect(proof.wrong, told(cluster, load)).toEqual([])
        expect(before).toBeGreaterThan(LEAST)
        expect(proof.acked).toBeGreaterThan(before + LEAST)
        expect(proof.deliveries).toBeGreaterThan(proof.acked)
      } finally {
        await load.end()
      }
    })
  }

  fault('nothing is broken', () => sleep(AROUND))

  fault(
    'a node is killed, and who was inside of rooms there is gone when its lease has ended',
    async (cluster, load, places) => {
      await cluster.node(1).kill()
      const others = [cluster.node(0), cluster.node(2)]
      const inside = await occupied(load, others, places, PEOPLE[9] as Person, EMPTIED)
      for (const { shown, there } of inside) expect([...new Set(shown)].sort()).toEqual([...new Set(there)].sort())
      expect(inside.flatMap(({ there }) => there)).not.toContain(PEOPLE[10]?.id)
      await cluster.node(1).start()
    },
  )

  fault('a node stands still and goes on', async cluster => {
    cluster.node(1).freeze()
    await sleep(STILL)
    cluster.node(1).thaw()
  })

  fault('a NATS server is killed', async ({ nats }) => {
    await nats.servers[0]?.kill()
    await sleep(SHORT)
    await nats.servers[0]?.start()
    await nats.whole()
  })

  fault('NATS is gone for a while', async ({ nats }) => {
    await Promise.all(nats.servers.map(server => server.kill()))
    await sleep(LONG)
    await Promise.all(nats.servers.map(server => server.start()))
    await nats.whole()
  })

  fault('PostgreSQL is restarted', async ({ postgres }) => {
    await postgres.kill('fast')
    await postgres.start()
  })

  fault('PostgreSQL crashes and is gone for a while', async ({ postgres }) => {
    await postgres.kill('crash')
    await sleep(LONG)
    await postgres.start()
  })

  fault('a node is cut off from the bus, and not from the database', async cluster => {
    cluster.node(2).bus.stall()
    await sleep(LONG)
    cluster.node(2).bus.heal()
  })

  fault('a node is cut off from the database, and not from the bus', async cluster => {
    cluster.node(2).database.stall()
    await sleep(LONG)
    cluster.node(2).database.heal()
  })

  fault('a node is cut off from both, and serves nobody until it is back', async cluster => {
    const node = cluster.node(2)
    node.database.stall()
    node.bus.stall()
    const began = Date.now()
    while (await node.ready()) {
      expect(Date.now() - began).toBeLessThan(UNSURE)
      await sleep(100)
    }
    await sleep(LONG)
    expect(await node.ready()).toBe(false)
    node.database.heal()
    node.bus.heal()
  })

  fault('a node loses its connections to both, again and again', async cluster => {
    const { bus, database } = cluster.node(0)
    for (let i = 0; i < 5; i++) {
      bus.cut()
      database.cut()
      await sleep(50)
      bus.heal()
      database.heal()
      await sleep(SHORT / 5)
    }
  })

  fault('the clock of a node is wrong by an hour', async cluster => {
    for (const clock of [HOUR, -HOUR, 0]) {
      await cluster.node(1).server.stop()
      await cluster.node(1).start({ clock })
      await cluster.whole()
      await sleep(AROUND)
    }
  })

  fault('the bus loses one message in ten, and the last one of each room', async (cluster, load) => {
    cluster.lose(() => Math.random() < 0.1)
    await sleep(LONG)
    // What is written last reaches no other node over the bus.
    cluster.lose(() => true)
    await sleep(100)
    await load.quiet()
    await sleep(200)
    cluster.lose(null)
  })
}

/** For whoever looks into a failure. */
function told({ nodes }: Cluster, { troubles }: Load): string {
  const complaints = nodes.map(({ name, complaints: each }) => `${name}: ${each}`)
  return [...troubles.slice(0, TROUBLES), ...complaints].join('\n')
}
