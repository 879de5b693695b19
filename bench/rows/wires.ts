// The whole server: one room with many sockets of one wire, everything included (log-in, checks, commit, encoding).

import { Child } from '../child.ts'
import type { WireName } from '../client/wires.ts'
import { type Contestant, contest, type Score } from '../contest.ts'
import type { Pace } from '../pace.ts'
import { figure, lessIsBetter, type Row, row } from '../rows.ts'
import { load, type Serving, serve } from '../whole/server.ts'
import { FIRST_USER, meeting } from '../whole/world.ts'
import { detail, loads } from './fanout.ts'

const WIRES: readonly WireName[] = ['dino4', 'dino3', 'ddp']
const SIZES = [100, 1_000]
/** Against Socket.IO as shipped (performance.md). */
const SHIPPED: Record<number, { accept: number; aim: number }> = {
  100: { accept: 15, aim: 30 },
  1000: { accept: 5, aim: 8 },
}

export async function wireRows(pace: Pace): Promise<Row[]> {
  const loaded = await load(
    Math.max(...SIZES),
    WIRES.flatMap(wire => SIZES.map(sockets => ({ wire, sockets }))),
  )
  let server: Serving | undefined
  const bare = [new Child('servers/bare.ts', ['naive']), new Child('servers/socketio.ts', ['shipped'])] as const
  try {
    server = await serve(loaded)
    const [naivePort, shippedPort] = await Promise.all(bare.map(child => child.answer<{ port: number }>()))
    const references: Contestant[] = [
      { name: 'naive', wire: 'raw', pid: bare[0].pid, port: naivePort!.port },
      { name: 'shipped', wire: 'socket.io', pid: bare[1].pid, port: shippedPort!.port },
    ]
    const rows: Row[] = []
    for (const size of loads(pace)) {
      const { sockets } = size.load
      const scores = await contest([...references, ...ours(server, sockets, loaded.rooms)], size.load)
      for (const wire of WIRES) rows.push(...fanoutRows(wire, size, scores))
    }
    return [...rows, ...(await steadyRows(pace, references[0]!, server, loaded.rooms))]
  } finally {
    await server?.child.stop()
    for (const child of bare) await child.stop()
    loaded.remove()
  }
}

function ours({ child, port }: Serving, sockets: number, rooms: Readonly<Record<string, string>>): Contestant[] {
  return WIRES.map(wire => {
    const room = rooms[meeting(wire, sockets)]
    if (room === undefined) throw new Error(`the import named no room ${meeting(wire, sockets)}`)
    return { name: wire, wire, pid: child.pid, port, rooms: [room], firstUser: FIRST_USER }
  })
}

function fanoutRows(
  wire: WireName,
  { name, load, accept, aim }: ReturnType<typeof loads>[number],
  scores: ReadonlyMap<string, Score>,
): Row[] {
  const unit = 'deliveries/CPU-s'
  const [score, naive, shipped] = [wire, 'naive', 'shipped'].map(of => scores.get(of)!) as [Score, Score, Score]
  const frames = `${detail(score)}, ${figure(score.bytesPerFrame)} bytes a frame`
  const rows = [
    row(`wires/${wire}/${name}`, score.deliveriesPerCpu, unit, {
      reference: naive.deliveriesPerCpu,
      against: 'naive ws',
      accept,
      aim,
      detail: frames,
    }),
  ]
  const target = SHIPPED[load.sockets]
  if (wire !== 'ddp' && target !== undefined && load.window > 1) {
    rows.push(
      row(`wires/${wire}/${name}/socket.io`, score.deliveriesPerCpu, unit, {
        reference: shipped.deliveriesPerCpu,
        against: 'socket.io as shipped',
        ...target,
        detail: `wall ${figure(score.deliveries / shipped.deliveries)}x`,
      }),
    )
  }
  return rows
}

/** 40,000 deliveries a second, a load that every server here can carry: what a message takes then. */
async function steadyRows(
  pace: Pace,
  naive: Contestant,
  server: Serving,
  rooms: Readonly<Record<string, string>>,
): Promise<Row[]> {
  const load = {
    sockets: 1_000,
    senders: 4,
    window: 0,
    rate: 40,
    size: 291,
    seconds: pace.seconds,
    rounds: pace.rounds,
  }
  const scores = await contest([naive, ...ours(server, 1_000, rooms)], load)
  const reference = scores.get('naive')!.deliveryP50
  return WIRES.map(wire => {
    const score = scores.get(wire)!
    return lessIsBetter(`wires/${wire}/1000/40k-per-s`, score.deliveryP50, 'ms p50', {
      reference,
      against: 'naive ws',
      detail: `p99 ${figure(score.deliveryP99)} ms, ${figure(score.deliveries)}/s wall`,
    })
  })
}
