// Makes Socket.IO's own packets of one socket (acks, emits, disconnect) go through its outlet, so that they keep their
// place among the frames of its groups instead of overtaking them. What all sockets do alike they share: none has a
// function of its own.

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
  /** Runs what `use` was given, then the listeners. */
  dispatch(event: readonly unknown[]): void
}

/** An owner of an outlet that takes the events of its client itself: name, arguments, and the ack where one is wanted. */
export interface Receiver {
  /** Must not throw. */
  receive(event: readonly unknown[]): void
}

const OUTLET = Symbol('outlet')

/**
 * From now on `socket.emit`, acks and `disconnect` of this socket keep their order with `outlet.write` and its groups. Where
 * the owner of the outlet is a Receiver, no listener hears of events: a client may name them as it likes, also `error`.
 */
export function adopt(socket: SocketIoSocket, outlet: Outlet): void {
  const adopted = socket as unknown as Adopted
  adopted[OUTLET] = outlet
  adopted.packet = packet
  adopted.ack = ack
  const owner = outlet.owner as Partial<Receiver>
  if (typeof owner.receive !== 'function') return
  if (typeof adopted.dispatch === 'function') adopted.dispatch = dispatch
  else socket.use(event => owner.receive!(event))
}

/** What an adopted socket goes out through. */
export function outletOf(socket: SocketIoSocket): Outlet {
  return (socket as unknown as Adopted)[OUTLET]!
}

function dispatch(this: Adopted, event: readonly unknown[]): void {
  ;(this[OUTLET]!.owner as unknown as Receiver).receive(event)
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
