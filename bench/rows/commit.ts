// What it costs that deliveries follow the commit: the whole server, and the same server storing no message, in the same rounds;
// and beside what a message is later by, what one flush of the disk takes there.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Child } from '../child.ts'
import type { Result } from '../client/orders.ts'
import type { WireName } from '../client/wires.ts'
import { contests, type Score } from '../contest.ts'
import type { Pace } from '../pace.ts'
import { figure, lessIsBetter, type Row, row } from '../rows.ts'
import { load, type Serving, serve, UNSTORED } from '../whole/server.ts'
import { FIRST_USER, meeting } from '../whole/world.ts'
import { detail, loads } from './fanout.ts'

const WIRES: readonly WireName[] = ['dino4', 'ddp']
const SOCKETS = 100

export async function commitRows(pace: Pace): Promise<Row[]> {
  const rooms = WIRES.map(wire => ({ wire, sockets: SOCKETS }))
  const worlds = [await load(SOCKETS, rooms), await load(SOCKETS, rooms)] as const
  const servers: Serving[] = []
  const directory = mkdtempSync(join(tmpdir(), 'conclave-bench-sqlite-'))
  const sqlite = new Child('servers/sqlite.ts', [join(directory, 'bare.db')])
  try {
    await sqlite.answer()
    servers.push(await serve(worlds[0]), await serve(worlds[1], UNSTORED))
    const contestants = WIRES.flatMap(wire =>
      servers.map(({ child, port }, i) => ({
        name: i === 0 ? wire : `${wire}-unstored`,
        wire,
        pid: child.pid,
        port,
        rooms: [worlds[i]!.rooms[meeting(wire, SOCKETS)]!],
        firstUser: FIRST_USER,
      })),
    )
    const rows: Row[] = []
    const sizes = loads(pace).filter(({ load: { sockets } }) => sockets === SOCKETS)
    const all = await contests(
      contestants,
      sizes.map(({ load: each }) => each),
      [{ name: 'flush', measure: () => sqlite.ask<Result>({ senders: 1, seconds: pace.seconds / 4 }) }],
    )
    for (const [index, { name, load: each }] of sizes.entries()) {
      const scores = all[index]!
      for (const wire of WIRES) {
        const [stored, unstored] = [scores.get(wire)!, scores.get(`${wire}-unstored`)!]
        rows.push(...rowsOf(wire, name, stored, unstored))
        // Of many in flight each waits for the others too.
        if (each.window === 1) rows.push(added(`commit/${wire}/${name}/added`, stored, unstored, scores.get('flush')!))
      }
    }
    return rows
  } finally {
    for (const { child } of servers) await child.stop()
    for (const world of worlds) world.remove()
    await sqlite.stop()
    rmSync(directory, { recursive: true, force: true })
  }
}

/** How much later a delivery comes because its message is stored before. Below what a clock tells it is nothing. */
function added(id: string, stored: Score, unstored: Score, flush: Score): Row {
  return lessIsBetter(id, Math.max(stored.deliveryP50 - unstored.deliveryP50, 0.001), 'ms p50', {
    reference: flush.answerP50,
    against: 'a commit of bare node:sqlite',
  })
}

function rowsOf(wire: WireName, name: string, stored: Score, unstored: Score): Row[] {
  const against = 'the same server storing nothing'
  return [
    row(`commit/${wire}/${name}`, stored.deliveriesPerCpu, 'deliveries/CPU-s', {
      reference: unstored.deliveriesPerCpu,
      against,
      detail: `${detail(stored)}; wall ${figure(stored.deliveries / unstored.deliveries)}x`,
    }),
    lessIsBetter(`commit/${wire}/${name}/p50`, stored.deliveryP50, 'ms p50', {
      reference: unstored.deliveryP50,
      against,
      detail: `added ${figure(stored.deliveryP50 - unstored.deliveryP50)} ms`,
    }),
  ]
}
