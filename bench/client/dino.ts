// One connection of the Dino wire (Engine.IO 3) that waits for each ack.

import { Asking } from './asking.ts'

export class DinoClient {
  readonly #asking: Asking
  #id = 0

  private constructor(asking: Asking) {
    this.#asking = asking
  }

  static async open(port: number): Promise<DinoClient> {
    const client = new DinoClient(await Asking.open(port, '/socket.io/?EIO=3&transport=websocket'))
    await client.#ask('40/ws,', '40/ws')
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
    const { answer, ms } = await this.#ask(`42/ws,${id}${JSON.stringify([event, activity])}`, `43/ws,${id}[`)
    if (!answer.includes('"status_code":200')) throw new Error(`${event}: ${answer.slice(0, 200)}`)
    return ms
  }

  close(): void {
    this.#asking.close()
  }

  #ask(text: string, start: string): Promise<{ answer: string; ms: number }> {
    return this.#asking.ask(text, start, answer => answer.startsWith(start))
  }
}
