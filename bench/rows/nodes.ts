// What many nodes cost: a delivery to a node that another one wrote for, and what is written in rooms in which a node has nobody.
// Both are on PostgreSQL with every commit on the disk, and hear each other over NATS.

import { setTimeout as pause } from 'node:timers/promises'
import type { Nats } from '../../engines/nats.ts'
import type { Postgres } from '../../engines/postgres.ts'
import { Child } from '../child.ts'
import type { Across, Crossing } from '../client/across.ts'
import type { WireName } from '../client/wires.ts'
import { contest } from '../contest.ts'
import { cpuSeconds } from '../machine.ts'
import type { Pace } from '../pace.ts'
import { figure, lessIsBetter, type Row } from '../rows.ts'
import { ownNats, ownPostgres } from '../whole/engines.ts'
import { type Loaded, load, type Serving, serve } from '../whole/server.ts'
import { FIRST_USER, meeting } from '../whole/world.ts'
import { TEXT } from './fanout.ts'

const WIRE: WireName = 'dino4'
/** ms by which a delivery elsewhere may be later at the median. */
const ADDED = 2
/** On the other node, each in a room of its own. */
const SENDERS = 64

export async function nodesRows(pace: Pace): Promise<Row[]> {
  const started: { stop(): Promise<unknown> }[] = []
  const begin = async <T extends { stop(): Promise<unknown> }>(starting: Promise<T>): Promise<T> => {
    const running = await starting
    started.unshift(running)
    return running
  }
  const loads: Loaded[] = []
  try {
    const postgres = await begin<Postgres>(ownPostgres())
    const nats = await begin<Nats>(ownNats())
    const rooms = [{ wire: WIRE, sockets: 3 }]
    const shared = { CONCLAVE_STORE: postgres.url, CONCLAVE_BUS: nats.url, CONCLAVE_DINO_POLLING: 'false' }
    const many = await load(SENDERS, rooms, { CONCLAVE_STORE: postgres.url })
    loads.push(many)
    const first = await begin(serving(many, { ...shared, CONCLAVE_NODE: '1' }))
    const second = await begin(serving(many, { ...shared, CONCLAVE_NODE: '2' }))
    const across = await acrossRows(pace, [first.port, second.port], many)
    return [...across, ...(await bystanderRows(pace, first, second, many))]
  } finally {
    for (const one of started) await one.stop().catch(() => {})
    for (const one of loads) one.remove()
  }
}

async function serving(loaded: Loaded, settings: NodeJS.ProcessEnv): Promise<Serving & { stop(): Promise<void> }> {
  const server = await serve(loaded, [], settings)
  return { ...server, stop: () => server.child.stop() }
}

/** What a node spends while others write in rooms in which it has nobody. */
async function bystanderRows(pace: Pace, first: Serving, second: Serving, { rooms }: Loaded): Promise<Row[]> {
  const { pid } = second.child
  const idle = await spent(pid, () => pause(pace.seconds * 2_000))
  let answers = 0
  const busy = await spent(pid, async () => {
    const own = Array.from({ length: SENDERS }, (_, i) => rooms[`own${i}`]!)
    const writer = {
      name: 'writer',
      wire: WIRE,
      pid: first.child.pid,
      port: first.port,
      rooms: own,
      firstUser: FIRST_USER,
    }
    const load = {
      sockets: SENDERS,
      senders: SENDERS,
      window: SENDERS,
      size: TEXT,
      seconds: pace.seconds * 2,
      rounds: 1,
    }
    answers = (await contest([writer], load)).get('writer')!.answers
  })
  return [
    lessIsBetter('nodes/bystander', busy, 'CPU-ms/s', {
      reference: idle,
      against: 'the same node while nobody writes',
      detail: `${figure(answers)} messages/s on the other node, in rooms that this one has nobody in`,
    }),
  ]
}

/** CPU milliseconds of a process in a second of what is done meanwhile. */
async function spent(pid: number, meanwhile: () => Promise<unknown>): Promise<number> {
  const [before, began] = [cpuSeconds(pid), performance.now()]
  await meanwhile()
  return ((cpuSeconds(pid) - before) * 1e6) / (performance.now() - began)
}

async function acrossRows(pace: Pace, ports: readonly [number, number], { rooms }: Loaded): Promise<Row[]> {
  const client = new Child('client/across.ts')
  try {
    const order: Across = {
      wire: WIRE,
      ports,
      room: rooms[meeting(WIRE, 3)]!,
      firstUser: FIRST_USER,
      messages: Math.round(200 * pace.seconds),
      size: TEXT,
    }
    const { here, there, added, addedP99 } = await client.ask<Crossing>(order)
    return [
      // Where the clocks tell no difference it is nothing.
      lessIsBetter('nodes/delivery/added', Math.max(added, 0.01), 'ms p50', {
        reference: ADDED,
        against: 'what is allowed',
        accept: 1,
        detail: `here ${figure(here)} ms, elsewhere ${figure(there)} ms after sending, added p99 ${figure(addedP99)} ms`,
      }),
    ]
  } finally {
    await client.stop()
  }
}
