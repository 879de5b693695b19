// A client that costs next to nothing: a TCP socket that reads into one Buffer shared by all, walks frame heads and counts.
// Texts are made only where someone listens, and for frames so short that they may be a heart-beat. What a frame is, the
// classes beside it say: websocket.ts, and those of the other protocols in peers.ts.

import { connect, type Socket } from 'node:net'

const READ = Buffer.allocUnsafe(256 * 1024)
/** Frames shorter than this are shown to `onShort` whole: heart-beats of all wires. */
export const SHORT = 64

export abstract class LoadSocket {
  frames = 0
  bytes = 0
  /** Every frame as bytes of a Buffer that is used again at once, while set. */
  onFrame: ((buffer: Buffer, start: number, end: number) => void) | undefined
  /** Short frames as text, while `onFrame` is not set. */
  onShort: ((text: string) => void) | undefined
  onClose: (() => void) | undefined
  closed = false
  /** Of the frame that `frameAt` was asked for: bytes before its text, and whether it counts. */
  protected head = 0
  protected counts = true
  readonly #socket: Socket
  #carry: Buffer | undefined
  #skip = 0

  protected constructor(port: number) {
    this.#socket = connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      onread: {
        buffer: READ,
        callback: length => {
          this.#read(READ, length)
          return true
        },
      },
    })
    this.#socket.on('error', () => {})
    this.#socket.on('close', () => {
      this.closed = true
      this.onClose?.()
    })
  }

  /** The length of the frame that begins at `at`, its head included; 0 while too little of it is there to say. */
  protected abstract frameAt(buffer: Buffer, at: number, size: number): number

  /** Sends one message of the wire. */
  abstract send(text: string): void

  /** Everything that was there has been read. */
  protected afterRead(): void {}

  protected write(bytes: Buffer | string): void {
    this.#socket.write(bytes)
  }

  close(): void {
    this.onClose = undefined
    this.#socket.destroy()
  }

  #read(chunk: Buffer, length: number): void {
    let buffer = chunk
    let size = length
    this.bytes += length
    if (this.#carry !== undefined) {
      buffer = Buffer.concat([this.#carry, chunk.subarray(0, length)])
      size = buffer.length
      this.#carry = undefined
    }
    const at = this.#walk(buffer, size)
    if (at < size) this.#carry = Buffer.from(buffer.subarray(at, size))
    this.afterRead()
  }

  /** Walks the frames; returns where it stopped for want of bytes. */
  #walk(buffer: Buffer, size: number): number {
    let at = Math.min(this.#skip, size)
    this.#skip -= at
    while (at < size) {
      const length = this.frameAt(buffer, at, size)
      if (length === 0) return at
      const end = at + length
      const listens = this.onFrame !== undefined || length < SHORT
      if (listens && end > size) return at
      if (this.counts) {
        this.frames++
        if (this.onFrame !== undefined) this.onFrame(buffer, at + this.head, end)
        else if (listens) this.onShort?.(buffer.toString('utf8', at + this.head, end))
      }
      if (end > size) this.#skip = end - size
      at = Math.min(end, size)
    }
    return at
  }
}
