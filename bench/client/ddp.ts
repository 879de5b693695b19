// One connection of Rocket.Chat's wire (DDP) that waits for each result.

import { Asking } from './asking.ts'

export class DdpClient {
  readonly #asking: Asking
  #id = 0

  private constructor(asking: Asking) {
    this.#asking = asking
  }

  static async open(port: number, user: number): Promise<DdpClient> {
    const client = new DdpClient(await Asking.open(port, '/websocket'))
    await client.#ask('{"msg":"connect","version":"1","support":["1","pre2","pre1"]}', '"msg":"connected"')
    await client.timed('login', { resume: `tok${user}` })
    return client
  }

  /** ms from the call of a method to its result. */
  async timed(method: string, ...params: unknown[]): Promise<number> {
    const id = String(++this.#id)
    const { answer, ms } = await this.#ask(JSON.stringify({ msg: 'method', method, id, params }), '"msg":"result"')
    if (answer.includes('"error":{')) throw new Error(`${method}: ${answer.slice(0, 200)}`)
    return ms
  }

  close(): void {
    this.#asking.close()
  }

  #ask(text: string, part: string): Promise<{ answer: string; ms: number }> {
    return this.#asking.ask(text, part, answer => answer.includes(part))
  }
}
