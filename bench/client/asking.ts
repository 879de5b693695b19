// One WebSocket connection that says something and waits for what comes of it, one thing at a time.

import type { LoadSocket } from './socket.ts'
import { WebSocketClient } from './websocket.ts'

/** ms within which an answer comes. */
const ANSWER = 10_000

type Listener = (text: string) => void

export class Asking {
  readonly #socket: LoadSocket
  readonly #heard: { listener: Listener | null }

  private constructor(socket: LoadSocket, heard: { listener: Listener | null }) {
    this.#socket = socket
    this.#heard = heard
  }

  static async open(port: number, path: string): Promise<Asking> {
    const heard: { listener: Listener | null } = { listener: null }
    const socket = await WebSocketClient.open(port, path, text => heard.listener?.(text))
    return new Asking(socket, heard)
  }

  /** The first text that fits and comes after this one was sent, and ms until then. `what`: for the reason why none came. */
  async ask(text: string, what: string, fits: (text: string) => boolean): Promise<{ answer: string; ms: number }> {
    const next = this.#next(what, fits)
    const began = performance.now()
    this.#socket.send(text)
    const answer = await next
    return { answer, ms: performance.now() - began }
  }

  close(): void {
    this.#socket.close()
  }

  #next(what: string, fits: (text: string) => boolean): Promise<string> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no ${what} came`)), ANSWER)
      this.#heard.listener = text => {
        if (!fits(text)) return
        clearTimeout(timer)
        this.#heard.listener = null
        resolve(text)
      }
    })
  }
}
