// The whole server: one room with many sockets of one wire, everything included (log-in, checks, commit, encoding); in the same
// rounds the bare servers, the limit in C, and the servers of others that are installed.

import { Child } from '../child.ts'
import type { WireName } from '../client/wires.ts'
import { type Contestant, contest, contests, type Load, type Score } from '../contest.ts'
import type { Pace } from '../pace.ts'
import { type Entry, figure, lessIsBetter, notInstalled, type Row, row } from '../rows.ts'
import { startLimit } from '../servers/limit.ts'
import { type Peer, startEjabberd, startMosquitto, startNatsPeer } from '../servers/peers.ts'
import { load, type Serving, serve } from '../whole/server.ts'
import { FIRST_USER, meeting } from '../whole/world.ts'
import { detail, loads, type Size, TEXT } from './fanout.ts'

const WIRES: readonly WireName[] = ['dino4', 'dino3', 'ddp', 'sockjs']
const UNIT = 'deliveries/CPU-s'
/** What times under a steady load are held against; under the others the group `fanout` has it. */
const BROADCASTER = 'c-broadcaster'

/** By sockets: what else the saturated rows are held against. */
const OTHERS: Readonly<Record<number, Readonly<Record<string, string>>>> = {
  100: { shipped: 'socket.io as shipped', 'c-batcher': 'the C batcher', nats: 'nats-server' },
  1000: { shipped: 'socket.io as shipped', 'mosquitto-qos0': 'mosquitto, QoS 0', nats: 'nats-server' },
}
/** 40,000 deliveries a second, a load that every server here can carry. */
const STEADY = { sockets: 1_000, senders: 4, window: 0, rate: 40, size: TEXT }
/** ejabberd is too slow for the loads of the others: these many in flight, one round. */
const FEW = 64

export async function wireRows(pace: Pace): Promise<Entry[]> {
  const loaded = await load(
    Math.max(...pace.sockets),
    WIRES.flatMap(wire => pace.sockets.map(sockets => ({ wire, sockets }))),
  )
  const entries: Entry[] = []
  const running: { stop(): Promise<void> }[] = []
  try {
    const references = await startReferences(running, entries)
    const server = await serve(loaded)
    running.push(server.child)
    for (const sockets of pace.sockets) {
      const contestants = [...references, ...ours(server, sockets, loaded.rooms)]
      const sizes = loads(pace).filter(({ load: { sockets: count } }) => count === sockets)
      const steady = sockets === STEADY.sockets ? [steadyLoad(pace)] : []
      const only = contestants.map(({ name }) => name).filter(name => name !== BROADCASTER)
      const results = await contests(contestants, [...sizes.map(({ load: each }) => ({ ...each, only })), ...steady])
      for (const [index, size] of sizes.entries()) {
        const scores = results[index]!
        for (const { name } of references) {
          const score = scores.get(name)
          if (score === undefined) continue
          entries.push(row(`wires/${name}/${size.name}`, score.deliveriesPerCpu, UNIT, { detail: detail(score) }))
        }
        for (const wire of WIRES) entries.push(...fanoutRows(wire, size, scores))
      }
      if (steady.length > 0) entries.push(...steadyRows(results.at(-1)!))
    }
    return entries
  } finally {
    for (const one of running) await one.stop()
    loaded.remove()
  }
}

