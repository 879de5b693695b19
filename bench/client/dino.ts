// One connection of the Dino wire (Engine.IO 3) that waits for each ack.

import type { LoadSocket } from './socket.ts'
import { WebSocketClient } from './websocket.ts'

/** ms within which an ack comes. */
const ANSWER = 10_000

export class DinoClient {
  readonly #socket: LoadSocket
  readonly #heard: { listener: ((text: string) => void) | null }
  #id = 0

  private constructor(socket: LoadSocket, heard: { listener: ((text: string) => void) | null }) {
    this.#socket = socket
    this.#heard = heard
  }

  static async open(port: number): Promise<DinoClient> {
    const heard: { listener: ((text: string) => void) | null } = { listener: null }
    const socket = await WebSocketClient.open(port, '/socket.io/?EIO=3&transport=websocket', text => {
      heard.listener?.(text)
    })
    const client = new DinoClient(socket, heard)
    const namespace = client.#next('40/ws')
    socket.send('40/ws,')
    await namespace
    return client
  }

  login(user: number): Promise<number> {
    const attachments = [{ objectType: 'token', content: `tok${user}` }]
    const displayName = Buffer.from(`User ${user}`).toString('base64')
    return this.timed('login', { verb: 'login', actor: { id: String(user), displayName, attachments } })
  }

  /** ms from the request to its ack. */
  async timed(event: string, activity: object): Promise<number> {
    const id = ++this.#id
    const answer = this.#next(`43/ws,${id}[`)
    const began = performance.now()
    this.#socket.send(`42/ws,${id}${JSON.stringify([event, activity])}`)
    const text = await answer
    const ms = performance.now() - began
    if (!text.includes('"status_code":200')) throw new Error(`${event}: ${text.slice(0, 200)}`)
    return ms
  }

  close(): void {
    this.#socket.close()
  }

  #next(start: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no ${start} came`)), ANSWER)
      this.#heard.listener = text => {
        if (!text.startsWith(start)) return
        clearTimeout(timer)
        this.#heard.listener = null
        resolve(text)
      }
    })
  }
}
