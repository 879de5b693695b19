// The Calls over HTTP. What answers may be anything, so nothing that it says is followed or repeated, and what is read of
// it is bounded in bytes and in time.
import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { LookupFunction } from 'node:net'
import type { Call, Called, Calls } from '../calls.ts'
import { ForbiddenAddress, guardedLookup, isForbiddenHost } from './addresses.ts'
import { ANSWER_BYTES, CALLS } from './limits.ts'

export interface GuardedCallsOptions {
  /** Addresses inside may be called too: the operator trusts whoever names them. */
  readonly internal: boolean
  /** ms for a whole call. */
  readonly timeout: number
  /** What calls: `Conclave/0.1.0`. */
  readonly agent: string
  /** For tests. */
  readonly lookup?: LookupFunction
}

export function guardedCalls(options: GuardedCallsOptions): Calls {
  return new GuardedCalls(options) satisfies Calls
}

/** Words and codes of our own for what goes wrong below HTTP; an error's message may hold what the other side sent. */
const CODE = /^[A-Z][A-Z0-9_]{1,40}$/
const UNKNOWN = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_NODATA', 'EAI_NONAME'])
const STOPS = 'the server stops'

class GuardedCalls implements Calls {
  readonly #options: GuardedCallsOptions
  readonly #lookup: LookupFunction | undefined
  readonly #http = new HttpAgent({ keepAlive: true, maxSockets: CALLS })
  readonly #https = new HttpsAgent({ keepAlive: true, maxSockets: CALLS })
  readonly #open = new Set<ClientRequest>()
  #closed = false

  constructor(options: GuardedCallsOptions) {
    this.#options = options
    this.#lookup = options.internal ? undefined : (options.lookup ?? guardedLookup())
  }

  async call(call: Call): Promise<Called> {
    const url = new URL(call.url)
    if (!this.#options.internal && isForbiddenHost(url.hostname)) return { called: 'forbidden' }
    const first = await this.#once(url, call)
    // The other side may close an idle connection in the moment in which it is used again: that says nothing of it.
    const called = first === 'stale' ? await this.#once(url, call) : first
    return called === 'stale' ? failed('the connection was cut') : called
  }

  close(): void {
    this.#closed = true
    for (const request of this.#open) request.destroy()
    this.#http.destroy()
    this.#https.destroy()
  }

  #once(url: URL, { method, headers, body }: Call): Promise<Called | 'stale'> {
    if (this.#closed) return Promise.resolve(failed(STOPS))
    const { timeout, agent } = this.#options
    const secure = url.protocol === 'https:'
    const options: RequestOptions = {
      method,
      agent: secure ? this.#https : this.#http,
      headers: {
        ...headers,
        'user-agent': agent,
        ...(body === null ? {} : { 'content-length': Buffer.byteLength(body) }),
      },
      ...(this.#lookup ? { lookup: this.#lookup } : {}),
    }
    return new Promise(resolve => {
      let error: string | undefined
      let answered: { readonly status: number; read: string | null } | null = null
      const request = (secure ? httpsRequest : httpRequest)(url, options, response => {
        const answer = { status: response.statusCode ?? 0, read: null as string | null }
        answered = answer
        readSome(response, text => {
          answer.read = text
        })
      })
      const patience = setTimeout(() => {
        error = `no answer in ${timeout / 1_000} s`
        request.destroy()
      }, timeout)
      this.#open.add(request)
      request.on('error', (cause: NodeJS.ErrnoException) => {
        if (cause instanceof ForbiddenAddress) return resolve({ called: 'forbidden' })
        const { code } = cause
        if (request.reusedSocket && error === undefined && (code === 'ECONNRESET' || code === 'EPIPE')) resolve('stale')
        if (code !== undefined && CODE.test(code)) error ??= code
      })
      // However it ended; an answer that was begun counts by its status.
      request.on('close', () => {
        clearTimeout(patience)
        this.#open.delete(request)
        if (answered) resolve({ called: 'answered', status: answered.status, body: answered.read ?? '' })
        else resolve(this.#closed ? failed(STOPS) : failed(error ?? 'no answer'))
      })
      request.end(body ?? undefined)
    })
  }
}

function failed(error: string): Called {
  return { called: 'failed', unknown: UNKNOWN.has(error), error }
}

/** Gives the text of an answer that is whole and not too long. */
function readSome(response: IncomingMessage, done: (text: string) => void): void {
  const chunks: Buffer[] = []
  let bytes = 0
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > ANSWER_BYTES) response.destroy()
    else chunks.push(chunk)
  })
  response.on('end', () => done(Buffer.concat(chunks).toString('utf8')))
  response.on('error', () => {})
}
