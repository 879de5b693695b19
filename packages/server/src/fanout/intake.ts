// Takes the text events of one Socket.IO socket as they come off its connection. The library's own way decodes a packet
// character by character, emits it five times and waits a turn of its queue; everything that is not plainly an event of
// this namespace (binary, acks, what is malformed) still goes that way, and gets the library's own answers.

import type { Socket as SocketIoSocket } from 'socket.io'

/** Whoever serves a socket, usually the session. */
export interface EventTaker {
  readonly socket: SocketIoSocket
  /** One event of the client. `ack`: the number under which it wants an answer; null for none. Must not throw. */
  take(name: string, args: readonly unknown[], ack: number | null): void
}

/** The parts of socket.io 4 that are used here. */
interface Decoder {
  readonly reconstructor?: unknown
  add(packet: unknown): void
  [TAKER]?: EventTaker
  /** The library hands on what it decoded a little later: until then nothing may pass it by. */
  [BEHIND]?: boolean
}

const TAKER = Symbol('taker')
const BEHIND = Symbol('behind')
const EVENT = '2'
const COMMA = 0x2c
const OPENING_BRACKET = 0x5b
const ZERO = 0x30
/** Digits of an ack's number that a double still holds exactly. */
const ACK_DIGITS = 15
/** Names that the library keeps for itself, and refuses. */
const RESERVED: ReadonlySet<unknown> = new Set([
  'connect',
  'connect_error',
  'disconnect',
  'disconnecting',
  'newListener',
  'removeListener',
])

/** From now on it takes its socket's text events. */
export function takeEvents(taker: EventTaker): void {
  const { decoder } = taker.socket.client as unknown as { readonly decoder?: Decoder }
  // Another version keeps its decoder elsewhere: then all goes the library's way.
  if (typeof decoder?.add !== 'function') return
  decoder[TAKER] = taker
  decoder.add = add
}

function add(this: Decoder, packet: unknown): void {
  const taker = this[TAKER] as EventTaker
  const isDirect = typeof packet === 'string' && !this[BEHIND] && !this.reconstructor && taker.socket.connected
  if (isDirect && taken(taker, packet)) return
  Object.getPrototypeOf(this).add.call(this, packet)
  this[BEHIND] = true
  process.nextTick(caughtUp, this)
}

function caughtUp(decoder: Decoder): void {
  decoder[BEHIND] = false
}

/** False for what the library has to look at. */
function taken(taker: EventTaker, packet: string): boolean {
  const { name: namespace } = taker.socket.nsp
  const start = namespace.length + 2
  if (!packet.startsWith(EVENT) || !packet.startsWith(namespace, 1) || packet.charCodeAt(start - 1) !== COMMA)
    return false
  let at = start
  let ack = 0
  for (let digit = packet.charCodeAt(at) - ZERO; digit >= 0 && digit <= 9; digit = packet.charCodeAt(at) - ZERO) {
    ack = ack * 10 + digit
    at++
  }
  const digits = at - start
  if (digits > ACK_DIGITS || packet.charCodeAt(at) !== OPENING_BRACKET) return false
  let args: unknown
  try {
    args = JSON.parse(packet.slice(at))
  } catch {
    return false
  }
  if (!Array.isArray(args)) return false
  const [name] = args
  if (typeof name !== 'string' || RESERVED.has(name)) return false
  taker.take(name, args, digits === 0 ? null : ack)
  return true
}
