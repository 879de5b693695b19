// A raw DDP client: sends any frame, keeps every frame that came, and waits for the one that is meant. What it and `rest`
// receive goes through the tap, which fails the file of tests where a secret reached a stranger.
import { once } from 'node:events'
import { afterAll } from 'vitest'
import { WebSocket } from 'ws'
import { type Name, tokenOf } from './start.ts'
import { Tap } from './tap.ts'

export const tap = new Tap()
afterAll(() => tap.check())

// biome-ignore lint/suspicious/noExplicitAny: tests look into whatever came
export type Frame = any

/** ms for what is waited for: it comes at once or not at all, and a machine with other work may stand still for seconds. */
const PATIENCE = 20_000

export class Ddp {
  readonly ws: WebSocket
  readonly frames: Frame[] = []
  /** Every frame as it came. */
  readonly texts: string[] = []
  closed: number | null = null
  /** Who has logged in here. */
  user: string | null = null
  /** SockJS's own frames (`o`, `h`, `c…`), where it is spoken. */
  readonly controls: string[] = []
  readonly #framed: boolean
  #next = 0
  readonly #waiting = new Set<() => void>()

  private constructor(ws: WebSocket, framed: boolean) {
    this.ws = ws
    this.#framed = framed
    ws.on('message', data => {
      const text = data.toString()
      if (!framed) this.#take(text)
      else if (text.startsWith('a')) for (const one of JSON.parse(text.slice(1)) as string[]) this.#take(one)
      else this.controls.push(text)
      for (const wake of [...this.#waiting]) wake()
    })
    ws.on('error', () => {})
    ws.on('close', code => {
      this.closed = code
      for (const wake of [...this.#waiting]) wake()
    })
  }

  #take(text: string): void {
    this.texts.push(text)
    const frame = JSON.parse(text)
    this.frames.push(frame)
    if (frame.msg === 'result' && typeof frame.result?.token === 'string' && frame.result.tokenExpires) {
      this.user = frame.result.id
      tap.own(frame.result.token, frame.result.id)
    }
    tap.received(this.user, text)
  }

  /** A socket that has said nothing yet. */
  static async open(url: string, headers: Record<string, string> = {}, path = '/websocket'): Promise<Ddp> {
    const ws = new WebSocket(`${url.replace('http', 'ws')}${path}`, { headers })
    const client = new Ddp(ws, path.startsWith('/sockjs/') && path !== '/sockjs/websocket')
    await once(ws, 'open')
    return client
  }

  static async connect(url: string, path?: string): Promise<Ddp> {
    const client = await Ddp.open(url, {}, path)
    client.send({ msg: 'connect', version: '1', support: ['1', 'pre2', 'pre1'] })
    await client.until(frame => frame.msg === 'connected')
    return client
  }

  static async as(url: string, name: Name, path?: string): Promise<Ddp> {
    const client = await Ddp.connect(url, path)
    await client.call('login', { resume: tokenOf(name) })
    return client
  }

  send(frame: Frame): void {
    const text = typeof frame === 'string' ? frame : JSON.stringify(frame)
    tap.sent(this.user, text)
    this.ws.send(this.#framed ? JSON.stringify([text]) : text)
  }

  /** The first frame, from the given place on, that fits. */
  async until(fits: (frame: Frame) => boolean, from = 0, ms = PATIENCE): Promise<Frame> {
    const deadline = Date.now() + ms
    for (;;) {
      const found = this.frames.slice(from).find(fits)
      if (found) return found
      if (this.closed !== null) throw new Error(`closed with ${this.closed}`)
      await this.#change(deadline - Date.now(), () => JSON.stringify(this.frames.slice(from)).slice(0, 2_000))
    }
  }

  async untilClosed(ms = PATIENCE): Promise<number> {
    const deadline = Date.now() + ms
    while (this.closed === null) await this.#change(deadline - Date.now(), () => 'not closed')
    return this.closed
  }

  #change(ms: number, seen: () => string): Promise<void> {
    return new Promise((resolve, reject) => {
      const wake = (): void => {
        clearTimeout(timer)
        this.#waiting.delete(wake)
        resolve()
      }
      const timer = setTimeout(
        () => {
          this.#waiting.delete(wake)
          reject(new Error(`waited in vain; came: ${seen()}`))
        },
        Math.max(ms, 0),
      )
      this.#waiting.add(wake)
    })
  }

  /** The whole result frame. */
  async ask(method: string, ...params: unknown[]): Promise<Frame> {
    const id = `m${this.#next++}`
    const from = this.frames.length
    this.send({ msg: 'method', id, method, params })
    const result = await this.until(frame => frame.msg === 'result' && frame.id === id, from)
    await this.until(frame => frame.msg === 'updated' && frame.methods[0] === id, from)
    return result
  }

  /** Its result; throws on an error. */
  async call(method: string, ...params: unknown[]): Promise<Frame> {
    const { result, error } = await this.ask(method, ...params)
    if (error) throw new Error(`${method}: ${JSON.stringify(error)}`)
    return result
  }

  /** The ready or nosub frame. */
  async sub(name: string, eventName: string, options: unknown = false): Promise<Frame> {
    const id = `s${this.#next++}`
    const from = this.frames.length
    this.send({ msg: 'sub', id, name, params: [eventName, options] })
    const answer = await this.until(
      frame => (frame.msg === 'ready' && frame.subs[0] === id) || (frame.msg === 'nosub' && frame.id === id),
      from,
    )
    return { ...answer, id }
  }

  /** Arguments of all events of a stream so far. */
  events(stream: string, eventName?: string): Frame[] {
    return this.frames
      .filter(
        ({ msg, collection, fields }) =>
          msg === 'changed' &&
          collection === `stream-${stream}` &&
          (eventName === undefined || fields.eventName === eventName),
      )
      .map(({ fields }) => fields.args)
  }

  /** The arguments of the first event from a place on. */
  async event(
    stream: string,
    fits: (args: Frame[], eventName: string) => boolean = () => true,
    from = 0,
  ): Promise<Frame> {
    const frame = await this.until(
      ({ msg, collection, fields }) =>
        msg === 'changed' && collection === `stream-${stream}` && fits(fields.args, fields.eventName),
      from,
    )
    return frame.fields.args
  }

  close(): void {
    this.ws.close()
  }
}

export interface RestAnswer {
  readonly status: number
  readonly type: string | null
  readonly body: Frame
}

export async function rest(
  url: string,
  who: { id: string; token: string } | null,
  verb: 'GET' | 'POST' | 'DELETE',
  path: string,
  body?: unknown,
): Promise<RestAnswer> {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  tap.sent(who?.id ?? null, `${path}\n${text ?? ''}`)
  const response = await fetch(`${url}/api/${path}`, {
    method: verb,
    headers: {
      ...(who ? { 'x-user-id': who.id, 'x-auth-token': who.token } : {}),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(text === undefined ? {} : { body: text }),
  })
  const answer = await response.text()
  const read = JSON.parse(answer)
  const { userId, authToken } = read.data ?? {}
  if (who === null && typeof authToken === 'string') tap.own(authToken, userId)
  tap.received(who?.id ?? userId ?? null, answer)
  return { status: response.status, type: response.headers.get('content-type'), body: read }
}
