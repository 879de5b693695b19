// What a server holds more after garbage collection for each connection that was opened, logged in and left alone.

import type { Child } from '../child.ts'
import { Child as Load } from '../child.ts'
import type { Open } from '../client/orders.ts'
import type { WireName } from '../client/wires.ts'
import { memory } from './inspector.ts'
import { FIRST_USER } from './world.ts'

/** Of one connection, in bytes; `timers`: those that keep the process alive. */
export interface Idle {
  readonly resident: number
  readonly live: number
  readonly timers: number
}

/**
 * `server` was started with an inspector. `warm`: connections opened and left open before the first reading: code is compiled
 * and pools have grown by then. `firstUser`: the users are `warm + connections` from there on.
 */
export async function idle(
  server: Child,
  port: number,
  wire: WireName,
  connections: number,
  warm: number,
  firstUser = FIRST_USER,
): Promise<Idle> {
  const clients = [new Load('client/load.ts'), new Load('client/load.ts')] as const
  try {
    const open: Open = { do: 'open', wire, port, sockets: warm, firstUser, rooms: [] }
    await clients[0].ask(open)
    const before = await memory(server)
    await clients[1].ask({ ...open, sockets: connections, firstUser: firstUser + warm })
    const after = await memory(server)
    return {
      resident: (after.resident - before.resident) / connections,
      live: (after.live - before.live) / connections,
      timers: (after.timers - before.timers) / connections,
    }
  } finally {
    for (const client of clients) await client.stop()
  }
}
