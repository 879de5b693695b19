// Many Rocket.Chat clients that come back at the same moment: each connects, logs in with its token, asks for its rooms
// and subscriptions, and subscribes to ten streams. Or two that talk meanwhile, and how long their messages take.

import { percentile } from '../numbers.ts'
import type { LoadSocket } from './socket.ts'
import { WebSocketClient } from './websocket.ts'
import { STAMP, stamped } from './wires.ts'

export interface Storm {
  readonly do: 'storm'
  readonly port: number
  readonly clients: number
  readonly firstUser: number
  /** The room in which they all are. */
  readonly room: string
}

export interface Stormed {
  /** From the first connect to the last answer. */
  readonly seconds: number
  /** Answers that were errors, and connections that ended. */
  readonly errors: number
  readonly why: string
  /** ms from a client's first byte to its last answer. */
  readonly p50: number
  readonly p99: number
  /** CPU seconds of this process. */
  readonly cpu: number
  readonly megabytes: number
}

export interface Talk {
  readonly do: 'talk'
  readonly port: number
  readonly users: readonly [number, number]
  readonly room: string
  /** ms between messages. */
  readonly every: number
}

export interface Talked {
  readonly messages: number
  readonly p50: number
  readonly p99: number
  readonly most: number
}

type Order = Storm | Talk | { readonly do: 'begin' } | { readonly do: 'stop' }

const WITHIN = 60_000
const PRESENCES = 10

/** What a client does once it is connected, in order. */
function requests(user: number, room: string): string[] {
  const method = (id: string, name: string, ...params: unknown[]) =>
    JSON.stringify({ msg: 'method', method: name, id, params })
  const streams: readonly [string, string, unknown?][] = [
    ...['message', 'subscriptions-changed', 'rooms-changed', 'notification', 'userData'].map(
      (event): [string, string] => ['notify-user', `${user}/${event}`],
    ),
    ['notify-logged', 'user-status'],
    ['notify-logged', 'Users:NameChanged'],
    ['room-messages', room],
    ['notify-room', `${room}/user-activity`],
    ['user-presence', '', { added: Array.from({ length: PRESENCES }, (_, i) => String(user + i + 1)) }],
  ]
  return [
    method('login', 'login', { resume: `tok${user}` }),
    method('subscriptions', 'subscriptions/get'),
    method('rooms', 'rooms/get'),
    ...streams.map(([name, event, options = false], i) =>
      JSON.stringify({ msg: 'sub', id: `s${i}`, name: `stream-${name}`, params: [event, options] }),
    ),
  ]
}

class Client {
  readonly #asked: readonly string[]
  readonly #socket: LoadSocket
  #waiting: Set<string>
  #done: (() => void) | undefined
  onText: ((text: string) => void) | undefined
  error: string | undefined

  private constructor(socket: LoadSocket, asked: readonly string[]) {
    this.#socket = socket
    this.#asked = asked
    this.#waiting = new Set(asked.map(text => JSON.parse(text).id as string))
    socket.onFrame = (buffer, start, end) => {
      if (this.#waiting.size > 0) this.#read(buffer.toString('utf8', start, end))
      else if (this.onText || end - start < 20) this.#later(buffer.toString('utf8', start, end))
    }
    socket.onClose = () => {
      this.error ??= 'the server closed the connection'
      this.#done?.()
    }
  }

  static async come(port: number, user: number, room: string): Promise<Client> {
    let wake = (): void => {}
    const connected = new Promise<void>(resolve => {
      wake = resolve
    })
    const socket = await WebSocketClient.open(port, '/websocket', text => {
      if (text.includes('"connected"')) wake()
    })
    socket.send('{"msg":"connect","version":"1","support":["1","pre2","pre1"]}')
    await connected
    const client = new Client(socket, requests(user, room))
    await client.#ask()
    return client
  }

  /** The log-in first, and all the rest at once, as clients do. */
  async #ask(): Promise<void> {
    const [login, ...rest] = this.#asked
    const all = new Promise<void>(resolve => {
      this.#done = resolve
    })
    this.#socket.send(login!)
    for (const text of rest) this.#socket.send(text)
    const timer = setTimeout(() => {
      this.error ??= `unanswered: ${[...this.#waiting].join(' ')}`
      this.#done?.()
    }, WITHIN)
    await all
    clearTimeout(timer)
  }

  #read(text: string): void {
    if (text === '{"msg":"ping"}') this.#socket.send('{"msg":"pong"}')
    const msg = text.slice(8, 16)
    if (msg.startsWith('result"') || msg.startsWith('nosub"')) {
      const { id, error } = JSON.parse(text)
      if (error) this.error ??= text.slice(0, 300)
      this.#waiting.delete(id)
    } else if (msg.startsWith('ready"')) this.#waiting.delete(JSON.parse(text).subs[0])
    if (this.#waiting.size === 0) this.#done?.()
  }

  #later(text: string): void {
    if (text === '{"msg":"ping"}') this.#socket.send('{"msg":"pong"}')
    this.onText?.(text)
  }

  send(text: string): void {
    this.#socket.send(text)
  }

  get megabytes(): number {
    return this.#socket.bytes / 1e6
  }
}

const kept: Client[] = []

async function storm({ port, clients, firstUser, room }: Storm): Promise<Stormed> {
  const before = process.cpuUsage()
  const began = performance.now()
  const took: number[] = []
  const failed: string[] = []
  await Promise.all(
    Array.from({ length: clients }, async (_, i) => {
      const from = performance.now()
      try {
        const client = await Client.come(port, firstUser + i, room)
        kept.push(client)
        if (client.error) failed.push(client.error)
      } catch (error) {
        failed.push((error as Error).message)
      }
      took.push(performance.now() - from)
    }),
  )
  const { user, system } = process.cpuUsage(before)
  return {
    seconds: (performance.now() - began) / 1_000,
    errors: failed.length,
    why: failed[0] ?? '',
    p50: percentile(took, 0.5),
    p99: percentile(took, 0.99),
    cpu: (user + system) / 1e6,
    megabytes: kept.reduce((sum, one) => sum + one.megabytes, 0),
  }
}

let stop: (() => Talked) | undefined
const taken: number[] = []

async function talk({ port, users, room, every }: Talk): Promise<object> {
  const [sender, hearer] = await Promise.all(users.map(user => Client.come(port, user, room)))
  for (const { error } of [sender!, hearer!]) if (error) throw new Error(error)
  hearer!.onText = text => {
    const at = text.indexOf(`"msg":"${STAMP}`)
    if (at >= 0) taken.push(performance.now() - Number(text.slice(at + 8, at + 22)) / 1_000)
  }
  let id = 0
  const timer = setInterval(() => {
    const params = JSON.stringify([{ rid: room, msg: stamped(100) }])
    sender!.send(`{"msg":"method","method":"sendMessage","id":"t${id++}","params":${params}}`)
  }, every)
  stop = () => {
    clearInterval(timer)
    return {
      messages: taken.length,
      p50: percentile(taken, 0.5),
      p99: percentile(taken, 0.99),
      most: Math.max(...taken),
    }
  }
  return { talking: true }
}

async function obey(order: Order): Promise<object> {
  try {
    if (order.do === 'storm') return await storm(order)
    if (order.do === 'talk') return await talk(order)
    if (order.do === 'stop') return stop!()
    taken.length = 0
    return { begun: true }
  } catch (error) {
    return { failed: (error as Error).message }
  }
}

process.on('message', (order: Order) => void obey(order).then(answer => process.send!(answer)))
process.on('disconnect', () => process.exit())
