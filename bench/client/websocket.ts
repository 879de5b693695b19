// The client's side of RFC 6455: the handshake, and frame heads (section 5.2). Sends with the masking key 0, which leaves the
// text as it is.

import { LoadSocket } from './socket.ts'

const END_OF_HEAD = '\r\n\r\n'

export class WebSocketClient extends LoadSocket {
  #upgraded: (() => void) | undefined

  private constructor(port: number, path: string, upgraded: () => void) {
    super(port)
    this.#upgraded = upgraded
    this.write(
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n',
    )
  }

  /** Connects and upgrades; `onText` is told every frame from the first on, until `onFrame` is set otherwise. */
  static open(port: number, path: string, onText: (text: string) => void): Promise<LoadSocket> {
    return new Promise((resolve, reject) => {
      const socket: LoadSocket = new WebSocketClient(port, path, () => {
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
    this.write(frame)
  }

  protected frameAt(buffer: Buffer, at: number, size: number): number {
    if (this.#upgraded !== undefined) return this.#answer(buffer, at, size)
    if (size - at < 2) return 0
    this.counts = (buffer[at]! & 0x0f) === 1
    const short = buffer[at + 1]!
    this.head = short < 126 ? 2 : short === 126 ? 4 : 10
    if (size - at < this.head) return 0
    const length = short < 126 ? short : short === 126 ? buffer.readUInt16BE(at + 2) : buffer.readUInt32BE(at + 6)
    return this.head + length
  }

  /** The head of the answer to the upgrade, as the first frame. */
  #answer(buffer: Buffer, at: number, size: number): number {
    const end = buffer.subarray(at, size).indexOf(END_OF_HEAD)
    if (end < 0) return 0
    this.counts = false
    if (buffer.toString('latin1', at + 9, at + 12) === '101') this.#upgraded?.()
    else this.close()
    this.#upgraded = undefined
    return end + END_OF_HEAD.length
  }
}
