// Memory of one idle logged-in connection: what the server holds more after its garbage was collected, divided by the
// connections opened in between. A bare `ws` and a bare Socket.IO server are measured the same way.

import { Child } from '../child.ts'
import type { Open } from '../client/orders.ts'
import type { WireName } from '../client/wires.ts'
import type { Pace } from '../pace.ts'
import { figure, lessIsBetter, type Row, row } from '../rows.ts'
import { memory } from '../whole/inspector.ts'
import { load, serve } from '../whole/server.ts'
import { FIRST_USER } from '../whole/world.ts'

const INSPECT = ['--inspect=127.0.0.1:0']
/** Connections opened and left open before the first reading: code is compiled and pools have grown by then. */
const WARM = 300
const KB = 1_000
const ACCEPT = 12
const AIM: Partial<Record<WireName, number>> = { dino4: 10, dino3: 10, ddp: 8 }

export async function bareMemoryRows(pace: Pace): Promise<Row[]> {
  const rows: Row[] = []
  for (const [id, file, wire] of [
    ['ws', 'servers/bare.ts', 'raw'],
    ['socket.io', 'servers/socketio.ts', 'socket.io'],
  ] as const) {
    const child = new Child(file, [wire === 'raw' ? 'naive' : 'shipped'], { node: INSPECT })
    const { port } = await child.answer<{ port: number }>()
    const { resident, live } = await perConnection(child, port, wire, pace.connections)
    rows.push(row(`memory/bare-${id}`, resident / KB, 'KB/connection', { detail: said(live, pace.connections) }))
    await child.stop()
  }
  return rows
}

export async function memoryRows(pace: Pace): Promise<Row[]> {
  const rows: Row[] = []
  const loaded = await load(pace.connections + WARM, [])
  try {
    for (const wire of ['dino4', 'dino3', 'ddp'] as const) {
      const { child, port } = await serve(loaded, INSPECT)
      const { resident, live } = await perConnection(child, port, wire, pace.connections)
      rows.push(
        lessIsBetter(`memory/${wire}`, resident / KB, 'KB/connection', {
          reference: ACCEPT,
          against: 'what is accepted',
          accept: 1,
          aim: ACCEPT / AIM[wire]!,
          detail: said(live, pace.connections),
        }),
      )
      await child.stop()
    }
  } finally {
    loaded.remove()
  }
  return rows
}

function said(live: number, connections: number): string {
  return `${figure(live / KB)} KB live by V8's count, ${connections} connections`
}

async function perConnection(server: Child, port: number, wire: WireName, connections: number) {
  const client = new Child('client/load.ts')
  const warm = new Child('client/load.ts')
  try {
    const open: Open = { do: 'open', wire, port, sockets: WARM, firstUser: FIRST_USER, rooms: [] }
    await warm.ask(open)
    const before = await memory(server)
    await client.ask({ ...open, sockets: connections, firstUser: FIRST_USER + WARM })
    const after = await memory(server)
    return {
      resident: (after.resident - before.resident) / connections,
      live: (after.live - before.live) / connections,
    }
  } finally {
    await client.stop()
    await warm.stop()
  }
}
