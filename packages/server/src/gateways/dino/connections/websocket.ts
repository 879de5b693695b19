// The WebSocket transport of Engine.IO, with nothing made for each connection that all can share: the library's own keeps
// seven functions and two tables of listeners for each. While a client goes over from polling it emits, as the library's
// does; from the moment it carries a connection it calls that.
import { Transport } from 'engine.io'
import type { WebSocket } from 'ws'

/** What a transport calls instead of emitting. */
export interface Carried {
  onPacket(packet: Packet): void
  onError(error: Error): void
  onClose(): void
  /** What was sent is on its way, and more may follow. */
  onDrain(): void
}

type Handshake = ConstructorParameters<typeof Transport>[0] & { readonly websocket?: unknown }
export type Packet = Parameters<Transport['send']>[0][number]
/** Of both generations; what it encodes it hands over before it returns. */
type Encode = (packet: Packet, binary: boolean, encoded: (text: string | Buffer) => void) => void

export class WebSocketTransport extends Transport {
  readonly socket: WebSocket
  /** null while it is tried out. */
  #carried: Carried | null = null
  /** Set by the library; frames are never compressed here. */
  perMessageDeflate: unknown = null

  constructor(request: Handshake) {
    super(request)
    this.socket = request.websocket as WebSocket
    this.writable = true
    const owned = this.socket as Owned
    owned[TRANSPORT] = this
    // The library listens until a transport does.
    owned.removeAllListeners('error')
    owned.on('message', received).on('close', closed).on('error', failed)
  }

  /** Nobody listens from now on, and an emitter without listeners needs no table of them: Node makes one when it is wanted. */
  carry(carried: Carried): void {
    this.removeAllListeners()
    ;(this as { _events?: unknown })._events = undefined
    this.#carried = carried
  }

  get name(): string {
    return 'websocket'
  }

  override send(packets: Packet[]): void {
    this.writable = false
    const encode = this.parser.encodePacket as Encode
    const last = packets.length - 1
    packets.forEach((packet, index) => {
      const sent = (error?: Error): void => this.#sent(index === last, error)
      encode(packet, this.supportsBinary, text => this.socket.send(text, sent))
    })
  }

  override doClose(closed?: () => void): void {
    this.socket.close()
    closed?.()
  }

  override onData(data: string | Buffer): void {
    super.onData(data)
  }

  override onPacket(packet: Packet): void {
    if (this.#carried === null) super.onPacket(packet)
    else this.#carried.onPacket(packet)
  }

  override onError(message: string, description?: unknown): void {
    if (this.#carried === null) super.onError(message, description)
    else this.#carried.onError(Object.assign(new Error(message), { type: 'TransportError', description }))
  }

  override onClose(): void {
    if (this.#carried === null) {
      super.onClose()
      return
    }
    this.readyState = 'closed'
    this.#carried.onClose()
  }

  #sent(last: boolean, error?: Error): void {
    if (error) {
      this.onError('write error', error.stack)
      return
    }
    if (!last) return
    this.writable = true
    if (this.#carried !== null) this.#carried.onDrain()
    else {
      this.emit('drain')
      this.emit('ready')
    }
  }
}

const TRANSPORT = Symbol('transport')
type Owned = WebSocket & { [TRANSPORT]: WebSocketTransport }

function received(this: WebSocket, data: unknown, isBinary: boolean): void {
  ;(this as Owned)[TRANSPORT].onData(isBinary ? (data as Buffer) : (data as Buffer).toString())
}

function closed(this: WebSocket): void {
  ;(this as Owned)[TRANSPORT].onClose()
}

function failed(this: WebSocket, error: Error): void {
  ;(this as Owned)[TRANSPORT].onError(error.message)
}
