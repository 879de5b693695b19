// One sender, and a receiver on each of two nodes, in one room: how much later the one elsewhere has each message. One
// message at a time, so that nothing waits for anything else; all three clocks are this process's.
import { setTimeout as pause } from 'node:timers/promises'
import { percentile } from '../numbers.ts'
import type { LoadSocket } from './socket.ts'
import { stamped, type WireName, wires } from './wires.ts'

export interface Across {
  readonly wire: WireName
  /** The sender's node, and the other. */
  readonly ports: readonly [number, number]
  readonly room: string
  readonly firstUser: number
  readonly messages: number
  readonly size: number
}

/** ms from sending, medians and 99 of 100; `added` is by how much the other node is later with the same message. */
export interface Crossing {
  readonly here: number
  readonly there: number
  readonly added: number
  readonly addedP99: number
}

/** ms between messages, and for one to arrive. */
const PAUSE = 5
const ARRIVES = 5_000

async function run({ wire: name, ports, room, firstUser, messages, size }: Across): Promise<Crossing> {
  const wire = wires[name]
  const [sender, here, there] = await Promise.all([
    wire.enter(ports[0], firstUser, room),
    wire.enter(ports[0], firstUser + 1, room),
    wire.enter(ports[1], firstUser + 2, room),
  ])
  const times: [number, number][] = []
  for (let message = 0; message < messages; message++) {
    const arrivals = Promise.all([arrival(here), arrival(there)])
    sender.send(wire.message(message, room, stamped(size)))
    times.push(await arrivals)
    await pause(PAUSE)
  }
  for (const socket of [sender, here, there]) socket.close()
  const added = times.map(([near, far]) => far - near)
  return {
    here: median(times.map(([near]) => near)),
    there: median(times.map(([, far]) => far)),
    added: median(added),
    addedP99: percentile(added, 0.99),
  }

  function arrival(socket: LoadSocket): Promise<number> {
    return new Promise((resolve, reject) => {
      const limit = setTimeout(() => reject(new Error('a message did not arrive')), ARRIVES)
      socket.onFrame = (buffer, start, end) => {
        const sent = wire.sentAt(buffer.toString('latin1', start, end))
        if (sent === undefined) return
        clearTimeout(limit)
        resolve(performance.now() - sent)
      }
    })
  }
}

function median(values: readonly number[]): number {
  return percentile([...values], 0.5)
}

process.on('message', (order: Across) => {
  run(order).then(
    answer => process.send!(answer),
    (error: unknown) => process.send!({ failed: (error as Error).message }),
  )
})
process.on('disconnect', () => process.exit())
