// Whatever a client sends is taken, or looked at by the library, with the same outcome: a server that takes events itself
// and one that leaves all to the library get the same packets.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Server, type Socket } from 'socket.io'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { type Ack, adopt, type Receiver } from './adopt.ts'
import { EngineTransport } from './engine.ts'
import { type EventTaker, takeEvents } from './intake.ts'
import { Outlet, type OutletOwner } from './outlet.ts'
import { Turn } from './turn.ts'

/** What came of the packets of one client. */
interface Outcome {
  readonly events: { readonly args: readonly unknown[]; readonly ack: number | null }[]
  closed: boolean
}

const turn = new Turn()
let outcome: Outcome = { events: [], closed: false }
/** How many events came past the library. */
let taken = 0

class Owner implements OutletOwner, Receiver, EventTaker {
  readonly socket: Socket

  constructor(socket: Socket) {
    this.socket = socket
  }

  onOverflow(): void {}

  receive(packet: readonly unknown[]): void {
    const last = packet.at(-1)
    const ack = typeof last === 'function' ? (last as Ack).id : null
    outcome.events.push({ args: ack === null ? packet : packet.slice(0, -1), ack })
  }

  take(_name: string, args: readonly unknown[], ack: number | null): void {
    taken++
    outcome.events.push({ args, ack })
  }
}

const servers: ReturnType<typeof createServer>[] = []
const ports: Record<'library' | 'itself', number> = { library: 0, itself: 0 }

beforeAll(async () => {
  for (const way of ['library', 'itself'] as const) {
    const http = createServer()
    const io = new Server(http, { allowEIO3: true })
    io.of('/ws').on('connection', socket => {
      const owner = new Owner(socket)
      adopt(socket, new Outlet(turn, new EngineTransport(socket.conn), owner))
      if (way === 'itself') takeEvents(owner)
    })
    servers.push(http)
    await new Promise<void>(resolve => http.listen(0, '127.0.0.1', resolve))
    ports[way] = (http.address() as AddressInfo).port
  }
})

afterAll(() => {
  for (const http of servers) {
    http.close()
    http.closeAllConnections()
  }
})

/** The end of what is sent: by then everything before it was taken, or the connection is closed. */
const END = 'the end of it'

async function send(way: 'library' | 'itself', packets: readonly (string | Buffer)[]): Promise<Outcome> {
  outcome = { events: [], closed: false }
  const mine = outcome
  const client = new WebSocket(`ws://127.0.0.1:${ports[way]}/socket.io/?EIO=4&transport=websocket`)
  await new Promise<void>((resolve, reject) => {
    client.on('error', reject)
    client.on('message', data => {
      const text = String(data)
      if (text.startsWith('0')) client.send('40/ws,')
      if (text.startsWith('40/ws')) resolve()
    })
  })
  const closed = new Promise<void>(resolve => client.once('close', () => resolve()))
  for (const packet of packets) client.send(packet)
  client.send(`42/ws,["${END}"]`)
  while (!mine.events.some(({ args }) => args[0] === END) && client.readyState === WebSocket.OPEN) {
    await new Promise(resolve => setTimeout(resolve, 5))
  }
  mine.closed = !mine.events.some(({ args }) => args[0] === END)
  client.terminate()
  await closed
  return { ...mine, events: mine.events.filter(({ args }) => args[0] !== END) }
}

const USUAL = [
  '42/ws,["message",{"verb":"send"}]',
  '42/ws,7["message",{"verb":"send"}]',
  '42/ws,0["a"]',
  '42/ws,123456789012345["a",1,null,"ü"]',
  '42/ws,["error","anything"]',
  '42/ws,["__proto__",{"__proto__":{"a":1}}]',
]

test.each(USUAL)('%s is taken without the library, and is what the library makes of it', async packet => {
  const before = taken
  const itself = await send('itself', [packet])
  // And the end.
  expect(taken - before).toBe(2)
  expect(itself.events).toHaveLength(1)
  expect(itself).toEqual(await send('library', [packet]))
})

test.each([
  '42/ws,1234567890123456789012["a"]',
  '42/ws, 1["a"]',
  '42/ws,1 ["a"]',
  '42/ws,1.5["a"]',
  '42/ws,-1["a"]',
  '42/ws,["connect"]',
  '42/ws,["disconnect"]',
  '42/ws,["newListener",1]',
  '42/ws,[7,"a number for a name"]',
  '42/ws,[null]',
  '42/ws,[]',
  '42/ws,{"a":1}',
  '42/ws,"a"',
  '42/ws,["a"',
  '42/ws,["a"] and more',
  '42/ws,',
  '42/ws',
  '42',
  '42["a"]',
  '42/,["a"]',
  '42/ws?token=1,["a"]',
  '42/wsx,["a"]',
  '42/other,["a"]',
  '43/ws,1["a"]',
  '41/ws,',
  '45/ws,["a"]',
  '451-/ws,["a",{"_placeholder":true,"num":0}]',
  '49/ws,["a"]',
])('%s comes to the same with the library and without', async packet => {
  expect(await send('itself', [packet])).toEqual(await send('library', [packet]))
})

test('what comes in parts keeps its place', async () => {
  const packets = [
    '42/ws,["first"]',
    '451-/ws,["second",{"_placeholder":true,"num":0}]',
    Buffer.from('bytes'),
    '42/ws,["third"]',
  ]
  const itself = await send('itself', packets)
  expect(itself.events.map(({ args }) => args[0])).toEqual(['first', 'second', 'third'])
  expect(itself).toEqual(await send('library', packets))
})

test('a text in the middle of what comes in parts is refused as the library does', async () => {
  const packets = ['451-/ws,["a",{"_placeholder":true,"num":0}]', '42/ws,["b"]']
  expect(await send('itself', packets)).toEqual(await send('library', packets))
})
