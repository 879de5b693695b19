// A client of Engine.IO that polls, with its requests one by one, so that a test may send one by half or leave one out.
import { STATUS_CODES } from 'node:http'

export type Generation = 3 | 4

/** Polls until what is waited for has come. */
const POLLS = 20

export class Poller {
  readonly #port: number
  readonly #path: string
  readonly #generation: Generation

  private constructor(port: number, path: string, generation: Generation) {
    this.#port = port
    this.#path = path
    this.#generation = generation
  }

  static async open(port: number, generation: Generation): Promise<Poller> {
    const path = `/socket.io/?EIO=${generation}&transport=polling`
    const text = await (await fetch(`http://127.0.0.1:${port}${path}`)).text()
    const sid = /"sid":"([^"]+)"/.exec(text)?.[1]
    if (sid === undefined) throw new Error(`no session was begun: ${text}`)
    return new Poller(port, `${path}&sid=${encodeURIComponent(sid)}`, generation)
  }

  /** In the namespace. */
  async enter(): Promise<void> {
    await this.say('40/ws,')
    await this.#fetched('gn_connect')
  }

  /** In the namespace, and logged in as the user. */
  async login(user: string): Promise<void> {
    await this.enter()
    const attachments = [{ objectType: 'token', content: `tok${user}` }]
    const actor = { id: user, displayName: Buffer.from(`user${user}`).toString('base64'), attachments }
    await this.asked('login', 0, { verb: 'login', actor })
  }

  async join(room: string): Promise<void> {
    await this.asked('join', 1, { verb: 'join', target: { id: room } })
  }

  /** Until its ack has been fetched. */
  async asked(event: string, ack: number, activity: object): Promise<void> {
    await this.say(`42/ws,${ack}${JSON.stringify([event, activity])}`)
    await this.#fetched(`43/ws,${ack}[{"status_code":200`)
  }

  async #fetched(part: string): Promise<void> {
    for (let n = 0; n < POLLS; n++) if ((await this.poll()).includes(part)) return
    throw new Error(`no ${part} came`)
  }

  /** The server knows its session no more. */
  async isOver(): Promise<boolean> {
    const answer = await fetch(this.#url, { method: 'POST', body: this.#payload(['42']) })
    return answer.status === 400 && (await answer.text()).includes('Session ID unknown')
  }

  async say(...packets: readonly string[]): Promise<void> {
    const { status } = await fetch(this.#url, { method: 'POST', body: this.#payload(packets) })
    if (status !== 200) throw new Error(`a post was answered ${status} ${STATUS_CODES[status]}`)
  }

  /** What has come, or comes next; throws when the session is over. */
  async poll(): Promise<string> {
    const answer = await fetch(this.#url)
    if (answer.status !== 200) throw new Error(`a poll was answered ${answer.status}`)
    return answer.text()
  }

  /** The text of a poll, for a socket of its own. */
  get waiting(): string {
    return `GET ${this.#path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`
  }

  /** The text of a post, for a socket of its own. */
  post(packets: readonly string[]): string {
    const body = this.#payload(packets)
    const length = Buffer.byteLength(body)
    return `POST ${this.#path} HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: ${length}\r\n\r\n${body}`
  }

  get #url(): string {
    return `http://127.0.0.1:${this.#port}${this.#path}`
  }

  #payload(packets: readonly string[]): string {
    return this.#generation === 4 ? packets.join('\x1e') : packets.map(packet => `${packet.length}:${packet}`).join('')
  }
}
