// One connection of Rocket.Chat's wire (DDP) that waits for each result.

import type { LoadSocket } from './socket.ts'
import { WebSocketClient } from './websocket.ts'

/** ms within which a result comes. */
const ANSWER = 10_000

export class DdpClient {
  readonly #socket: LoadSocket
  readonly #heard: { listener: ((text: string) => void) | null }
  #id = 0

  private constructor(socket: LoadSocket, heard: { listener: ((text: string) => void) | null }) {
    this.#socket = socket
    this.#heard = heard
  }

  static async open(port: number, user: number): Promise<DdpClient> {
    const heard: { listener: ((text: string) => void) | null } = { listener: null }
    const socket = await WebSocketClient.open(port, '/websocket', text => heard.listener?.(text))
    const client = new DdpClient(socket, heard)
    const connected = client.#next('"msg":"connected"')
    socket.send('{"msg":"connect","version":"1","support":["1","pre2","pre1"]}')
    await connected
    await client.timed('login', { resume: `tok${user}` })
    return client
  }

  /** ms from the call of a method to its result. */
  async timed(method: string, ...params: unknown[]): Promise<number> {
    const id = String(++this.#id)
    const result = this.#next('"msg":"result"')
    const began = performance.now()
    this.#socket.send(JSON.stringify({ msg: 'method', method, id, params }))
    const text = await result
    const ms = performance.now() - began
    if (text.includes('"error":{')) throw new Error(`${method}: ${text.slice(0, 200)}`)
    return ms
  }

  close(): void {
    this.#socket.close()
  }

  #next(part: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no ${part} came`)), ANSWER)
      this.#heard.listener = text => {
        if (!text.includes(part)) return
        clearTimeout(timer)
        this.#heard.listener = null
        resolve(text)
      }
    })
  }
}
