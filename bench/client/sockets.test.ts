// Everything that is printed rests on what these clients count: the same frames in whatever pieces they come.
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { textFrame } from '../../packages/server/src/fanout/frame.ts'
import { MqttClient, mqttPacket, mqttText, NatsClient, XmppClient } from './peers.ts'
import type { LoadSocket } from './socket.ts'
import { WebSocketClient } from './websocket.ts'

const FRAMES = 200
/** Longer than what is taken for a heart-beat, of lengths with one, two and three digits of whatever base. */
const TEXTS = Array.from({ length: FRAMES }, (_, i) => `@${i}`.padEnd(70 + ((i * 37) % 700), 'x'))
const UPGRADED = 'HTTP/1.1 101 Switching Protocols\r\n\r\n'

type Open = (port: number, onText: (text: string) => void) => Promise<LoadSocket>

interface Protocol {
  readonly name: string
  readonly open: Open
  readonly frame: (text: string, i: number) => Buffer
  /** Bytes that the client sends for what it got, beside its upgrade. */
  readonly answers?: number
}

const latin1 = (text: string) => Buffer.from(text, 'latin1')
const mqtt = (quality: 0 | 1) => (text: string, i: number) =>
  latin1(
    mqttPacket(0x30 | (quality << 1), mqttText('r') + (quality ? String.fromCharCode(i >> 8, i & 255) : '') + text),
  )

const protocols: readonly Protocol[] = [
  { name: 'WebSocket', open: (port, onText) => WebSocketClient.open(port, '/', onText), frame: textFrame },
  { name: 'NATS', open: NatsClient.open, frame: text => latin1(`MSG r 1 ${text.length}\r\n${text}\r\n`) },
  { name: 'MQTT, QoS 0', open: MqttClient.open, frame: mqtt(0) },
  { name: 'MQTT, QoS 1', open: MqttClient.open, frame: mqtt(1), answers: FRAMES * 4 },
  {
    name: 'XMPP',
    open: async (port, onText) => {
      const socket = await XmppClient.open(port, onText)
      socket.inRoom = true
      return socket
    },
    frame: text => latin1(`<message from='a@b/c'><body>${text}</body></message>`),
  },
]

let server: Server | undefined
let socket: LoadSocket | undefined

afterEach(() => {
  socket?.close()
  server?.close()
})

/** Writes the bytes in pieces of one to `most`, a turn apart, as soon as somebody connects. */
async function pours(bytes: Buffer, most: number, greeting: string): Promise<{ port: number; heard: () => number }> {
  let heard = 0
  const pour = async (peer: Socket) => {
    peer.write(greeting)
    for (let at = 0, piece = 1; at < bytes.length; at += piece, piece = ((piece * 7) % most) + 1) {
      peer.write(bytes.subarray(at, at + piece))
      await new Promise(resolve => setImmediate(resolve))
    }
  }
  server = createServer(peer => {
    peer.setNoDelay(true).on('error', () => {})
    peer.on('data', chunk => {
      heard += chunk.length
    })
    void pour(peer)
  })
  await new Promise<void>(resolve => server?.listen(0, '127.0.0.1', resolve))
  return { port: (server.address() as AddressInfo).port, heard: () => heard }
}

describe.each(protocols)('the client of $name', ({ name, open, frame, answers }) => {
  const bytes = Buffer.concat(TEXTS.map(frame))
  const greeting = name === 'WebSocket' ? UPGRADED : ''
  /** Of the client's own upgrade. */
  const asks = (heard: number) => (name === 'WebSocket' ? 0 : heard)

  it.each([50, 3_000])('counts every frame once, in pieces of up to %i bytes', async most => {
    const { port, heard } = await pours(bytes, most, greeting)
    socket = await open(port, () => {})
    socket.onFrame = undefined
    await expect.poll(() => socket?.bytes).toBe(bytes.length + greeting.length)
    expect(socket.frames).toBe(FRAMES)
    await expect.poll(() => asks(heard())).toBe(answers ?? 0)
  })

  it.each([50, 3_000])('shows every text whole, in pieces of up to %i bytes', async most => {
    const { port } = await pours(bytes, most, greeting)
    const shown: string[] = []
    socket = await open(port, text => shown.push(text))
    await expect.poll(() => shown.length).toBe(FRAMES)
    expect(shown.map((text, i) => text.includes(TEXTS[i]!))).toEqual(TEXTS.map(() => true))
  })
})
