// The Outlet over HTTP: every event is a signed POST (Standard Webhooks 1.0.0). The addresses are the operator's own, so
// they may lie inside; what answers may be anything, so nothing that it says is followed, kept or repeated.
import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { Clock } from '../clock.ts'
import { type Webhook, webhookKey, webhookName } from '../config.ts'
import type { Delivered, Destination, ExternalEvent, Outlet } from './outlet.ts'
import { ANSWER_BYTES, ANSWER_REST, CALLS, RETRY_AFTER } from './webhooks/limits.ts'
import { signatures } from './webhooks/signature.ts'

export interface WebhooksOptions {
  readonly webhooks: readonly Webhook[]
  /** ms that a call has until its answer begins. */
  readonly timeout: number
  readonly clock: Clock
  /** What calls: `Conclave/0.1.0`. */
  readonly agent: string
}

interface Endpoint extends Destination {
  readonly url: URL
  readonly keys: readonly Buffer[]
  readonly connections: HttpAgent | HttpsAgent
}

/** Each address is a destination of its own, for one that is dead must not hold up or repeat what others are told. */
export function webhookOutlet(options: WebhooksOptions): Outlet {
  return new WebhookOutlet(options) satisfies Outlet
}

/** Words and codes of our own for what goes wrong below HTTP; an error's message may hold what the other side sent. */
const CODE = /^[A-Z][A-Z0-9_]{1,40}$/
/** Statuses that say "later", whatever was sent. All from 500 on do too. */
const LATER = new Set([408, 425, 429])
const HTTP_DATE = /^[A-Z][a-z]{2}, .* GMT$/
const STOPS = 'the server stops'

class WebhookOutlet implements Outlet {
  readonly destinations: readonly Endpoint[]
  readonly #options: WebhooksOptions
  readonly #open = new Set<ClientRequest>()
  #closed = false

  constructor(options: WebhooksOptions) {
    this.#options = options
    this.destinations = options.webhooks.map(endpointOf)
  }

  async deliver(event: ExternalEvent, to: string): Promise<Delivered> {
    const endpoint = this.destinations.find(({ name }) => name === to)
    if (!endpoint) throw new Error('no such destination')
    const first = await this.#call(endpoint, event)
    // The other side may close an idle connection in the moment in which it is used again: that says nothing of it.
    const called = first === 'stale' ? await this.#call(endpoint, event) : first
    return called === 'stale' ? unwell('the connection was cut') : called
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const request of this.#open) request.destroy()
    for (const { connections } of this.destinations) connections.destroy()
  }

  #call({ url, keys, connections }: Endpoint, event: ExternalEvent): Promise<Delivered | 'stale'> {
    const { timeout, clock, agent } = this.#options
    if (this.#closed) return Promise.resolve(unwell(STOPS))
    const at = Math.floor(clock.now() / 1_000)
    const body = Buffer.from(event.body)
    const options: RequestOptions = {
      method: 'POST',
      agent: connections,
      headers: {
        'content-type': 'application/json',
        'content-length': body.length,
        'user-agent': agent,
        'webhook-id': event.id,
        'webhook-timestamp': at,
        'webhook-signature': signatures(keys, event.id, at, event.body),
      },
    }
    return new Promise(resolve => {
      let error: string | undefined
      const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, options, response => {
        clearTimeout(patience)
        resolve(meaningOf(response, clock.now()))
        drain(response)
      })
      const patience = setTimeout(() => {
        error = `no answer in ${timeout / 1_000} s`
        request.destroy()
      }, timeout)
      this.#open.add(request)
      request.on('error', ({ code }: NodeJS.ErrnoException) => {
        if (request.reusedSocket && error === undefined && (code === 'ECONNRESET' || code === 'EPIPE')) resolve('stale')
        error ??= code !== undefined && CODE.test(code) ? code : undefined
      })
      // However it ended. After an answer this says nothing any more.
      request.on('close', () => {
        clearTimeout(patience)
        this.#open.delete(request)
        resolve(unwell(this.#closed ? STOPS : (error ?? 'no answer')))
      })
      request.end(body)
    })
  }
}

function endpointOf(webhook: Webhook): Endpoint {
  const url = new URL(webhook.url)
  const { verbs } = webhook
  return {
    name: webhookName(webhook),
    width: CALLS,
    wants: verb => verbs === undefined || verbs.some(each => each === verb),
    url,
    keys: webhook.secrets.map(secret => webhookKey(secret) as Buffer),
    connections: new (url.protocol === 'https:' ? HttpsAgent : HttpAgent)({ keepAlive: true, maxSockets: 2 * CALLS }),
  }
}

function meaningOf({ statusCode = 0, headers }: IncomingMessage, now: number): Delivered {
  if (statusCode >= 200 && statusCode < 300) return { delivered: 'taken' }
  const error = `answered ${statusCode}`
  if (statusCode === 410) return { delivered: 'gone', error }
  if (statusCode < 500 && !LATER.has(statusCode)) return { delivered: 'refused', error }
  return { delivered: 'unwell', error, after: retryAfter(headers['retry-after'], now) }
}

function unwell(error: string): Delivered {
  return { delivered: 'unwell', error, after: null }
}

/** ms, of seconds or an HTTP date. */
function retryAfter(text: string | undefined, now: number): number | null {
  if (text === undefined) return null
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1_000 : HTTP_DATE.test(text) ? Date.parse(text) - now : Number.NaN
  return Number.isNaN(ms) ? null : Math.min(Math.max(ms, 0), RETRY_AFTER)
}

/** What is answered beside the status is nobody's business; a short rest is read, so that the connection stays. */
function drain(response: IncomingMessage): void {
  let read = 0
  const patience = setTimeout(() => response.destroy(), ANSWER_REST)
  response.on('data', (chunk: Buffer) => {
    read += chunk.length
    if (read > ANSWER_BYTES) response.destroy()
  })
  response.on('error', () => {})
  response.on('close', () => clearTimeout(patience))
}
