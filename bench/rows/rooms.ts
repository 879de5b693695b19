// Large rooms, and many: a join of a room in which thousands are connected and told of it, and the list of a thousand rooms.

import { ANSWER_LIMIT, Child } from '../child.ts'
import { DdpClient } from '../client/ddp.ts'
import { DinoClient } from '../client/dino.ts'
import type { Open } from '../client/orders.ts'
import type { WireName } from '../client/wires.ts'
import { cpuSeconds } from '../machine.ts'
import { median, percentile } from '../numbers.ts'
import type { Pace } from '../pace.ts'
import { figure, lessIsBetter, type Row } from '../rows.ts'
import { load, type Serving, serve } from '../whole/server.ts'
import { FIRST_USER, meeting } from '../whole/world.ts'

const TIMES = 30
/** ms between joins: nobody waits for what the one before set off. */
const PAUSE = 20
/** ms to tell one, on a busy machine. */
const TOLD = 0.015

export function ddpJoinRows({ members }: Pace): Promise<Row[]> {
  return joinRows('ddp', members)
}

export function dinoJoinRows({ crowds }: Pace): Promise<Row[]> {
  return joinRows('dino3', crowds)
}

async function joinRows(wire: WireName, crowds: readonly number[]): Promise<Row[]> {
  const rows: Row[] = []
  let first: number | undefined
  for (const crowd of crowds) {
    const { times, cpu } = await joins(wire, crowd)
    const p50 = median(times)
    rows.push(
      lessIsBetter(`rooms/join/${wire}/${crowd}`, p50, 'ms p50', {
        ...(first === undefined ? {} : { reference: first, against: `${figure(crowds[0]!)} inside` }),
        detail: `p99 ${figure(percentile(times, 0.99))} ms, ${times.length} times, server ${figure(cpu)} CPU-ms each time, all told of it and of the leave after it`,
      }),
    )
    first ??= p50
  }
  return rows
}

/** One who comes and goes while all others are connected. */
async function joins(wire: WireName, crowd: number): Promise<{ times: number[]; cpu: number }> {
  const loaded = await load(crowd + 1, [{ wire, sockets: crowd }], {}, { own: 1 })
  const others = new Child('client/load.ts')
  let server: Serving | undefined
  try {
    server = await serve(loaded)
    const { port, child } = server
    const room = loaded.rooms[meeting(wire, crowd)]!
    const open: Open = { do: 'open', wire, port, sockets: crowd, firstUser: FIRST_USER, rooms: [room] }
    // Over Dino everybody inside is told of each who comes in.
    await others.ask(open, ANSWER_LIMIT + (wire === 'ddp' ? 0 : crowd * crowd * TOLD))
    const visitor = FIRST_USER + crowd
    const visit = wire === 'ddp' ? await ddpVisit(port, visitor, room) : await dinoVisit(port, visitor, room)
    const times: number[] = []
    const before = cpuSeconds(child.pid)
    for (let i = 0; i < TIMES; i++) {
      times.push(await visit.come())
      await pause()
      await visit.go()
      await pause()
    }
    const cpu = ((cpuSeconds(child.pid) - before) / TIMES) * 1_000
    visit.close()
    return { times, cpu }
  } finally {
    await others.stop()
    await server?.child.stop()
    loaded.remove()
  }
}

interface Visit {
  come(): Promise<number>
  go(): Promise<number>
  close(): void
}

async function dinoVisit(port: number, user: number, room: string): Promise<Visit> {
  const client = await DinoClient.open(port)
  await client.login(user)
  const target = { id: room }
  return {
    come: () => client.timed('join', { verb: 'join', target }),
    go: () => client.timed('leave', { verb: 'leave', target }),
    close: () => client.close(),
  }
}

async function ddpVisit(port: number, user: number, room: string): Promise<Visit> {
  const client = await DdpClient.open(port, user)
  return {
    come: () => client.timed('joinRoom', room),
    go: () => client.timed('leaveRoom', room),
    close: () => client.close(),
  }
}

/** A channel with many rooms, and a user who is a member of all of them. */
export async function listRows({ large }: Pace): Promise<Row[]> {
  const loaded = await load(large, [], {}, { everywhere: true })
  let server: Serving | undefined
  try {
    server = await serve(loaded)
    const { port, child } = server
    const dino = await DinoClient.open(port)
    await dino.login(FIRST_USER)
    const ddp = await DdpClient.open(port, FIRST_USER)
    const asked: [string, () => Promise<number>][] = [
      ['dino/list_rooms', () => dino.timed('list_rooms', { verb: 'list', object: { url: loaded.channel } })],
      ['ddp/rooms-get', () => ddp.timed('rooms/get')],
      ['ddp/subscriptions-get', () => ddp.timed('subscriptions/get')],
    ]
    const rows: Row[] = []
    for (const [id, once] of asked) {
      const first = await once()
      const times: number[] = []
      const before = cpuSeconds(child.pid)
      for (let i = 0; i < TIMES; i++) times.push(await once())
      const cpu = ((cpuSeconds(child.pid) - before) / TIMES) * 1_000
      rows.push(
        lessIsBetter(`rooms/${id}/${large}`, median(times), 'ms p50', {
          detail: `p99 ${figure(percentile(times, 0.99))} ms, ${TIMES} times, server ${figure(cpu)} CPU-ms each; the first ${figure(first)} ms`,
        }),
      )
    }
    dino.close()
    ddp.close()
    return rows
  } finally {
    await server?.child.stop()
    loaded.remove()
  }
}

function pause(): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, PAUSE))
}
