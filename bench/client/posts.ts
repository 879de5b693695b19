// Keep-alive connections that each send one prepared HTTP request after the other and wait for its answer: no client
// library between, which would cost more than the server.

import { connect, type Socket } from 'node:net'

/** ms within which an answer comes. */
const ANSWER = 20_000
const CLOSED = 'the connection was closed'

export class Connection {
  readonly #socket: Socket
  #waiting: ((status: number) => void) | null = null
  #failed: ((error: Error) => void) | null = null
  #held: Buffer = Buffer.alloc(0)
  #closed = false

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.setTimeout(ANSWER, () => socket.destroy(new Error('no answer came')))
    socket.on('data', chunk => this.#take(chunk))
    socket.on('error', error => this.#failed?.(error))
    socket.on('close', () => {
      this.#closed = true
      this.#failed?.(new Error(CLOSED))
    })
  }

  static open(port: number): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => resolve(new Connection(socket)))
      socket.once('error', reject)
    })
  }

  /** The status of the answer, which has been read to its end. */
  ask(request: Buffer): Promise<number> {
    return new Promise((resolve, reject) => {
      // A server ends a connection on which nothing was asked for a minute.
      if (this.#closed) return reject(new Error(CLOSED))
      this.#waiting = resolve
      this.#failed = reject
      this.#socket.write(request)
    })
  }

  close(): void {
    this.#failed = null
    this.#socket.destroy()
  }

  #take(chunk: Buffer): void {
    this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    const head = this.#held.indexOf('\r\n\r\n')
    if (head < 0) return
    const text = this.#held.toString('latin1', 0, head)
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(text)?.[1])
    if (this.#held.length < head + 4 + length) return
    this.#held = Buffer.alloc(0)
    this.#waiting?.(Number(text.slice(9, 12)))
  }
}

export function requestOf(method: string, path: string, token: string, body?: object): Buffer {
  const text = body === undefined ? '' : JSON.stringify(body)
  const head = [
    `${method} ${path} HTTP/1.1`,
    'host: 127.0.0.1',
    `authorization: Bearer ${token}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(text)}`,
  ]
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${text}`)
}
