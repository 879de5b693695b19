// Dino's real clients, both generations, in one form: requests with what came back for them, and every push in order.
import { io as connect4 } from 'socket.io-client'
// @ts-expect-error the old client has no types
import connect2 from 'socket.io-client-2'

export type Generation = 2 | 4
export type Transport = 'websocket' | 'polling'

/** One event that the server sent. */
export interface Push {
  readonly event: string
  // biome-ignore lint/suspicious/noExplicitAny: what a server sends is looked at field by field
  readonly data: any
}

export interface Reply {
  /** What the ack was called with; null when it was not called in time. */
  readonly ack: readonly unknown[] | null
  // biome-ignore lint/suspicious/noExplicitAny: see Push
  readonly data: any
  readonly code: number
}

/** What both generations have in common. */
interface ClientSocket {
  readonly connected: boolean
  readonly io: { readonly engine: { readonly transport: { readonly name: string } } }
  on(event: string, listener: (...args: never[]) => void): unknown
  off(event: string, listener: (...args: never[]) => void): unknown
  emit(event: string, ...args: unknown[]): unknown
  close(): unknown
  /** Generation 2 has no `onAny`. */
  onevent(packet: { readonly data: readonly unknown[] }): void
  onAny?(listener: (event: string, data: unknown) => void): unknown
}

const connect = { 4: connect4, 2: connect2 } as unknown as Record<
  Generation,
  (url: string, options: object) => ClientSocket
>

/** ms for an answer: it comes at once or not at all, and a machine with other work may stand still for seconds. */
export const PATIENCE = 20_000

export class DinoClient {
  readonly socket: ClientSocket
  readonly pushes: Push[] = []
  disconnected = false
  /** What went wrong with its connection, in its own words. */
  readonly #faults: string[] = []

  private constructor(socket: ClientSocket) {
    this.socket = socket
    const record = (event: unknown, data: unknown): void => {
      this.pushes.push({ event: String(event), data })
    }
    if (socket.onAny) socket.onAny(record)
    else {
      const onevent = socket.onevent.bind(socket)
      socket.onevent = packet => {
        record(packet.data[0], packet.data[1])
        onevent(packet)
      }
    }
    socket.on('disconnect', () => {
      this.disconnected = true
    })
    for (const name of ['connect_error', 'error'])
      socket.on(name, (error: unknown) => {
        this.#faults.push(`${name}: ${(error as Partial<Error> | null)?.message ?? String(error)}`)
      })
  }

  /** Open when `gn_connect` has come. */
  static async open(
    url: string,
    options: {
      generation?: Generation
      transports?: readonly Transport[]
      namespace?: string
      /** Whether it comes back by itself. */
      reconnection?: boolean
    } = {},
  ): Promise<DinoClient> {
    const { generation = 4, transports = ['websocket'], namespace = '/ws', reconnection = false } = options
    const socket = connect[generation](`${url}${namespace}`, {
      transports,
      forceNew: true,
      reconnection,
      reconnectionDelayMax: 500,
    })
    const client = new DinoClient(socket)
    if (namespace === '/ws') await client.next('gn_connect')
    return client
  }

  request(event: string, ...data: unknown[]): Promise<Reply> {
    return new Promise(resolve => {
      const timer = setTimeout(unanswered, PATIENCE)
      const { socket } = this
      function unanswered(): void {
        clearTimeout(timer)
        socket.off('disconnect', unanswered)
        resolve({ ack: null, data: undefined, code: 0 })
      }
      socket.on('disconnect', unanswered)
      socket.emit(event, ...data, (...args: unknown[]) => {
        clearTimeout(timer)
        socket.off('disconnect', unanswered)
        const answer = args[0] as { status_code?: number } | undefined
        resolve({ ack: args, data: answer, code: answer?.status_code ?? 0 })
      })
    })
  }

  async login(user: string, name = `user${user}`, token = `tok${user}`): Promise<Reply> {
    return this.request('login', loginOf(user, name, token))
  }

  /** Resolves with the first push of that name from `from` on that the test picks. */
  async next(event: string, picks: (data: Push['data']) => boolean = () => true, from = 0): Promise<Push['data']> {
    let at = from
    const found = await until(() => {
      for (; at < this.pushes.length; at++) {
        const push = this.pushes[at] as Push
        if (push.event === event && picks(push.data)) return { data: push.data }
      }
      return undefined
    })
    if (!found) {
      const there = [...this.pushes.map(each => each.event), ...this.#faults].join(', ')
      throw new Error(`${event} did not come; there were ${there}`)
    }
    return found.data
  }

  /** Everything that the server had sent before now has arrived, and nothing that this waits for is left in `pushes`. */
  async settle(): Promise<void> {
    const before = this.pushes.length
    await this.request('list_channels', { verb: 'list' })
    const at = this.pushes.findIndex((push, index) => index >= before && push.event === 'gn_list_channels')
    if (at >= 0) this.pushes.splice(at, 1)
  }

  named(event: string): Push['data'][] {
    return this.pushes.filter(push => push.event === event).map(push => push.data)
  }

  close(): void {
    this.socket.close()
  }
}

export function loginOf(user: string, name = `user${user}`, token = `tok${user}`): object {
  const attachments = [{ objectType: 'token', content: token }]
  return { verb: 'login', actor: { id: user, displayName: base64(name), attachments } }
}

export function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}

export function plain(text: string): string {
  return Buffer.from(text, 'base64').toString()
}

export async function until<T>(condition: () => T | undefined, patience = PATIENCE): Promise<T | undefined> {
  const deadline = Date.now() + patience
  for (;;) {
    const value = condition()
    if (value !== undefined && value !== false) return value
    if (Date.now() > deadline) return undefined
    await new Promise(resolve => setTimeout(resolve, 2))
  }
}
