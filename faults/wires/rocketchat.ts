// Rocket.Chat with raw DDP, for its clients connect again by themselves and a session here has one beginning and one end;
// histories and members over REST.
import { randomBytes } from 'node:crypto'
import { WebSocket } from 'ws'
import {
  type Answer,
  type Connection,
  inTime,
  type Message,
  PATIENCE,
  type Person,
  type Place,
  type Wire,
} from './wire.ts'

// biome-ignore lint/suspicious/noExplicitAny: what a server sends is looked at field by field
type Any = any

const PAGE = 100

export class DdpConnection implements Connection {
  closed = false
  readonly #ws: WebSocket
  readonly #person: Person
  readonly #url: string
  readonly #waiting = new Map<string, (frame: Any) => void>()
  readonly #listeners = new Map<string, (message: Any) => void>()
  readonly #ended: Promise<never>
  #next = 0

  constructor(ws: WebSocket, url: string, person: Person) {
    this.#ws = ws
    this.#url = url
    this.#person = person
    this.#ended = new Promise((_, reject) => {
      ws.on('error', () => {})
      ws.on('close', code => {
        this.closed = true
        reject(new Error(`Rocket.Chat's socket ended with ${code}`))
      })
    })
    this.#ended.catch(() => {})
    ws.on('message', data => this.#take(JSON.parse((data as Buffer).toString())))
  }

  #take(frame: Any): void {
    if (frame.msg === 'ping') this.#ws.send('{"msg":"pong"}')
    else if (frame.msg === 'changed') this.#listeners.get(frame.fields.eventName)?.(frame.fields.args[0])
    else {
      const key = frame.msg === 'connected' ? 'connected' : (frame.id ?? frame.subs?.[0])
      this.#waiting.get(key)?.(frame)
      this.#waiting.delete(key)
    }
  }

  answer(key: string, frame: object): Promise<Any> {
    const came = new Promise<Any>(resolve => this.#waiting.set(key, resolve))
    this.#ws.send(JSON.stringify(frame))
    return inTime(Promise.race([came, this.#ended]), `the answer to ${JSON.stringify(frame).slice(0, 80)}`)
  }

  async begin(): Promise<void> {
    const opened = new Promise<void>(resolve => this.#ws.once('open', () => resolve()))
    await inTime(Promise.race([opened, this.#ended]), 'a Rocket.Chat connection')
    await this.answer('connected', { msg: 'connect', version: '1', support: ['1'] })
    const { error } = await this.call('login', { resume: this.#person.token })
    if (error) throw new Error(`Rocket.Chat's log-in was refused: ${JSON.stringify(error)}`)
  }

  call(method: string, ...params: unknown[]): Promise<Any> {
    const id = `m${this.#next++}`
    return this.answer(id, { msg: 'method', id, method, params })
  }

  message(_place: Place, name: string): Message {
    return { name, body: { _id: randomBytes(9).toString('base64url').replace(/[-_]/g, 'x') } }
  }

  async send({ uuid }: Place, { name, body }: Message): Promise<Answer> {
    const { result, error } = await this.call('sendMessage', { ...body, rid: uuid, msg: name })
    if (!error) return { acked: true, id: result._id }
    return { acked: false, again: FINAL.every(code => code !== error.error) }
  }

  async listen(place: Place, heard: (name: string) => void): Promise<string | null> {
    this.#listeners.set(place.uuid, message => {
      // What is not `e2e` and has a type is a line of the server's own.
      if (message.t === undefined || message.t === 'e2e') heard(message._id)
    })
    const id = `s${this.#next++}`
    const answer = await this.answer(id, {
      msg: 'sub',
      id,
      name: 'stream-room-messages',
      params: [place.uuid, { useCollection: false, args: [] }],
    })
    if (answer.msg !== 'ready') throw new Error(`Rocket.Chat's stream was refused: ${JSON.stringify(answer)}`)
    const { messages } = await page(this.#url, this.#person, place, 0)
    return messages[0] ?? null
  }

  close(): void {
    this.#ws.close()
    this.closed = true
  }
}

/** Refusals that another try does not change. */
const FINAL = ['error-not-allowed', 'error-user-banned', 'error-room-closed', 'error-action-not-allowed']

/** Logged in. */
export async function openDdp(url: string, person: Person): Promise<DdpConnection> {
  const ws = new WebSocket(`${url.replace('http', 'ws')}/websocket`, { handshakeTimeout: PATIENCE })
  const connection = new DdpConnection(ws, url, person)
  try {
    await connection.begin()
    return connection
  } catch (error) {
    ws.terminate()
    throw error
  }
}

async function rest(url: string, { id, token }: Person, path: string): Promise<Any> {
  const answer = await fetch(`${url}/api/v1/${path}`, {
    headers: { 'x-user-id': id, 'x-auth-token': token },
    signal: AbortSignal.timeout(PATIENCE),
  })
  const body = (await answer.json()) as Any
  if (!body.success) throw new Error(`${path}: ${JSON.stringify(body)}`)
  return body
}

/** Newest first. `count`: how many lines there were, the server's own included. */
async function page(url: string, person: Person, { uuid, group }: Place, offset: number) {
  const family = group ? 'groups' : 'channels'
  const query = `roomId=${uuid}&count=${PAGE}&offset=${offset}`
  const { messages } = await rest(url, person, `${family}.history?${query}`)
  const shown = messages.filter(({ t }: Any) => t === undefined || t === 'e2e')
  return { messages: shown.map(({ _id }: Any) => _id as string) as string[], count: messages.length as number }
}

export const rocketchat: Wire = {
  name: 'rocketchat',
  sends: ({ group }) => group === null,
  hears: () => true,
  connect: openDdp,
  async history(url, person, place) {
    const found: string[] = []
    for (let offset = 0; ; offset += PAGE) {
      const { messages, count } = await page(url, person, place, offset)
      found.push(...messages)
      if (count < PAGE) return { messages: found.reverse(), whole: true }
    }
  },
  async view(url, person, { uuid, group }) {
    const family = group ? 'groups' : 'channels'
    const { members } = await rest(url, person, `${family}.members?roomId=${uuid}&count=${PAGE}`)
    const { room } = await rest(url, person, `rooms.info?roomId=${uuid}`)
    return { members: members.map(({ _id }: Any) => _id), epoch: group ? (room.e2eKeyId ?? null) : null, closed: null }
  },
}
