// What a client of the Dino wire waits for, on a server with nothing else to do: a log-in, a join of a room with a thousand
// others in it, a message until it is acked (durable). Beside it what the real Dino server was measured to take, on another
// day and a busier machine (its ranges' better ends): a distance in orders of magnitude, not in percent.

import { Child } from '../child.ts'
import { DinoClient } from '../client/dino.ts'
import type { Open } from '../client/orders.ts'
import { median, percentile } from '../numbers.ts'
import type { Pace } from '../pace.ts'
import { figure, lessIsBetter, type Row, row } from '../rows.ts'
import { load, type Serving, serve } from '../whole/server.ts'
import { FIRST_USER, meeting } from '../whole/world.ts'

/** ms, and deliveries a second to 50 sockets (dino.md section 16). */
const REAL = { message: 3.4, join: 180, login: 41, messages: 261, deliveries: 6_220 }
/** ms that are promised, p50. */
const PROMISED = { message: 3, join: 10, login: 5 }
/** As the real server's fan-out was measured: ten of fifty send, one message each in flight. */
const SMALL = { sockets: 50, senders: 10 }
const TIMES = { seconds: 100 }

export async function dinoRows(pace: Pace): Promise<Row[]> {
  const wire = 'dino3'
  const { large: crowd } = pace
  const meetings = [crowd, SMALL.sockets].map(sockets => ({ wire, sockets }))
  const loaded = await load(crowd + 2, meetings)
  const others = new Child('client/load.ts')
  let server: Serving | undefined
  try {
    server = await serve(loaded)
    const [large, small, own] = [meeting(wire, crowd), meeting(wire, SMALL.sockets), `own${crowd - 1}`].map(
      ref => loaded.rooms[ref] as string,
    ) as [string, string, string]
    const times = Math.round(TIMES.seconds * pace.seconds * pace.rounds)
    const open: Open = {
      do: 'open',
      wire,
      port: server.port,
      sockets: crowd - 1,

      firstUser: FIRST_USER,
      rooms: [large],
    }
    await others.ask(open)
    const logins = await repeated(times, () => login(server!.port, FIRST_USER + crowd))
    const client = await DinoClient.open(server.port)
    await client.login(FIRST_USER + crowd)
    const joins = await repeated(Math.max(10, times / 10), async () => {
      const ms = await client.timed('join', { verb: 'join', target: { id: large } })
      await client.timed('leave', { verb: 'leave', target: { id: large } })
      return ms
    })
    await client.timed('join', { verb: 'join', target: { id: own } })
    const content = Buffer.from('x'.repeat(300)).toString('base64')
    const message = { verb: 'send', target: { id: own, objectType: 'room' }, object: { content } }
    const messages = await repeated(times, () => client.timed('message', message))
    client.close()
    await others.ask({ do: 'close' })
    const score = await fanout(others, server, small, pace)
    return [
      waited('dino/message', messages, REAL.message, PROMISED.message, 'send, commit, ack; nobody else sends'),
      waited(`dino/join-${crowd}`, joins, REAL.join, PROMISED.join, `${crowd - 1} others inside, each told`),
      waited('dino/login', logins, REAL.login, PROMISED.login, 'of a new connection, the handshake not counted'),
      row('dino/fanout-50', score.deliveries / score.seconds, 'deliveries/s', {
        reference: REAL.deliveries,
        against: 'the real Dino, once',
        detail: `${figure(score.answers / score.seconds)} messages/s acked (${REAL.messages}), p50 ${figure(score.deliveryP50)} ms`,
      }),
    ]
  } finally {
    await server?.child.stop()
    await others.stop()
    loaded.remove()
  }
}

function waited(id: string, values: readonly number[], real: number, promised: number, what: string): Row {
  return lessIsBetter(id, median(values), 'ms p50', {
    reference: real,
    against: 'the real Dino, once',
    accept: real / promised,
    detail: `p99 ${figure(percentile(values, 0.99))} ms, ${values.length} times: ${what}`,
  })
}

async function fanout(client: Child, { child, port }: Serving, room: string, pace: Pace) {
  await client.ask({ do: 'open', wire: 'dino3', port, sockets: SMALL.sockets, firstUser: FIRST_USER, rooms: [room] })
  return client.ask<{ deliveries: number; answers: number; seconds: number; deliveryP50: number }>({
    do: 'run',
    pid: child.pid,
    seconds: pace.seconds * pace.rounds,
    senders: SMALL.senders,
    window: SMALL.senders,
    size: 300,
  })
}

async function repeated(times: number, once: () => Promise<number>): Promise<number[]> {
  const values: number[] = []
  for (let i = 0; i < times; i++) values.push(await once())
  return values
}

async function login(port: number, user: number): Promise<number> {
  const client = await DinoClient.open(port)
  const ms = await client.login(user)
  client.close()
  return ms
}
