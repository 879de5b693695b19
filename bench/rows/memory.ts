// Memory of one idle logged-in connection: what the server holds more after its garbage was collected, divided by the
// connections opened in between. A bare `ws` and a bare Socket.IO server are measured the same way.

import { Child } from '../child.ts'
import type { Pace } from '../pace.ts'
import { figure, lessIsBetter, type Row, row } from '../rows.ts'
import { idle } from '../whole/idle.ts'
import { load, serve } from '../whole/server.ts'

const INSPECT = ['--inspect=127.0.0.1:0']
/** Connections opened and left open before the first reading: code is compiled and pools have grown by then. */
const WARM = 300
const KB = 1_000
const ACCEPT = 12

export async function bareMemoryRows(pace: Pace): Promise<Row[]> {
  const rows: Row[] = []
  for (const [id, file, wire] of [
    ['ws', 'servers/bare.ts', 'raw'],
    ['socket.io', 'servers/socketio.ts', 'socket.io'],
  ] as const) {
    const child = new Child(file, [wire === 'raw' ? 'naive' : 'shipped'], { node: INSPECT })
    const { port } = await child.answer<{ port: number }>()
    const { resident, live } = await idle(child, port, wire, pace.idle, WARM)
    rows.push(row(`memory/bare-${id}`, resident / KB, 'KB/connection', { detail: said(live, pace.idle) }))
    await child.stop()
  }
  return rows
}

export async function memoryRows(pace: Pace): Promise<Row[]> {
  const rows: Row[] = []
  const loaded = await load(pace.idle + WARM, [])
  try {
    for (const wire of ['dino4', 'dino3', 'ddp'] as const) {
      const { child, port } = await serve(loaded, INSPECT)
      const { resident, live } = await idle(child, port, wire, pace.idle, WARM)
      rows.push(
        lessIsBetter(`memory/${wire}`, resident / KB, 'KB/connection', {
          reference: ACCEPT,
          against: 'what is accepted',
          detail: said(live, pace.idle),
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
