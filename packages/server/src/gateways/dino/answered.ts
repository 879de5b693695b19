// What the library answers by itself, before and beside any session: a ping of the third generation, and every wish to
// be connected to a namespace, of which it makes a new socket each time that several come at once. None of that passes
// an outlet, so somebody who never logs in could fill the memory with it; here it is counted.
import type { Socket as SocketIoSocket } from 'socket.io'
import { ANSWERED, ANSWERED_WINDOW } from './limits.ts'

/** The parts of an engine.io connection that are used here. */
type Connection = SocketIoSocket['conn'] & {
  on(event: 'packet', listener: (packet: Packet) => void): unknown
  close(discard?: boolean): void
}

interface Packet {
  readonly type: string
  readonly data?: unknown
}

/** Cuts a connection that makes the library answer more than any client does. */
export function boundAnswered(conn: SocketIoSocket['conn'], now: () => number): void {
  let began = Number.NEGATIVE_INFINITY
  let answered = 0
  const connection = conn as Connection
  connection.on('packet', packet => {
    if (!isAnswered(packet)) return
    const at = now()
    if (Math.abs(at - began) >= ANSWERED_WINDOW) {
      began = at
      answered = 0
    }
    if (++answered > ANSWERED) connection.close(true)
  })
}

/** Type 0 of the Socket.IO protocol is CONNECT; a message is text that begins with its type. */
function isAnswered({ type, data }: Packet): boolean {
  return type === 'ping' || (type === 'message' && typeof data === 'string' && data.charCodeAt(0) === 0x30)
}
