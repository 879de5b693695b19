// How each wire is spoken by the load generator: log in and enter a room, send a message, know an answer, read when a
// delivered message was sent. `raw` and `socket.io` are for the servers of this folder, the others for Conclave.

import { LoadSocket } from './socket.ts'

export type WireName = 'raw' | 'socket.io' | 'dino4' | 'dino3' | 'ddp'

export interface Wire {
  readonly name: WireName
  /** Connects, logs in and enters the room (`''`: logs in only). */
  enter(port: number, user: number, room: string): Promise<LoadSocket>
  /** The request that sends `text`; `id` comes back in the answer. */
  message(id: number, room: string, text: string): string
  /** The id that an answer carries, or -1 where the frame is something else. */
  answered(buffer: Buffer, start: number, end: number): number
  /** Where the text of a delivered message begins in a frame, and in which encoding; undefined: not a message. */
  sentAt(frame: string): number | undefined
  /** What keeps the connection alive when the server sends a heart-beat, and what must be sent unasked. */
  readonly beat: { readonly asked: string; readonly answer: string } | { readonly send: string }
}

const WAIT = 30_000
/** `@` and the microseconds of performance.now() in 14 digits: 15 bytes, so that base64 needs no padding. */
const STAMP_DIGITS = 14
const ID_DIGITS = 9
const ZERO = '0'.charCodeAt(0)

/** A message's text of `size` characters that begins with the time it was made. */
export function stamped(size: number): string {
  const stamp = `@${Math.round(performance.now() * 1_000)
    .toString()
    .padStart(STAMP_DIGITS, '0')}`
  return stamp.padEnd(size, 'x')
}

function stampAt(frame: string, at: number): number | undefined {
  return frame[at] === '@' ? Number(frame.slice(at + 1, at + 1 + STAMP_DIGITS)) / 1_000 : undefined
}

/** What a server says while one logs in, read in order. */
class Talk {
  readonly #heard: string[] = []
  #wake: (() => void) | undefined
  socket!: LoadSocket

  static async open(port: number, path: string): Promise<Talk> {
    const talk = new Talk()
    talk.socket = await LoadSocket.open(port, path, text => {
      talk.#heard.push(text)
      talk.#wake?.()
    })
    return talk
  }

  /** Waits for a frame that contains `part`, and demands that it also contains `granted`. */
  async hear(part: string, granted = ''): Promise<string> {
    const until = performance.now() + WAIT
    for (;;) {
      for (;;) {
        const text = this.#heard.shift()
        if (text === undefined) break
        if (text.includes(part)) {
          if (!text.includes(granted)) throw new Error(`refused: ${text.slice(0, 300)}`)
          return text
        }
      }
      if (this.socket.closed || performance.now() > until) throw new Error(`no "${part}" came`)
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, 1_000)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }

  done(): LoadSocket {
    this.socket.onFrame = undefined
    return this.socket
  }
}

const base64 = (text: string) => Buffer.from(text).toString('base64')

const raw: Wire = {
  name: 'raw',
  enter: async port => (await Talk.open(port, '/')).done(),
  message: (id, _room, text) => `${text.slice(0, 15)}${String(id).padStart(ID_DIGITS, '0')}${text.slice(15)}`,
  answered(buffer, start) {
    let id = 0
    for (let at = start + 15; at < start + 15 + ID_DIGITS; at++) id = id * 10 + buffer[at]! - ZERO
    return id
  },
  sentAt: frame => stampAt(frame, 0),
  beat: { asked: '', answer: '' },
}

function engine(name: WireName, eio: 3 | 4, login: boolean): Wire {
  return {
    name,
    async enter(port, user, room) {
      const talk = await Talk.open(port, `/socket.io/?EIO=${eio}&transport=websocket`)
      await talk.hear('0{')
      if (eio === 3) await talk.hear('40')
      talk.socket.send('40/ws,')
      await talk.hear('40/ws')
      if (!login) return talk.done()
      const attachments = [{ objectType: 'token', content: `tok${user}` }]
      const actor = { id: String(user), displayName: base64(`User ${user}`), attachments }
      talk.socket.send(`42/ws,1${JSON.stringify(['login', { verb: 'login', actor }])}`)
      await talk.hear('43/ws,1[', '"status_code":200')
      if (room !== '') {
        talk.socket.send(`42/ws,2${JSON.stringify(['join', { verb: 'join', target: { id: room } }])}`)
        await talk.hear('43/ws,2[', '"status_code":200')
      }
      return talk.done()
    },
    message: (id, room, text) =>
      login
        ? `42/ws,${id}["message",{"verb":"send","target":{"id":"${room}","objectType":"room"},"object":{"content":"${base64(text)}"}}]`
        : `42/ws,${id}["message","${text}"]`,
    answered: (buffer, start, end) =>
      buffer[start + 1] === 0x33
        ? Number.parseInt(buffer.toString('latin1', start + 6, Math.min(end, start + 20)), 10)
        : -1,
    sentAt(frame) {
      if (!frame.startsWith('42/ws,["message"')) return undefined
      if (!login) return stampAt(frame, frame.indexOf('@'))
      const at = frame.indexOf('"content":"') + 11
      return stampAt(Buffer.from(frame.slice(at, at + 20), 'base64').toString('latin1'), 0)
    },
    beat: eio === 4 ? { asked: '2', answer: '3' } : { send: '2' },
  }
}

const RESULT = 'r'.charCodeAt(0)

const ddp: Wire = {
  name: 'ddp',
  async enter(port, user, room) {
    const talk = await Talk.open(port, '/websocket')
    talk.socket.send('{"msg":"connect","version":"1","support":["1","pre2","pre1"]}')
    await talk.hear('"connected"')
    talk.socket.send(`{"msg":"method","method":"login","id":"1","params":[{"resume":"tok${user}"}]}`)
    await talk.hear('"msg":"result"', '"token"')
    if (room !== '') {
      talk.socket.send(`{"msg":"sub","id":"s","name":"stream-room-messages","params":["${room}",false]}`)
      await talk.hear('"s"', '"ready"')
    }
    return talk.done()
  },
  message: (id, room, text) =>
    `{"msg":"method","method":"sendMessage","id":"${id}","params":[{"rid":"${room}","msg":"${text}"}]}`,
  answered(buffer, start, end) {
    // {"msg":"result","id":"7",…}: `msg` comes first from this server.
    if (buffer[start + 8] !== RESULT) return -1
    const text = buffer.toString('latin1', start, end)
    return Number(/"id":"(\d+)"/.exec(text)?.[1] ?? -1)
  },
  sentAt(frame) {
    const at = frame.indexOf('"msg":"@')
    return at < 0 ? undefined : stampAt(frame, at + 7)
  },
  beat: { asked: '{"msg":"ping"}', answer: '{"msg":"pong"}' },
}

export const wires: Readonly<Record<WireName, Wire>> = {
  raw,
  'socket.io': engine('socket.io', 4, false),
  dino4: engine('dino4', 4, true),
  dino3: engine('dino3', 3, true),
  ddp,
}
