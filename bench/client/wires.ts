// How each wire is spoken by the load generator: log in and enter a room, send a message, know an answer, read when a
// delivered message was sent. `raw` and `socket.io` are for the servers of this folder, `mqtt0`, `mqtt1`, `nats` and `xmpp` for
// servers that are installed, the others for Conclave.

import { MqttClient, mqttPacket, mqttText, NatsClient, XmppClient } from './peers.ts'
import type { LoadSocket } from './socket.ts'
import { WebSocketClient } from './websocket.ts'

export type WireName = 'raw' | 'socket.io' | 'dino4' | 'dino3' | 'ddp' | 'sockjs' | 'mqtt0' | 'mqtt1' | 'nats' | 'xmpp'

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
/** Begins a text: no wire makes a mention of it. */
export const STAMP = '~'
/** Behind it come the microseconds of performance.now() in 14 digits: 15 bytes, so that base64 needs no padding. */
const STAMP_DIGITS = 14
const ID_DIGITS = 9
const ZERO = '0'.charCodeAt(0)

/** A message's text of `size` characters that begins with the time it was made. */
export function stamped(size: number): string {
  const stamp = `${STAMP}${Math.round(performance.now() * 1_000)
    .toString()
    .padStart(STAMP_DIGITS, '0')}`
  return stamp.padEnd(size, 'x')
}

function stampAt(frame: string, at: number): number | undefined {
  return frame[at] === STAMP ? Number(frame.slice(at + 1, at + 1 + STAMP_DIGITS)) / 1_000 : undefined
}

/** What a server says while one logs in, read in order. */
class Talk {
  readonly #heard: string[] = []
  #wake: (() => void) | undefined
  socket!: LoadSocket

  static open(port: number, path: string): Promise<Talk> {
    return Talk.over(onText => WebSocketClient.open(port, path, onText))
  }

