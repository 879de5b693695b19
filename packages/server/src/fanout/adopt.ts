// Makes Socket.IO's own packets of one socket (acks, emits, disconnect) go through its outlet, so that they keep their
// place among the frames of its groups instead of overtaking them.

import type { Socket as SocketIoSocket } from 'socket.io'
import { textFrame } from './frame.ts'
import type { Outlet } from './outlet.ts'

/** Packet types of the Socket.IO protocol 5 that matter here. */
const DISCONNECT = 1
const ACK = 3

/** The ack function of an adopted socket: its number lets a gateway write `43/ws,<id>[json]` from text it has already. */
export type Ack = ((...args: unknown[]) => void) & { readonly id: number }

interface Packet {
  type: number
  nsp?: string
  id?: number
  data?: unknown
}

/** The parts of socket.io 4 that are used here. */
interface Adopted {
  readonly nsp: { readonly name: string }
  readonly client: {
    readonly encoder: { encode(packet: Packet): (string | Buffer)[] }
    _packet(packet: Packet, options: object): void
  }
  [OUTLET]?: Outlet
  packet(packet: Packet, options?: object): void
  ack(id: number): Ack
}

const OUTLET = Symbol('outlet')

/** From now on `socket.emit`, acks and `disconnect` of this socket keep their order with `outlet.write` and its groups. */
export function adopt(socket: SocketIoSocket, outlet: Outlet): void {
  const adopted = socket as unknown as Adopted
  adopted[OUTLET] = outlet
  adopted.packet = packet
  adopted.ack = ack
}

function packet(this: Adopted, packet: Packet, options: object = {}): void {
  const outlet = this[OUTLET]!
  packet.nsp = this.nsp.name
  if (packet.type !== DISCONNECT) {
    const encoded = this.client.encoder.encode(packet)
    if (encoded.length === 1 && typeof encoded[0] === 'string') {
      outlet.write(textFrame(`4${encoded[0]}`))
      return
    }
  }
  outlet.flush()
  this.client._packet(packet, options)
}

function ack(this: Adopted, id: number): Ack {
  let sent = false
  const send = (...args: unknown[]): void => {
    if (sent) return
    sent = true
    this.packet({ id, type: ACK, data: args })
  }
  return Object.assign(send, { id })
}
