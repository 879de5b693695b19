// What many nodes cost: the same server on PostgreSQL as on SQLite, both with every commit on the same disk, and a delivery
// to a node that another one wrote for.

import { setTimeout as pause } from 'node:timers/promises'
import { type Nats, startNats } from '../../engines/nats.ts'
import { type Postgres, startPostgres } from '../../engines/postgres.ts'
import { Child } from '../child.ts'
import type { Across, Crossing } from '../client/across.ts'
import type { WireName } from '../client/wires.ts'
import { contest } from '../contest.ts'
import { cpuSeconds } from '../machine.ts'
import type { Pace } from '../pace.ts'
import { figure, lessIsBetter, type Row, row } from '../rows.ts'
import { type Loaded, load, type Serving, serve } from '../whole/server.ts'
import { FIRST_USER, meeting, OWN_ROOMS } from '../whole/world.ts'
import { TEXT } from './fanout.ts'

const WIRE: WireName = 'dino4'
const SENDERS = [
  { senders: 64, accept: null },
  { senders: 1_000, accept: 0.6 },
]
/** ms by which a delivery elsewhere may be later at the median. */
const ADDED = 2

export async function nodesRows(pace: Pace): Promise<Row[]> {
  const started: { stop(): Promise<unknown> }[] = []
  const begin = async <T extends { stop(): Promise<unknown> }>(starting: Promise<T>): Promise<T> => {
    const running = await starting
    started.unshift(running)
    return running
  }
  const loads: Loaded[] = []
  try {
    const postgres = await begin<Postgres>(startPostgres({ fsync: true }))
    const nats = await begin<Nats>(startNats())
    const rooms = [{ wire: WIRE, sockets: 3 }]
    const alone = await load(OWN_ROOMS, rooms)
    loads.push(alone)
    const shared = { CONCLAVE_STORE: postgres.url, CONCLAVE_BUS: nats.url, CONCLAVE_DINO_POLLING: 'false' }
    const many = await load(OWN_ROOMS, rooms, { CONCLAVE_STORE: postgres.url })
    loads.push(many)
    const sqlite = await begin(serving(alone, {}))
    const first = await begin(serving(many, { ...shared, CONCLAVE_NODE: '1' }))
    const rows = await appendRows(pace, { sqlite, first, alone, many })
    const second = await begin(serving(many, { ...shared, CONCLAVE_NODE: '2' }))
    const across = await acrossRows(pace, [first.port, second.port], many)
    return [...rows, ...across, ...(await bystanderRows(pace, first, second, many))]
  } finally {
    for (const one of started) await one.stop().catch(() => {})
    for (const one of loads) one.remove()
  }
}

async function serving(loaded: Loaded, settings: NodeJS.ProcessEnv): Promise<Serving & { stop(): Promise<void> }> {
  const server = await serve(loaded, [], settings)
  return { ...server, stop: () => server.child.stop() }
}

interface Stores {
  readonly sqlite: Serving
  readonly first: Serving
  readonly alone: Loaded
  readonly many: Loaded
}

async function appendRows(pace: Pace, { sqlite, first, alone, many }: Stores): Promise<Row[]> {
  const rows: Row[] = []
  for (const { senders, accept } of SENDERS) {
    const contestant = (name: string, { child, port }: Serving, { rooms }: Loaded) => ({
      name,
      wire: WIRE,
      pid: child.pid,
      port,
      rooms: Array.from({ length: senders }, (_, i) => rooms[`own${i}`]!),
      firstUser: FIRST_USER,
    })
    const scores = await contest([contestant('sqlite', sqlite, alone), contestant('postgres', first, many)], {
      sockets: senders,
      senders,
      window: senders,
      size: TEXT,
      seconds: pace.seconds,
      rounds: pace.rounds,
    })
    const [one, other] = [scores.get('postgres')!, scores.get('sqlite')!]
    rows.push(
      row(`nodes/append/postgres/${senders}`, one.answers, 'messages/s', {
        reference: other.answers,
        against: 'the same on SQLite',
        accept,
        detail: `answer p50 ${figure(one.answerP50)} p99 ${figure(one.answerP99)} ms, SQLite p50 ${figure(other.answerP50)} p99 ${figure(other.answerP99)} ms`,
      }),
    )
  }
  return rows
}

/** What a node spends while others write in rooms in which it has nobody. */
async function bystanderRows(pace: Pace, first: Serving, second: Serving, { rooms }: Loaded): Promise<Row[]> {
  const { pid } = second.child
  const idle = await spent(pid, () => pause(pace.seconds * 2_000))
  const senders = 64
  let answers = 0
  const busy = await spent(pid, async () => {
    const own = Array.from({ length: senders }, (_, i) => rooms[`own${i}`]!)
    const writer = {
      name: 'writer',
      wire: WIRE,
      pid: first.child.pid,
      port: first.port,
      rooms: own,
      firstUser: FIRST_USER,
    }
    const load = { sockets: senders, senders, window: senders, size: TEXT, seconds: pace.seconds * 2, rounds: 1 }
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
      lessIsBetter('nodes/delivery/added', added, 'ms p50', {
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
