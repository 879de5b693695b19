// What the load generator itself can take: frames without end from a server that does nothing else.

import { Child } from '../child.ts'
import type { Result } from '../client/orders.ts'
import type { Pace } from '../pace.ts'
import { type Row, row } from '../rows.ts'

export async function ceilingRows(pace: Pace): Promise<Row[]> {
  const rows: Row[] = []
  for (const sockets of [100, 1_000]) {
    const server = new Child('servers/bare.ts', ['firehose'])
    const client = new Child('client/load.ts')
    const { port } = await server.answer<{ port: number }>()
    const order = { do: 'open', wire: 'raw', port, sockets, firstUser: 0, rooms: [] }
    await client.ask(order)
    const result = await client.ask<Result>({
      do: 'run',
      pid: server.pid,
      seconds: pace.seconds,
      senders: 0,
      window: 0,
      size: 300,
    })
    rows.push(
      row(`load/ceiling/${sockets}`, result.deliveries / result.loadCpu, 'frames/CPU-s', {
        detail: `${Math.round(result.deliveries / result.seconds).toLocaleString('en-US')}/s wall, of the load process`,
      }),
    )
    await client.stop()
    await server.stop()
  }
  return rows
}
