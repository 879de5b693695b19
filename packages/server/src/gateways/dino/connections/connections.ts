// Every Engine.IO connection of this node, freed of what the library keeps of each once it is open: the request that began
// it, its timers, its bound functions. One sweep for all does what the timers did (decisions/0030).
import type { IncomingMessage } from 'node:http'
import type { Socket as NetSocket } from 'node:net'
import type { Server } from 'socket.io'
import { ANSWERED_WINDOW, CLOSE_TIMEOUT, PACKET_BYTES, STRANGERS_LOOKS, SWEEP } from '../limits.ts'
import { type Conn, Connection, carry, type Owner, type Sweeps } from './connection.ts'
import { WebSocketTransport } from './websocket.ts'

type Engine = Server['engine']
/** What the library hides of itself. */
interface Parts {
  readonly opts: { readonly pingInterval: number; readonly pingTimeout: number }
  createTransport(name: string, request: Handshake): unknown
  handleUpgrade(request: IncomingMessage, socket: NetSocket, head: Buffer): void
}
type Handshake = ConstructorParameters<typeof WebSocketTransport>[0]

const OURS = Symbol('connection')
type Owned = Conn & { [OURS]: Connection }

/** What becomes of connections on which nobody logs in: the library looks only whether a client is connected to some
 * namespace, which those of Engine.IO 3 are by themselves. */
export interface Strangers {
  /** ms that one may stay. */
  readonly stay: number
  end(conn: Conn): void
}

export class Connections implements Sweeps {
  count = 0
  readonly stay: number
  readonly interval: number
  readonly timeout: number
  readonly window: number
  readonly leaving: number
  readonly #open = new Set<Connection>()
  readonly #timer: NodeJS.Timeout
  readonly #strangers: Strangers

  /** Before anything else changes the engine, and before it has connections. `sweep`: ms between looks at all of them. */
  constructor(
    engine: Engine,
    addressOf: (request: IncomingMessage) => string,
    strangers: Strangers,
    sweep = Math.min(SWEEP, strangers.stay / STRANGERS_LOOKS),
  ) {
    this.#strangers = strangers
    this.stay = Math.ceil(strangers.stay / sweep)
    const { pingInterval, pingTimeout } = (engine as unknown as Parts).opts
    this.interval = Math.ceil(pingInterval / sweep)
    this.timeout = Math.ceil(pingTimeout / sweep)
    this.window = Math.ceil(ANSWERED_WINDOW / sweep)
    this.leaving = Math.ceil(CLOSE_TIMEOUT / sweep)
    shareTransports(engine as unknown as Parts)
    forgetUpgrades(engine as unknown as Parts)
    engine.on('connection', (conn: Conn) => this.#take(conn, addressOf(conn.request)))
    this.#timer = setInterval(() => this.sweep(), sweep)
    this.#timer.unref()
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #take(conn: Conn, address: string): void {
    const connection = new Connection(conn, address, this)
    this.#open.add(connection)
    const owned = conn as Owned
    owned[OURS] = connection
    // As the library's own pages on memory do: nothing reads it after the handshake.
    owned.request = null as never
    connection.bound()
    if (carry(connection)) return
    owned.on('packet', heard)
    owned.on('upgrade', upgraded)
  }

  sweep(): void {
    this.count += 1
    for (const connection of this.#open) {
      if (connection.conn.readyState === 'closed') this.#open.delete(connection)
      else if (connection.conn.readyState === 'closing') connection.leaves()
      else if (connection.overstays()) this.#strangers.end(connection.conn)
      else connection.beat()
    }
  }
}

/** The address of a connection's client. */
export function addressOf(conn: Conn): string {
  return (conn as Owned)[OURS].address
}

/** Bytes of a post that has come by half: the library keeps them until it is whole. Of a connection that brought other posts before
 * it may be more, and never more than the whole. */
export function posting({ transport }: Conn): number {
  const { dataReq: request } = transport as unknown as { readonly dataReq?: IncomingMessage | null }
  if (!request) return 0
  return Math.min(request.socket.bytesRead, Number(request.headers['content-length'] ?? PACKET_BYTES))
}

/** From now on somebody is served on a connection. */
export function own(conn: Conn, owner: Owner): void {
  ;(conn as Owned)[OURS].owner = owner
}

/** Ends a connection, by whoever is served on it if anybody is. */
export function endConnection(conn: Conn): void {
  const { owner } = (conn as Owned)[OURS]
  if (owner) owner.end()
  else conn.close()
}

/** Somebody has logged in on a connection. */
export function admit(conn: Conn): void {
  ;(conn as Owned | undefined)?.[OURS]?.admit()
}

function heard(this: Conn, packet: Parameters<Connection['heard']>[0]): void {
  ;(this as Owned)[OURS].heard(packet)
}

function upgraded(this: Conn): void {
  ;(this as Owned)[OURS].bound()
  if (carry((this as Owned)[OURS])) this.off('packet', heard).off('upgrade', upgraded)
}

function shareTransports(engine: Parts): void {
  if (typeof engine.createTransport !== 'function') return
  const create = engine.createTransport.bind(engine)
  engine.createTransport = (name, request) =>
    name === 'websocket' ? new WebSocketTransport(request) : create(name, request)
}

/** How the library's answer to an upgrade waits for the end of its socket, and so keeps the request until then. Nobody
 * waits for that answer. */
const WAITING = '() => this.emit("close")'
type Once = (() => void) & { readonly listener?: () => void }

function forgetUpgrades(engine: Parts): void {
  const upgrade = engine.handleUpgrade.bind(engine)
  engine.handleUpgrade = (request, socket, head) => {
    upgrade(request, socket, head)
    for (const listener of socket.rawListeners('close') as Once[])
      if (String(listener.listener) === WAITING) socket.off('close', listener)
  }
}
