// A WebSocket client that costs next to nothing: a TCP socket that reads into one Buffer shared by all, walks frame
// heads (RFC 6455 section 5.2) and counts. Texts are made only where someone listens, and for frames so short that
// they may be a heart-beat. Sends with the masking key 0, which leaves the text as it is.

import { connect, type Socket } from 'node:net'

const READ = Buffer.allocUnsafe(256 * 1024)
/** Frames shorter than this are shown to `onShort` whole: heart-beats of all wires. */
const SHORT = 64
const END_OF_HEAD = '\r\n\r\n'

export class LoadSocket {
  frames = 0
  bytes = 0
  /** Every frame as bytes of a Buffer that is used again at once, while set. */
  onFrame: ((buffer: Buffer, start: number, end: number) => void) | undefined
  /** Short frames as text, while `onFrame` is not set. */
  onShort: ((text: string) => void) | undefined
  onClose: (() => void) | undefined
  closed = false
  readonly #socket: Socket
  #upgraded: (() => void) | undefined
  #carry: Buffer | undefined
  #skip = 0

  private constructor(port: number, path: string, upgraded: () => void) {
    this.#upgraded = upgraded
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
    this.#socket.write(
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n',
    )
  }

  /** Connects and upgrades; `onText` is told every frame from the first on, until `onFrame` is set otherwise. */
  static open(port: number, path: string, onText: (text: string) => void): Promise<LoadSocket> {
    return new Promise((resolve, reject) => {
      const socket: LoadSocket = new LoadSocket(port, path, () => {
        socket.onClose = undefined
        resolve(socket)
      })
      socket.onFrame = (buffer, start, end) => onText(buffer.toString('utf8', start, end))
      socket.onClose = () => reject(new Error('the server closed the connection before it was upgraded'))
    })
  }

  send(text: string): void {
    const length = Buffer.byteLength(text)
    const head = length < 126 ? 6 : length < 65_536 ? 8 : 14
    const frame = Buffer.allocUnsafe(head + length)
    frame[0] = 0x81
    frame.fill(0, 1, head)
    if (head === 6) frame[1] = 0x80 | length
    else if (head === 8) {
      frame[1] = 0x80 | 126
      frame.writeUInt16BE(length, 2)
    } else {
      frame[1] = 0x80 | 127
      frame.writeUInt32BE(length, 6)
    }
    frame.write(text, head)
    this.#socket.write(frame)
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
    let at = 0
    if (this.#upgraded !== undefined) {
      const end = buffer.subarray(0, size).indexOf(END_OF_HEAD)
      if (end < 0) {
        this.#carry = Buffer.from(buffer.subarray(0, size))
        return
      }
      if (buffer.toString('latin1', 9, 12) !== '101') {
        this.#socket.destroy()
        return
      }
      at = end + END_OF_HEAD.length
      this.#upgraded()
      this.#upgraded = undefined
    }
    at = this.#frames(buffer, at, size)
    if (at < size) this.#carry = Buffer.from(buffer.subarray(at, size))
  }

  /** Walks the frames from `at`; returns where it stopped for want of bytes. */
  #frames(buffer: Buffer, from: number, size: number): number {
    let at = from
    while (at < size) {
      if (this.#skip > 0) {
        const part = Math.min(this.#skip, size - at)
        this.#skip -= part
        at += part
        continue
      }
      if (size - at < 2) return at
      const short = buffer[at + 1]!
      const head = short < 126 ? 2 : short === 126 ? 4 : 10
      if (size - at < head) return at
      const length = short < 126 ? short : short === 126 ? buffer.readUInt16BE(at + 2) : buffer.readUInt32BE(at + 6)
      const end = at + head + length
      if (this.onFrame !== undefined || length < SHORT) {
        if (end > size) return at
        this.#text(buffer[at]!, buffer, at + head, end)
        at = end
      } else {
        this.frames++
        if (end > size) this.#skip = end - size
        at = Math.min(end, size)
      }
    }
    return at
  }

  #text(first: number, buffer: Buffer, start: number, end: number): void {
    if ((first & 0x0f) !== 1) return
    this.frames++
    if (this.onFrame !== undefined) this.onFrame(buffer, start, end)
    else if (this.onShort !== undefined) this.onShort(buffer.toString('utf8', start, end))
  }
}
