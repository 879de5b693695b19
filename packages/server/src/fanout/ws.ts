// Frames out to a server-side `ws` WebSocket (8.x, perMessageDeflate off). While the library's own sender is idle the
// chunk goes to the TCP socket itself; otherwise, or if a later version hides its parts, frame by frame through send().

import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import { frameTexts } from './frame.ts'
import { type Late, put } from './socket.ts'
import type { Transport } from './transport.ts'

const OPEN = 1
const IDLE = 0

/** The parts of ws 8 that are read here; none is documented, so each is checked before use. */
interface WsParts {
  readonly readyState: number
  readonly bufferedAmount: number
  readonly _socket?: Socket | null
  readonly _sender?: { _state?: number; _queue?: unknown[]; _firstFragment?: boolean } | null
}

/**
 * The TCP socket of a WebSocket, when a chunk may be put on it now: nothing is being deflated or read from a Blob,
 * nothing is queued behind that, and no fragmented message is half sent.
 */
export function idleSocket(ws: WebSocket): Socket | undefined {
  const { _sender: sender, _socket: socket } = ws as unknown as WsParts
  if (!sender || !socket) return undefined
  return sender._state === IDLE && sender._queue?.length === 0 && sender._firstFragment === true ? socket : undefined
}

/** Several chunks, one gather write. */
export function writeGathered(socket: Socket, chunks: readonly Buffer[]): void {
  socket.cork()
  for (const chunk of chunks) socket.write(chunk)
  socket.uncork()
}

export class WsTransport implements Transport, Late {
  late = 0
  readonly #ws: WebSocket

  constructor(ws: WebSocket) {
    this.#ws = ws
  }

  get open(): boolean {
    return this.#ws.readyState === OPEN
  }

  get unsent(): number {
    return this.#ws.bufferedAmount + this.late
  }

  write(chunk: Buffer): void {
    if (!this.open) return
    const socket = idleSocket(this.#ws)
    if (socket !== undefined) put(socket, chunk, this)
    else for (const text of frameTexts(chunk)) this.#ws.send(text)
  }

  writeAll(chunks: readonly Buffer[]): void {
    if (!this.open) return
    const socket = idleSocket(this.#ws)
    if (socket !== undefined) writeGathered(socket, chunks)
    else for (const chunk of chunks) this.write(chunk)
  }
}
