// What it costs that deliveries follow the commit: the whole server, and the same server storing no message, in the same rounds.

import type { WireName } from '../client/wires.ts'
import { contest, type Score } from '../contest.ts'
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
  try {
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
    for (const { name, load: each } of loads(pace)) {
      if (each.sockets !== SOCKETS) continue
      const scores = await contest(contestants, each)
      for (const wire of WIRES)
        rows.push(
          ...rowsOf(wire, { name, saturated: each.window > 1 }, scores.get(wire)!, scores.get(`${wire}-unstored`)!),
        )
    }
    return rows
  } finally {
    for (const { child } of servers) await child.stop()
    for (const world of worlds) world.remove()
  }
}

function rowsOf(
  wire: WireName,
  { name, saturated }: { name: string; saturated: boolean },
  stored: Score,
  unstored: Score,
): Row[] {
  const against = 'the same server storing nothing'
  return [
    row(`commit/${wire}/${name}`, stored.deliveriesPerCpu, 'deliveries/CPU-s', {
      reference: unstored.deliveriesPerCpu,
      against,
      // One message at a time has a flush of the disk to itself.
      ...(saturated ? { accept: 0.5, aim: 0.65 } : {}),
      detail: `${detail(stored)}; wall ${figure(stored.deliveries / unstored.deliveries)}x`,
    }),
    lessIsBetter(`commit/${wire}/${name}/p50`, stored.deliveryP50, 'ms p50', {
      reference: unstored.deliveryP50,
      against,
      detail: `added ${figure(stored.deliveryP50 - unstored.deliveryP50)} ms`,
    }),
  ]
}