async function startReferences(running: { stop(): Promise<void> }[], entries: Entry[]): Promise<Contestant[]> {
  const references: Contestant[] = []
  const bare = [
    ['naive', 'raw', 'servers/bare.ts'],
    ['shipped', 'socket.io', 'servers/socketio.ts'],
  ] as const
  for (const [name, wire, file] of bare) {
    const child = new Child(file, [name])
    running.push(child)
    references.push({ name, wire, pid: child.pid, port: (await child.answer<{ port: number }>()).port })
  }
  // Where one of the others does not start, there is something to compare with all the same.
  const add = async <T extends { stop(): Promise<void> }>(starting: Promise<T | null>, id: string, what = id) => {
    try {
      const peer = await starting
      if (peer === null) entries.push(notInstalled(`wires/${id}`, what))
      else running.push(peer)
      return peer
    } catch (error) {
      entries.push({ id: `wires/${id}`, reason: (error as Error).message, failed: true })
      return null
    }
  }
  const peers: (Peer | null)[] = [
    await add(startLimit('batch'), 'c-batcher', 'a C compiler'),
    await add(startLimit('each'), 'c-broadcaster', 'a C compiler'),
    await add(startNatsPeer(), 'nats', 'nats-server'),
  ]
  references.push(...peers.filter(peer => peer !== null))
  const mosquitto = await add(startMosquitto(), 'mosquitto')
  if (mosquitto !== null)
    references.push(
      { ...mosquitto, name: 'mosquitto-qos0', wire: 'mqtt0' },
      { ...mosquitto, name: 'mosquitto-qos1', wire: 'mqtt1' },
    )
  return references
}

function ours({ child, port }: Serving, sockets: number, rooms: Readonly<Record<string, string>>): Contestant[] {
  return WIRES.map(wire => {
    const room = rooms[meeting(wire, sockets)]
    if (room === undefined) throw new Error(`the import named no room ${meeting(wire, sockets)}`)
    return { name: wire, wire, pid: child.pid, port, rooms: [room], firstUser: FIRST_USER }
  })
}

function fanoutRows(wire: WireName, { name, load }: Size, scores: ReadonlyMap<string, Score>): Row[] {
  const score = scores.get(wire)!
  const rows = [
    row(`wires/${wire}/${name}`, score.deliveriesPerCpu, UNIT, {
      reference: scores.get('naive')!.deliveriesPerCpu,
      against: 'naive ws',
      detail: `${detail(score)}, ${figure(score.bytesPerFrame)} bytes a frame`,
    }),
  ]
  if (load.window === 1) return rows
  for (const [other, against] of Object.entries(OTHERS[load.sockets] ?? {})) {
    const reference = scores.get(other)
    if (reference === undefined || (other === 'shipped' && !wire.startsWith('dino'))) continue
    rows.push(
      row(`wires/${wire}/${name}/${other}`, score.deliveriesPerCpu, UNIT, {
        reference: reference.deliveriesPerCpu,
        against,
        detail: `wall ${figure(score.deliveries / reference.deliveries)}x`,
      }),
    )
  }
  return rows
}

function steadyLoad({ seconds, rounds }: Pace): Load {
  return { ...STEADY, seconds, rounds, only: ['naive', BROADCASTER, ...WIRES] }
}

/** What a message takes under a load that is no strain. */
function steadyRows(scores: ReadonlyMap<string, Score>): Row[] {
  const c = scores.get(BROADCASTER)
  const naive = scores.get('naive')!
  return [...scores].map(([name, score]) => {
    const target = !WIRES.includes(name as WireName)
      ? {}
      : c === undefined
        ? { reference: naive.deliveryP50, against: 'naive ws', accept: null, aim: null }
        : { reference: c.deliveryP50, against: 'the C broadcaster' }
    const detail = `p99 ${figure(score.deliveryP99)} ms, ${figure(score.deliveries)}/s wall, ${figure(score.deliveriesPerCpu)}/CPU-s`
    return lessIsBetter(`wires/${name}/1000/40k-per-s`, score.deliveryP50, 'ms p50', { ...target, detail })
  })
}

export async function ejabberdRows(pace: Pace): Promise<Entry[]> {
  if (!pace.slow) return [{ id: 'wires/ejabberd', reason: 'not by --quick', failed: false }]
  const ejabberd = await startEjabberd()
  if (ejabberd === null) return [notInstalled('wires/ejabberd', 'ejabberd')]
  try {
    const entries: Entry[] = []
    for (const { name, load } of loads(pace)) {
      const less = { ...load, rounds: 1, window: Math.min(load.window, FEW) }
      const score = (await contest([ejabberd], less)).get(ejabberd.name)!
      entries.push(row(`wires/ejabberd/${name}`, score.deliveriesPerCpu, UNIT, { detail: detail(score) }))
    }
    return entries
  } finally {
    await ejabberd.stop()
  }
}