  static async over(open: (onText: (text: string) => void) => Promise<LoadSocket>): Promise<Talk> {
    const talk = new Talk()
    talk.socket = await open(text => {
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
      if (!login) return stampAt(frame, frame.indexOf(STAMP))
      const at = frame.indexOf('"content":"') + 11
      return stampAt(Buffer.from(frame.slice(at, at + 20), 'base64').toString('latin1'), 0)
    },
    beat: eio === 4 ? { asked: '2', answer: '3' } : { send: '2' },
  }
}

const RESULT = 'r'.charCodeAt(0)

/** DDP as it is, or in SockJS's framing: a list of strings of JSON. `msg` comes first from this server. */
function ddp(name: 'ddp' | 'sockjs'): Wire {
  const sockjs = name === 'sockjs'
  const framed = (packet: string) => (sockjs ? JSON.stringify([packet]) : packet)
  const quote = sockjs ? '\\"' : '"'
  /** Where the word after `{"msg":"` begins. */
  const word = (sockjs ? 'a["' : '').length + `{${quote}msg${quote}:${quote}`.length
  const idOf = new RegExp(`${sockjs ? String.raw`\\"id\\":\\"` : '"id":"'}(\\d+)`)
  const text = `${quote}msg${quote}:${quote}${STAMP}`
  return {
    name,
    async enter(port, user, room) {
      const talk = await Talk.open(port, sockjs ? '/sockjs/1/bench/websocket' : '/websocket')
      talk.socket.send(framed('{"msg":"connect","version":"1","support":["1","pre2","pre1"]}'))
      await talk.hear('connected')
      talk.socket.send(framed(`{"msg":"method","method":"login","id":"1","params":[{"resume":"tok${user}"}]}`))
      await talk.hear('result', 'token')
      if (room !== '') {
        talk.socket.send(framed(`{"msg":"sub","id":"s","name":"stream-room-messages","params":["${room}",false]}`))
        await talk.hear('subs', 'ready')
      }
      return talk.done()
    },
    message: (id, room, content) =>
      framed(`{"msg":"method","method":"sendMessage","id":"${id}","params":[{"rid":"${room}","msg":"${content}"}]}`),
    answered(buffer, start, end) {
      if (buffer[start + word] !== RESULT) return -1
      return Number(idOf.exec(buffer.toString('latin1', start, end))?.[1] ?? -1)
    },
    sentAt(frame) {
      const at = frame.indexOf(text)
      return at < 0 ? undefined : stampAt(frame, at + text.length - 1)
    },
    beat: { asked: sockjs ? 'a["{\\"msg\\":\\"ping\\"}"]' : '{"msg":"ping"}', answer: framed('{"msg":"pong"}') },
  }
}

const STAMPED = STAMP.charCodeAt(0)

/** The id in a message of the wire `raw`, whatever else came is none. */
function rawAnswer(buffer: Buffer, start: number): number {
  return buffer[start] === STAMPED ? raw.answered(buffer, start, start) : -1
}

const nats: Wire = {
  name: 'nats',
  async enter(port) {
    const talk = await Talk.over(onText => NatsClient.open(port, onText))
    await talk.hear('INFO')
    talk.socket.send('CONNECT {"verbose":false,"pedantic":false,"tls_required":false}\r\nSUB r 1\r\nPING\r\n')
    await talk.hear('PONG')
    return talk.done()
  },
  message(id, room, text) {
    const content = raw.message(id, room, text)
    return `PUB r ${content.length}\r\n${content}\r\n`
  },
  answered: rawAnswer,
  sentAt: raw.sentAt,
  beat: { asked: 'PING\r\n', answer: 'PONG\r\n' },
}

function mqtt(name: 'mqtt0' | 'mqtt1', quality: 0 | 1): Wire {
  return {
    name,
    async enter(port, user) {
      const talk = await Talk.over(onText => MqttClient.open(port, onText))
      // Clean session, no end of its life (section 3.1); then the topic `r` (3.8).
      talk.socket.send(mqttPacket(0x10, `${mqttText('MQTT')}\x04\x02\0\0${mqttText(`${name}-${user}`)}`))
      await talk.hear('')
      talk.socket.send(mqttPacket(0x82, `\0\x01${mqttText('r')}${String.fromCharCode(quality)}`))
      await talk.hear('')
      return talk.done()
    },
    message(id, room, text) {
      const packet = (id % 65_535) + 1
      const number = quality === 0 ? '' : String.fromCharCode(packet >> 8, packet & 0xff)
      return mqttPacket(0x30 | (quality << 1), mqttText('r') + number + raw.message(id, room, text))
    },
    answered: rawAnswer,
    sentAt: raw.sentAt,
    beat: { asked: '', answer: '' },
  }
}

const XMPP_ROOM = 'room@conference.localhost'
const BODY = '<body>'

/** Anonymous (RFC 4505), one room (XEP-0045). */
const xmpp: Wire = {
  name: 'xmpp',
  async enter(port, user) {
    const talk = await Talk.over(onText => XmppClient.open(port, onText))
    const stream =
      "<stream:stream to='localhost' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
    talk.socket.send(stream)
    await talk.hear('</stream:features>')
    talk.socket.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'/>")
    await talk.hear('<success')
    talk.socket.send(stream)
    await talk.hear('</stream:features>')
    talk.socket.send("<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>")
    await talk.hear("id='bind'")
    talk.socket.send(
      `<presence to='${XMPP_ROOM}/u${user}'><x xmlns='http://jabber.org/protocol/muc'><history maxstanzas='0'/></x></presence>`,
    )
    await talk.hear('<subject')
    ;(talk.socket as XmppClient).inRoom = true
    return talk.done()
  },
  message: (id, room, text) =>
    `<message type='groupchat' to='${XMPP_ROOM}'><body>${raw.message(id, room, text)}</body></message>`,
  answered(buffer, start, end) {
    const at = buffer.subarray(start, end).indexOf(BODY)
    return at < 0 ? -1 : rawAnswer(buffer, start + at + BODY.length)
  },
  sentAt(frame) {
    const at = frame.indexOf(BODY)
    return at < 0 ? undefined : stampAt(frame, at + BODY.length)
  },
  beat: { asked: '', answer: '' },
}

export const wires: Readonly<Record<WireName, Wire>> = {
  raw,
  'socket.io': engine('socket.io', 4, false),
  dino4: engine('dino4', 4, true),
  dino3: engine('dino3', 3, true),
  ddp: ddp('ddp'),
  sockjs: ddp('sockjs'),
  mqtt0: mqtt('mqtt0', 0),
  mqtt1: mqtt('mqtt1', 1),
  nats,
  xmpp,
}
