// A reconnect storm on Rocket.Chat's wire: everybody comes back at once, while two go on talking in the room of all.

import { Child } from '../child.ts'
import type { Storm, Stormed, Talk, Talked } from '../client/storm.ts'
import { cpuSeconds } from '../machine.ts'
import type { Pace } from '../pace.ts'
import { figure, lessIsBetter, type Row } from '../rows.ts'
import { load, serve } from '../whole/server.ts'
import { FIRST_USER, meeting } from '../whole/world.ts'

/** Seconds in which all are served, and ms of a message meanwhile. */
const ACCEPT = { seconds: 20, p99: 250 }
const EVERY = 100

export async function stormRows(pace: Pace): Promise<Row[]> {
  const clients = pace.connections
  const loaded = await load(clients + 2, [{ wire: 'ddp', sockets: clients + 2 }])
  const room = loaded.rooms[meeting('ddp', clients + 2)]!
  const { child, port } = await serve(loaded, pace.node)
  const [talkers, stormers] = [new Child('client/storm.ts'), new Child('client/storm.ts')]
  try {
    const users = [FIRST_USER + clients, FIRST_USER + clients + 1] as const
    const talk: Talk = { do: 'talk', port, users, room, every: EVERY }
    await talkers.ask(talk)
    await new Promise(resolve => setTimeout(resolve, 1_000))
    await talkers.ask({ do: 'begin' })
    const before = cpuSeconds(child.pid)
    const storm: Storm = { do: 'storm', port, clients, firstUser: FIRST_USER, room }
    const came = await stormers.ask<Stormed>(storm)
    const cpu = cpuSeconds(child.pid) - before
    const told = await talkers.ask<Talked>({ do: 'stop' })
    if (came.errors > 0) throw new Error(`${came.errors} of ${clients} clients were not served: ${came.why}`)
    const detail = `${clients} clients, ${figure(came.megabytes)} MB, server ${figure(cpu)} CPU-s, load ${figure(came.cpu)} CPU-s, a client p50 ${figure(came.p50)} ms, p99 ${figure(came.p99)} ms`
    return [
      lessIsBetter('storm/served', came.seconds, 's', {
        reference: ACCEPT.seconds,
        against: 'what is accepted',
        accept: 1,
        detail,
      }),
      lessIsBetter('storm/message-p99', told.p99, 'ms', {
        reference: ACCEPT.p99,
        against: 'what is accepted',
        accept: 1,
        detail: `${told.messages} messages, p50 ${figure(told.p50)} ms, most ${figure(told.most)} ms`,
      }),
    ]
  } finally {
    await child.stop()
    await talkers.stop()
    await stormers.stop()
    loaded.remove()
  }
}
