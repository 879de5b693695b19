// An embedding site's own webhook: takes what the server tells it, checks every call as the Standard Webhooks
// specification says, and answers as the test wants.
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

export interface Delivery {
  /** `webhook-id`. */
  readonly id: string
  readonly verb: string
  // biome-ignore lint/suspicious/noExplicitAny: what a server sends is looked at field by field
  readonly activity: any
  readonly body: string
}

/** A status, or nothing for ever. */
export type Answer = number | 'silence'

const PATIENCE = 15_000
export const SECRET = `whsec_${Buffer.alloc(32, 'secret').toString('base64')}`

export class Receiver {
  /** Everything that came, in order, whatever was answered. */
  readonly deliveries: Delivery[] = []
  /** What was wrong with a call. */
  readonly faults: string[] = []
  answer: (delivery: Delivery, n: number) => Answer = () => 200
  /** Calls that wait for an answer. */
  hanging = 0
  readonly #secret: string
  #server: Server
  #port: number

  private constructor(secret: string) {
    this.#secret = secret
    this.#server = createServer()
    this.#port = 0
  }

  static async open(secret = SECRET): Promise<Receiver> {
    const receiver = new Receiver(secret)
    await receiver.listen()
    return receiver
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/hook?key=in-the-query`
  }

  /** On the same port as before. */
  async listen(): Promise<void> {
    this.#server = createServer((request, response) => void this.#take(request, response).catch(() => {}))
    this.#server.listen(this.#port, '127.0.0.1')
    await once(this.#server, 'listening')
    this.#port = (this.#server.address() as AddressInfo).port
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise(resolve => this.#server.close(resolve))
  }

  /** Resolves when the condition holds. */
  async until(holds: (deliveries: readonly Delivery[]) => boolean): Promise<void> {
    const deadline = Date.now() + PATIENCE
    while (!holds(this.deliveries)) {
      if (Date.now() > deadline) throw new Error(`waited in vain; there were ${this.verbs().join(', ')}`)
      await new Promise(resolve => setTimeout(resolve, 5))
    }
  }

  /** The first of that verb which the test picks. */
  async next(verb: string, picks: (activity: Delivery['activity']) => boolean = () => true): Promise<Delivery> {
    const find = (): Delivery | undefined => this.deliveries.find(each => each.verb === verb && picks(each.activity))
    await this.until(() => find() !== undefined)
    return find() as Delivery
  }

  verbs(): string[] {
    return this.deliveries.map(({ verb }) => verb)
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request)
    const { headers } = request
    const id = String(headers['webhook-id'])
    const at = String(headers['webhook-timestamp'])
    const key = Buffer.from(this.#secret.slice('whsec_'.length), 'base64')
    const signature = `v1,${createHmac('sha256', key).update(`${id}.${at}.${body}`).digest('base64')}`
    if (!String(headers['webhook-signature']).split(' ').includes(signature)) this.faults.push(`${id}: signature`)
    if (Math.abs(Number(at) - Date.now() / 1_000) > 60) this.faults.push(`${id}: timestamp ${at}`)
    if (headers['content-type'] !== 'application/json' || request.method !== 'POST') this.faults.push(`${id}: form`)
    const activity = JSON.parse(body)
    if (activity.id !== id) this.faults.push(`${id}: activity ${activity.id}`)
    const delivery = { id, verb: activity.verb, activity, body }
    this.deliveries.push(delivery)
    const answer = this.answer(delivery, this.deliveries.length)
    if (answer !== 'silence') {
      response.writeHead(answer).end()
      return
    }
    this.hanging += 1
    response.on('close', () => {
      this.hanging -= 1
    })
  }
}
