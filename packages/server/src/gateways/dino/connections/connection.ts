// One Engine.IO connection as this wire keeps it: whose it is, when it was last heard of, and how often the library answered
// it by itself. Over a WebSocket it stands between the transport and the library's connection, in the place of listeners.
// Times are counted in sweeps (./connections.ts), so that a machine that stood still takes nobody for gone.
import type { Socket as SocketIoSocket } from 'socket.io'
import { STRANGER_FRAME } from '../../../limits.ts'
import type { ClientSocket } from '../../client-socket.ts'
import { ANSWERED, CLOSE_TIMEOUT, PACKET_BYTES } from '../limits.ts'
import { type Carried, type Packet, WebSocketTransport } from './websocket.ts'

export type Conn = SocketIoSocket['conn']

/** The parts of an engine.io 6 connection that are used here. Its types hide them, so they are looked for before use. */
interface Parts {
  onPacket(packet: Packet): void
  onError(error: Error): void
  onClose(reason: string): void
  onDrain(): void
  flush(): void
  cleanupFn: unknown[]
  pingIntervalTimer: NodeJS.Timeout | null
  pingTimeoutTimer: NodeJS.Timeout | null
  sendPacket(type: 'ping'): void
}

/** The parts of a transport that bound what comes: of one that polls, and of a WebSocket. */
interface Bounded {
  maxHttpBufferSize?: number
  /** ms that one which polls has for its last poll. */
  closeTimeout?: number
  readonly socket?: Partial<Pick<ClientSocket, 'admit'>>
}

/** What all connections share. Times are in sweeps. */
export interface Sweeps {
  /** Sweeps so far. */
  readonly count: number
  /** From the last answer to the next ping, in the fourth generation. */
  readonly interval: number
  /** That a ping has for its answer; in the third generation what comes on top of the interval. */
  readonly timeout: number
  /** In which a connection may have so much answered as ANSWERED. */
  readonly window: number
  /** That it may stay without anybody having logged in. */
  readonly stay: number
  /** That its client has for fetching its end. */
  readonly leaving: number
}

/** Whoever is served on a connection, usually the session. */
export interface Owner {
  /** Closes it as this wire does. */
  end(): void
}

export class Connection implements Carried {
  readonly conn: Conn
  readonly #sweeps: Sweeps
  /** The client's, as proxies told it: the request that told it is not kept. */
  readonly address: string
  /** The library's timers are gone, and the sweep does what they did. */
  readonly #beaten: boolean
  /** The sweep at which it was last heard of, or at which it was pinged. */
  #since: number
  #pinged = false
  /** It has said something else since the ping, which counts once. */
  #extended = false
  #window: number
  #answered = 0
  /** Who is served on it, if anybody is yet. */
  owner: Owner | null = null
  /** The sweep at which it came; null when somebody has logged in. */
  #stranger: number | null
  /** The sweep at which it was first seen to be closing. */
  #left: number | null = null

  constructor(conn: Conn, address: string, sweeps: Sweeps) {
    this.conn = conn
    this.address = address
    this.#sweeps = sweeps
    this.#since = sweeps.count
    this.#window = sweeps.count
    this.#stranger = sweeps.count
    this.#beaten = takeTimers(conn)
  }

  onPacket(packet: Packet): void {
    this.heard(packet)
    this.#parts.onPacket(packet)
  }

  onError(error: Error): void {
    this.#parts.onError(error)
  }

  onClose(): void {
    this.#parts.onClose('transport close')
  }

  onDrain(): void {
    this.#parts.onDrain()
    this.#parts.flush()
  }

  /** For every packet of the client, before the library reads it. */
  heard({ type, data }: Packet): void {
    if (type === (this.#isThird ? 'ping' : 'pong')) {
      this.#since = this.#sweeps.count
      this.#pinged = false
    } else if (this.#pinged && !this.#extended) {
      this.#since = this.#sweeps.count
      this.#extended = true
    }
    if (isAnswered(type, data) && this.#count() > ANSWERED) this.conn.close(true)
  }

  /** Somebody has logged in. */
  admit(): void {
    this.#stranger = null
    this.bound()
  }

  /** What strangers send is small. */
  bound(): void {
    const { transport } = this.conn as unknown as { transport: Bounded }
    const isStranger = this.#stranger !== null
    if (transport.maxHttpBufferSize !== undefined)
      transport.maxHttpBufferSize = isStranger ? STRANGER_FRAME : PACKET_BYTES
    if (transport.closeTimeout !== undefined) transport.closeTimeout = CLOSE_TIMEOUT
    if (!isStranger) transport.socket?.admit?.(PACKET_BYTES)
  }

  /** Nobody has logged in for too long. Said once. */
  overstays(): boolean {
    if (this.#stranger === null || this.#sweeps.count - this.#stranger < this.#sweeps.stay) return false
    this.#stranger = null
    return true
  }

  /** It is closing, and the library waits until its client has fetched what is left, if need be for ever: who polls may never
   * come, and post on. */
  leaves(): void {
    if (this.#left === null) this.#left = this.#sweeps.count
    else if (this.#sweeps.count - this.#left >= this.#sweeps.leaving) this.conn.close(true)
  }

  /** What a sweep asks of it: to be pinged when that is due, and its end when no answer came. */
  beat(): void {
    if (!this.#beaten) return
    const { count, interval, timeout } = this.#sweeps
    const silent = count - this.#since
    const most = this.#isThird ? interval + timeout : this.#pinged ? timeout : interval
    if (silent < most) return
    if (this.#isThird || this.#pinged) {
      this.#parts.onClose('ping timeout')
      return
    }
    this.#since = count
    this.#pinged = true
    this.#extended = false
    this.#parts.sendPacket('ping')
  }

  get #parts(): Parts {
    return this.conn as unknown as Parts
  }

  /** Clients of the third generation ping, those of the fourth are pinged. */
  get #isThird(): boolean {
    return this.conn.protocol === 3
  }

  #count(): number {
    const { count, window } = this.#sweeps
    if (count - this.#window >= window) {
      this.#window = count
      this.#answered = 0
    }
    return ++this.#answered
  }
}

/** Type 0 of the Socket.IO protocol is CONNECT; a message is text that begins with its type. */
function isAnswered(type: string, data: unknown): boolean {
  return type === 'ping' || (type === 'message' && typeof data === 'string' && data.charCodeAt(0) === 0x30)
}

const TIMERS = ['pingIntervalTimer', 'pingTimeoutTimer'] as const
const CALLS = ['onPacket', 'onError', 'onClose', 'onDrain', 'flush'] as const

/** Stops the heartbeat of the library's own, where it is made as we know it. */
function takeTimers(conn: Conn): boolean {
  const parts = conn as unknown as Parts
  if (typeof parts.sendPacket !== 'function' || typeof parts.onClose !== 'function') return false
  if (!TIMERS.every(name => Object.hasOwn(parts, name))) return false
  for (const name of TIMERS) {
    if (parts[name]) clearTimeout(parts[name])
    parts[name] = null
  }
  return true
}

/** From now on its transport calls it, and what the library listened with goes. False: the library's own way stays. */
export function carry(connection: Connection): boolean {
  const parts = connection.conn as unknown as Parts
  const transport: unknown = connection.conn.transport
  if (!(transport instanceof WebSocketTransport) || !Array.isArray(parts.cleanupFn)) return false
  if (!CALLS.every(name => typeof parts[name] === 'function')) return false
  transport.carry(connection)
  parts.cleanupFn = []
  return true
}
