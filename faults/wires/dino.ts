// Dino with socket.io-client, as its users have it; without its own reconnecting, so that a session has one beginning and
// one end.
import { io, type Socket } from 'socket.io-client'
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

const base64 = (text: string): string => Buffer.from(text).toString('base64')

export class DinoConnection implements Connection {
  closed = false
  readonly #socket: Socket
  readonly #ended: Promise<never>

  constructor(socket: Socket) {
    this.#socket = socket
    this.#ended = new Promise((_, reject) => {
      const end = (why: string) => () => {
        this.closed = true
        reject(new Error(`Dino's socket ${why}`))
      }
      socket.on('disconnect', end('ended'))
      socket.on('connect_error', end('did not open'))
    })
    this.#ended.catch(() => {})
  }

  ask(event: string, body: object): Promise<Any> {
    const answer = this.#socket.timeout(PATIENCE).emitWithAck(event, body)
    return Promise.race([answer, this.#ended])
  }

  async opened(): Promise<void> {
    const connected = new Promise<void>(resolve => this.#socket.once('connect', () => resolve()))
    await inTime(Promise.race([connected, this.#ended]), 'a Dino connection')
  }

  message(_place: Place, name: string): Message {
    return { name, body: null }
  }

  async send({ uuid }: Place, { name }: Message): Promise<Answer> {
    const answer = await this.ask('message', {
      verb: 'send',
      target: { id: uuid, objectType: 'room' },
      object: { content: base64(name) },
    })
    return answer.status_code === 200 ? { acked: true, id: answer.data.id } : { acked: false, again: false }
  }

  async listen({ uuid }: Place, heard: (name: string) => void): Promise<string | null> {
    this.#socket.on('message', (data: Any) => {
      if (data.target.id === uuid) heard(data.id)
    })
    await this.join(uuid)
    return (await this.history(uuid)).at(-1) ?? null
  }

  async join(uuid: string): Promise<void> {
    const joined = await this.ask('join', { verb: 'join', target: { id: uuid } })
    if (joined.status_code !== 200) throw new Error(`Dino's join was refused: ${JSON.stringify(joined)}`)
  }

  /** Oldest first. */
  async history(uuid: string): Promise<string[]> {
    const answer = await this.ask('history', { verb: 'list', target: { id: uuid } })
    if (answer.status_code !== 200) throw new Error(`Dino's history was refused: ${JSON.stringify(answer)}`)
    return answer.data.object.attachments.map(({ id }: Any) => id).reverse()
  }

  /** Ids of who is inside. */
  async inside(uuid: string): Promise<string[]> {
    const answer = await this.ask('users_in_room', { verb: 'list', target: { id: uuid } })
    if (answer.status_code !== 200) throw new Error(`Dino's users_in_room was refused: ${JSON.stringify(answer)}`)
    return answer.data.object.attachments.map(({ id }: Any) => id)
  }

  close(): void {
    this.#socket.close()
    this.closed = true
  }
}

/** Logged in. */
export async function openDino(url: string, { id, username, token }: Person): Promise<DinoConnection> {
  const socket = io(`${url}/ws`, { transports: ['websocket'], reconnection: false, forceNew: true, timeout: PATIENCE })
  const connection = new DinoConnection(socket)
  try {
    await connection.opened()
    const attachments = [{ objectType: 'token', content: token }]
    const actor = { id, displayName: base64(username), attachments }
    const login = await connection.ask('login', { verb: 'login', actor })
    if (login.status_code !== 200) throw new Error(`Dino's log-in was refused: ${JSON.stringify(login)}`)
    return connection
  } catch (error) {
    connection.close()
    throw error
  }
}

export const dino: Wire = {
  name: 'dino',
  sends: ({ group }) => group === null,
  hears: () => true,
  connect: openDino,
  async history(url, person, { uuid }) {
    const connection = await openDino(url, person)
    try {
      return { messages: await connection.history(uuid), whole: false }
    } finally {
      connection.close()
    }
  },
  // Dino shows who is inside, and no members.
  view: async () => null,
}
