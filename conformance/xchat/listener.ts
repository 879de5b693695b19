// What is told: a stream that is read line by line, and an app's own webhook, which answers challenges and checks each
// signature as X's documents say (x-chat.md 3.15, 3.16).
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { ask } from './http.ts'
import { tokenOf } from './start.ts'

/** ms until a condition that does not come is a failure. */
const PATIENCE = 20_000

// biome-ignore lint/suspicious/noExplicitAny: what a server sends is looked at field by field
export type Told = any

export const APP = 'app-token'
export const SECRET = 'a secret of an app'

export async function until(holds: () => boolean | Promise<boolean>, what: () => string = () => ''): Promise<void> {
  const deadline = Date.now() + PATIENCE
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`waited in vain; there was ${what()}`)
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}

export class Listener {
  readonly status: number
  readonly headers: Headers
  readonly events: Told[] = []
  /** Blank lines. */
  beats = 0
  /** null while it is open; then how it ended. */
  ended: 'whole' | 'cut' | null = null
  readonly #stop: AbortController
  #problem: Told

  private constructor(response: Response, stop: AbortController) {
    this.status = response.status
    this.headers = response.headers
    this.#stop = stop
    if (response.status === 200) void this.#read(response)
  }

  /** Resolves when the answer has begun. */
  static async open(url: string, token: string, query = ''): Promise<Listener> {
    const stop = new AbortController()
    const headers = { authorization: `Bearer ${token}` }
    const response = await fetch(`${url}/2/activity/stream${query}`, { headers, signal: stop.signal })
    const listener = new Listener(response, stop)
    if (response.status !== 200) listener.#problem = await response.json()
    return listener
  }

  get problem(): Told {
    return this.#problem
  }

  types(): string[] {
    return this.events.map(event => event.event_type)
  }

  has(count: number): Promise<void> {
    return until(
      () => this.events.length >= count,
      () => JSON.stringify(this.types()),
    )
  }

  over(): Promise<void> {
    return until(() => this.ended !== null)
  }

  close(): void {
    this.#stop.abort()
  }

  async #read(response: Response): Promise<void> {
    let rest = ''
    const decoder = new TextDecoder()
    try {
      for await (const chunk of response.body ?? []) {
        rest += decoder.decode(chunk, { stream: true })
        const lines = rest.split('\r\n')
        rest = lines.pop() ?? ''
        for (const line of lines) {
          if (line === '') this.beats += 1
          else this.events.push(JSON.parse(line).data)
        }
      }
      this.ended = rest === '' ? 'whole' : 'cut'
    } catch {
      this.ended = 'cut'
    }
  }
}

/** A status, a challenge that is answered wrongly, or nothing for ever. */
export type Answer = number | 'silence'

export class Hook {
  /** Everything that came, whatever was answered. */
  readonly told: Told[] = []
  readonly faults: string[] = []
  challenges = 0
  /** What a challenge is answered with. */
  secret = SECRET
  answer: (told: Told) => Answer = () => 200
  /** The status of answers to challenges. */
  challenge: Answer = 200
  #server: Server = createServer()
  #port = 0

  static async open(): Promise<Hook> {
    const hook = new Hook()
    await hook.listen()
    return hook
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/hook?of=tests`
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

  types(): string[] {
    return this.told.map(told => told.event_type)
  }

  has(count: number): Promise<void> {
    return until(
      () => this.told.length >= count,
      () => JSON.stringify(this.types()),
    )
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const token = new URL(request.url ?? '', this.url).searchParams.get('crc_token')
    if (request.method === 'GET' && token !== null) {
      this.challenges += 1
      if (this.challenge === 'silence') return
      const answer = { response_token: signature(this.secret, token) }
      response.writeHead(this.challenge, { location: 'http://127.0.0.1:1/' }).end(JSON.stringify(answer))
      return
    }
    const body = await text(request)
    if (request.headers['x-twitter-webhooks-signature'] !== signature(SECRET, body)) this.faults.push('signature')
    if (request.method !== 'POST') this.faults.push(`method ${request.method}`)
    const { data } = JSON.parse(body)
    this.told.push(data)
    const answer = this.answer(data)
    if (answer !== 'silence') response.writeHead(answer, { location: 'http://127.0.0.1:1/' }).end()
  }
}

export function signature(secret: string, body: string): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('base64')}`
}

/** Subscribes and gives the id. */
export async function subscribe(url: string, token: string, type: string, user: string, more: object = {}) {
  const body = { event_type: type, filter: { user_id: user }, ...more }
  const answer = await ask(url, token, 'POST', '/2/activity/subscriptions', { body })
  if (answer.status !== 200) throw new Error(`not subscribed: ${answer.text}`)
  return answer.body.data.subscription as Told
}

/** A user's own subscriptions to everything of chats. */
export async function subscribeToAll(url: string, user: string): Promise<void> {
  for (const type of TYPES) await subscribe(url, tokenOf(user), type, user)
}

export const TYPES = [
  'chat.received',
  'chat.sent',
  'chat.conversation.join',
  'chat.conversation.member_added',
  'chat.conversation.member_removed',
  'chat.conversation.admin_added',
  'chat.conversation.admin_removed',
  'chat.update.group_name',
]
