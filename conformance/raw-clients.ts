// Raw clients of the wires that live push: they make next to nothing of their own while one counts, and several requests
// leave in one write, so that the server reads them in one turn.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { PATIENCE } from '../engines/limits.ts'

export type WireName = 'dino 4' | 'dino 3' | 'ddp' | 'sockjs'
export const WIRES: readonly WireName[] = ['dino 4', 'dino 3', 'ddp', 'sockjs']

const PATHS: Readonly<Record<WireName, string>> = {
  'dino 4': '/socket.io/?EIO=4&transport=websocket',
  'dino 3': '/socket.io/?EIO=3&transport=websocket',
  ddp: '/websocket',
  sockjs: '/sockjs/000/cost/websocket',
}

export interface Said {
  readonly text: string
  readonly request: string
  readonly answered: string
}

export class RawClient {
  readonly wire: WireName
  readonly socket: Socket
  #heard = ''
  #wake: (() => void) | undefined
  #requests = 1

  private constructor(wire: WireName, socket: Socket) {
    this.wire = wire
    this.socket = socket
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      this.#heard += chunk.toString('latin1')
      this.#wake?.()
    })
  }

  /** Logged in, and inside of the room. */
  static async enter(wire: WireName, port: number, user: string, room: string): Promise<RawClient> {
    const client = await RawClient.open(wire, port)
    await client.login(user)
    await client.join(room)
    return client
  }

  static async open(wire: WireName, port: number): Promise<RawClient> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    const client = new RawClient(wire, socket)
    await once(socket, 'connect')
    socket.write(
      `GET ${PATHS[wire]} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n',
    )
    await client.until('HTTP/1.1 101')
    return client
  }

  get port(): number {
    return this.socket.localPort as number
  }

  async login(user: string): Promise<void> {
    if (this.#isDdp) {
      this.send('{"msg":"connect","version":"1","support":["1"]}')
      await this.until('connected')
      this.send(`{"msg":"method","method":"login","id":"l","params":[{"resume":"tok${user}"}]}`)
      await this.until('tokenExpires')
    } else {
      await this.until('sid')
      this.send('40/ws,')
      await this.until('gn_connect')
      const attachments = [{ objectType: 'token', content: `tok${user}` }]
      const actor = { id: user, displayName: Buffer.from(`user${user}`).toString('base64'), attachments }
      this.send(`42/ws,0${JSON.stringify(['login', { verb: 'login', actor }])}`)
      await this.until('43/ws,0[{"status_code":200')
    }
  }

  async join(room: string): Promise<void> {
    if (this.#isDdp) {
      this.send(`{"msg":"sub","id":"s","name":"stream-room-messages","params":["${room}",false]}`)
      await this.until('ready')
    } else {
      this.send(`42/ws,1${JSON.stringify(['join', { verb: 'join', target: { id: room } }])}`)
      await this.until('43/ws,1[{"status_code":200')
    }
  }

  /** The request that says `text` in a room, and how its answer begins. */
  saying(room: string, text: string): Said {
    const id = ++this.#requests
    if (this.#isDdp) {
      const params = `[{"rid":"${room}","msg":"${text}"}]`
      const request = `{"msg":"method","method":"sendMessage","id":"m${id}","params":${params}}`
      return { text, request, answered: this.#quoted(`"msg":"result","id":"m${id}"`) }
    }
    const object = { content: Buffer.from(text).toString('base64') }
    const activity = { verb: 'send', target: { id: room, objectType: 'room' }, object }
    const request = `42/ws,${id}${JSON.stringify(['message', activity])}`
    return { text, request, answered: `43/ws,${id}[{"status_code":200` }
  }

  /** What a delivered text looks like. */
  shown(text: string): string {
    return this.#isDdp ? this.#quoted(`"msg":"${text}"`) : `"content":"${Buffer.from(text).toString('base64')}"`
  }

  send(...texts: readonly string[]): void {
    this.socket.write(this.frames(texts))
  }

  /** For one write. */
  frames(texts: readonly string[]): Buffer {
    return framed(texts.map(text => (this.wire === 'sockjs' ? JSON.stringify([text]) : text)))
  }

  /** Waits until all of these have come, in whatever order. */
  async untilAll(parts: readonly string[]): Promise<void> {
    let end = 0
    for (const part of parts) {
      await this.#until(part)
      end = Math.max(end, this.#heard.indexOf(part) + part.length)
    }
    this.#heard = this.#heard.slice(end)
  }

  /** Waits for a part of what comes; what stands behind it is for the next who asks. */
  async until(part: string): Promise<void> {
    await this.untilAll([part])
  }

  /** Waits for any of these, and says which came. */
  async untilAny(parts: readonly string[]): Promise<string> {
    await this.#until(...parts)
    return parts.find(part => this.#heard.includes(part)) as string
  }

  async #until(...parts: readonly string[]): Promise<void> {
    const deadline = Date.now() + PATIENCE
    for (;;) {
      if (parts.some(part => this.#heard.includes(part))) return
      if (Date.now() > deadline || this.socket.destroyed)
        throw new Error(`no ${parts.join(' or ')} came (${this.wire}): ${this.#heard.slice(-500)}`)
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, 200)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }

  close(): void {
    this.socket.destroy()
  }

  get #isDdp(): boolean {
    return this.wire === 'ddp' || this.wire === 'sockjs'
  }

  /** SockJS brings JSON inside of JSON. */
  #quoted(json: string): string {
    return this.wire === 'sockjs' ? JSON.stringify(json).slice(1, -1) : json
  }
}

/** Text frames of a client one after the other, with the masking key 0, which leaves the text as it is. */
export function framed(texts: readonly string[]): Buffer {
  return Buffer.concat(
    texts.flatMap(text => {
      const body = Buffer.from(text)
      const head = Buffer.alloc(body.length < 126 ? 6 : 8)
      head[0] = 0x81
      head[1] = 0x80 | Math.min(body.length, 126)
      if (body.length >= 126) head.writeUInt16BE(body.length, 2)
      return [head, body]
    }),
  )
}
