// A client's WebSocket as both live wires have it: what it sends is taken in turns (turns.ts) and counted, and until somebody
// has logged in its frames are small. It costs an idle connection a few fields.
import type { Duplex } from 'node:stream'
import { WebSocket, WebSocketServer } from 'ws'
import { FLOOD_GROSS, FLOOD_STRIKES, LATE_MESSAGES, STRANGER_FRAME } from '../limits.ts'
import type { Intake, Waiting } from './turns.ts'

/** ms in which `limits.flood` requests a second are counted. */
const SECOND = 1_000

export interface ClientSocketOptions {
  readonly intake: Intake
  /** Messages a second that a client may send, `limits.flood`. */
  readonly most: number
  /** It sends more and more: to be closed by the wire's own code. */
  flooded(socket: ClientSocket): void
}

type Event = readonly [event: 'message', data: unknown, isBinary: boolean] | readonly [event: 'close', ...unknown[]]

/** The parts of ws 8 that are used here; none is documented, so each is looked for before it is used. */
interface Parts {
  readonly _receiver?: Receiver
}

interface Receiver {
  _maxPayload?: number
  readonly _bufferedBytes?: number
  readonly _totalPayloadLength?: number
  /** False ends the reading of frames out of what came, after the one that is being read. */
  _loop?: boolean
  /** Goes on with it. */
  startLoop?(done: (error?: Error) => void): void
  destroy(error: Error): void
}

export class ClientSocket extends WebSocket implements Waiting {
  /** Set right after it is made, by whoever makes it. */
  declare options: ClientSocketOptions
  /** Nobody has logged in here so far. */
  stranger = true
  /** What was made out and not yet taken: one message, as a rule. null while nothing of it waits. */
  #held: Event[] | null = null
  /** Whoever listens wants no more for now. */
  #paused = false
  /** It waits in no line, but for whoever listens. */
  #parked = false
  /** It is read no more, whatever becomes of it. */
  #deaf = false
  /** Messages since it is closing. */
  #late = 0
  #turn = -1
  #taken = 0
  #second = 0
  #arrived = 0
  #strikes = 0
  /** ms, of the last message that came or was taken. */
  #last = 0

  /** Somebody has logged in: frames may have this many bytes. */
  admit(bytes: number): void {
    this.stranger = false
    boundFrames(this, bytes)
  }

  /** Bytes of frames that have come in part. */
  get arriving(): number {
    const { _receiver: receiver } = this as unknown as Parts
    return (receiver?._bufferedBytes ?? 0) + (receiver?._totalPayloadLength ?? 0)
  }

