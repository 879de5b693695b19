// Frames out to a Socket.IO 4 connection, Engine.IO 3 or 4. On an open WebSocket with nothing waiting in the engine the
// chunk goes to the TCP socket itself. On HTTP long-polling, in an upgrade, or while the engine holds packets, each
// frame becomes a packet again and waits in the engine's own queue: order is kept, and a poll takes all of a turn.

import type { Socket } from 'node:net'
import type { Socket as SocketIoSocket } from 'socket.io'
import type { WebSocket } from 'ws'
import { sharedTexts } from './frame.ts'
import { HELD_PACKET_BYTES, UNSENT_BYTES } from './limits.ts'
import { type Late, put } from './socket.ts'
import type { Transport } from './transport.ts'
import { idleSocket, writeGathered } from './ws.ts'

/** The parts of engine.io 6 that are used here. */
interface EngineConnection {
  readonly readyState: string
  readonly upgrading: boolean
  readonly writeBuffer: readonly { readonly data?: string | Buffer }[]
  readonly transport: { readonly name: string; writable: boolean; readonly socket?: WebSocket }
  write(text: string): unknown
  flush(): void
}

export class EngineTransport implements Transport, Late {
  late = 0
  readonly #conn: EngineConnection
  /** Upper bound of the bytes this transport left in the engine's queue. */
  #held = 0

  constructor(conn: SocketIoSocket['conn']) {
    this.#conn = conn as unknown as EngineConnection
  }

  get open(): boolean {
    return this.#conn.readyState === 'open'
  }

  get unsent(): number {
    const queue = this.#conn.writeBuffer
    if (queue.length === 0) this.#held = 0
    else if (this.#held > UNSENT_BYTES) {
      this.#held = queue.reduce((sum, packet) => sum + HELD_PACKET_BYTES + (packet.data?.length ?? 0), 0)
    }
    return this.#held + this.late + (this.#conn.transport.socket?.bufferedAmount ?? 0)
  }

  write(chunk: Buffer): void {
    const socket = this.#direct()
    if (socket !== undefined) put(socket, chunk, this)
    else this.#enqueue([chunk])
  }

  writeAll(chunks: readonly Buffer[]): void {
    const socket = this.#direct()
    if (socket !== undefined) writeGathered(socket, chunks)
    else this.#enqueue(chunks)
  }

  #direct(): Socket | undefined {
    const { transport, readyState, upgrading, writeBuffer } = this.#conn
    if (readyState !== 'open' || upgrading || writeBuffer.length > 0 || transport.name !== 'websocket') return undefined
    const ws = transport.socket
    return ws !== undefined && ws.readyState === 1 ? idleSocket(ws) : undefined
  }

  /** All packets first, then one flush: an open poll would otherwise leave with the first of them alone. */
  #enqueue(chunks: readonly Buffer[]): void {
    const conn = this.#conn
    if (conn.readyState !== 'open') return
    const { transport } = conn
    const { writable } = transport
    transport.writable = false
    for (const chunk of chunks) {
      for (const text of sharedTexts(chunk)) {
        conn.write(text.slice(1))
        this.#held += text.length + HELD_PACKET_BYTES
      }
    }
    transport.writable = writable
    conn.flush()
  }
}