  override emit(event: string | symbol, ...args: unknown[]): boolean {
    if (event === 'message') return this.#came(args as [unknown, boolean])
    // They are no messages, but take time too.
    if ((event === 'ping' || event === 'pong') && !this.#admits()) return false
    if (event === 'close' && this.#held !== null) {
      this.#held.push(['close', ...args])
      return true
    }
    return super.emit(event, ...args)
  }

  override pause(): void {
    this.#paused = true
    super.pause()
  }

  override resume(): void {
    this.#paused = false
    if (this.#held === null) {
      if (!this.#deaf) super.resume()
    } else if (this.#parked) {
      this.#parked = false
      this.options.intake.wait(this)
    }
  }

  /** What waits is forgotten: nobody is answered after the end. */
  override close(code?: number, reason?: string | Buffer): void {
    this.#drop()
    super.close(code, reason)
  }

  override terminate(): void {
    this.#drop()
    super.terminate()
  }

  takeOne(): boolean {
    if (this.#held === null) return false
    if (this.#paused) {
      this.#parked = true
      return false
    }
    this.#last = performance.now()
    const took = this.#takeHeld() || this.#readOne()
    if (this.#held === null) return false
    if (this.#held.length > 0 || (took && this.arriving > 0)) return true
    this.#held = null
    if (!this.#paused && !this.#deaf) super.resume()
    return false
  }

  #takeHeld(): boolean {
    const next = this.#held?.shift()
    if (next === undefined) return false
    const [event, ...args] = next
    super.emit(event, ...args)
    return true
  }

  /** One more of those that have come and were not made out yet. */
  #readOne(): boolean {
    const { _receiver: receiver } = this as unknown as Parts
    if (!receiver?.startLoop || this.readyState !== WebSocket.OPEN) return false
    receiver.startLoop(error => {
      if (error) receiver.destroy(error)
    })
    return this.#takeHeld()
  }

  /** Counts what came; false where nothing more is taken. */
  #admits(): boolean {
    if (this.readyState !== WebSocket.OPEN) {
      // It may have sent some before it heard of the end, but need not go on.
      if (++this.#late > LATE_MESSAGES) this.#stopReading()
      return false
    }
    if (!this.#overruns()) return true
    this.options.flooded(this)
    this.#stopReading()
    return false
  }

  #came(message: [unknown, boolean]): boolean {
    if (!this.#admits()) return false
    const { intake } = this.options
    if (this.#held !== null) {
      this.#hold(message)
      return true
    }
    if (this.#turn !== intake.turn) {
      this.#turn = intake.turn
      this.#taken = 0
    }
    if (!this.#paused && intake.admits(this.#taken)) {
      this.#taken++
      return super.emit('message', ...message)
    }
    this.#held = []
    this.#hold(message)
    super.pause()
    if (this.#paused) this.#parked = true
    else intake.wait(this)
    return true
  }

  /** What came behind it stays as it came: to make it out takes time as well. */
  #hold(message: [unknown, boolean]): void {
    this.#held?.push(['message', ...message])
    const { _receiver: receiver } = this as unknown as Parts
    if (receiver) receiver._loop = false
  }

  /** It has sent more than it may in each of several seconds, as far as it was read; or much more; or it is a stranger. */
  #overruns(): boolean {
    const now = performance.now()
    if (now - this.#second >= SECOND) {
      // Not read for long is no silence of its own.
      if (this.#arrived <= this.options.most || now - this.#last >= SECOND) this.#strikes = 0
      this.#second = now
      this.#arrived = 0
    }
    this.#last = now
    this.#arrived++
    if (this.#arrived > FLOOD_GROSS * this.options.most) return true
    if (this.#arrived !== this.options.most + 1) return false
    return ++this.#strikes >= FLOOD_STRIKES || this.stranger
  }

  /** Until the time for closing is over. */
  #stopReading(): void {
    this.#deaf = true
    super.pause()
  }

  /** All but the end, which whoever listens must hear of. */
  #drop(): void {
    if (this.#held === null) return
    const [end, ...how] = this.#held.find(([event]) => event === 'close') ?? []
    this.#held = null
    if (end) process.nextTick(() => super.emit(end, ...how))
    else if (!this.#paused && !this.#deaf) super.resume()
  }
}

/** A server whose sockets are these. */
export function clientSockets(
  options: ConstructorParameters<typeof WebSocketServer>[0],
  bounds: ClientSocketOptions,
): WebSocketServer {
  // closeTimeout and options of a class that extends WebSocket are newer than the types of the library.
  const server = new WebSocketServer({ ...options, WebSocket: ClientSocket } as typeof options)
  const upgrade = server.handleUpgrade
  server.handleUpgrade = function (this: WebSocketServer, request, socket: Duplex, head: Buffer, taken): void {
    upgrade.call(this, request, socket, head, (ws, ...more) => {
      ;(ws as ClientSocket).options = bounds
      boundFrames(ws, STRANGER_FRAME)
      taken(ws, ...more)
    })
  }
  return server
}

function boundFrames(ws: WebSocket, bytes: number): void {
  const { _receiver: receiver } = ws as unknown as Parts
  if (typeof receiver?._maxPayload === 'number') receiver._maxPayload = bytes
}
