// Heartbeats as Engine.IO promises them, counted in sweeps that the test makes; and that an open connection holds none of
// what all can share. The latter fails when the library has changed, so that its own way has come back silently.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, createConnection } from 'node:net'
import { Server, type Socket as ServerSocket } from 'socket.io'
import { io as connect4 } from 'socket.io-client'
// @ts-expect-error the old client has no types
import connect2 from 'socket.io-client-2'
import { afterEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { ANSWERED } from '../limits.ts'
import { Connections, posting } from './connections.ts'
import { NoRooms } from './rooms.ts'
import { lighten } from './sockets.ts'
import { WebSocketTransport } from './websocket.ts'

/** ms between sweeps: none comes by itself while a test runs. */
const SWEEP = 1_000_000
/** Sweeps. */
const [INTERVAL, TIMEOUT] = [3, 5]
const PONG = '3'

const cleanup: (() => void)[] = []
afterEach(() => {
  for (const end of cleanup.splice(0)) end()
})

type Conn = ServerSocket['conn']
interface Parts {
  pingIntervalTimer: unknown
  pingTimeoutTimer: unknown
  cleanupFn: unknown[]
}
const partsOf = (conn: Conn) => conn as unknown as Parts

async function serve(options: object = {}, before: (io: Server) => void = () => {}) {
  const http = createServer()
  const io = new Server(http, {
    allowEIO3: true,
    perMessageDeflate: false,
    cors: { origin: true },
    adapter: NoRooms as never,
    pingInterval: INTERVAL * SWEEP,
    pingTimeout: TIMEOUT * SWEEP,
    ...options,
  })
  before(io)
  const strangers = { stay: 24 * 60 * 60 * 1000, end: () => {} }
  const connections = new Connections(io.engine, () => '127.0.0.1', strangers, SWEEP)
  const sockets: ServerSocket[] = []
  const closed: string[] = []
  io.engine.on('connection', (conn: Conn) => conn.on('close', (reason: string) => closed.push(reason)))
  io.of('/ws').on('connection', socket => {
    lighten(socket)
    sockets.push(socket)
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  cleanup.push(() => {
    connections.close()
    io.engine.close()
    http.closeAllConnections()
    http.close()
  })
  const sweep = (times: number) => {
    for (let i = 0; i < times; i++) connections.sweep()
  }
  const port = (http.address() as AddressInfo).port
  return { io, connections, sweep, sockets, closed, port, url: `http://127.0.0.1:${port}/ws` }
}
type Served = Awaited<ReturnType<typeof serve>>

async function until(condition: () => boolean): Promise<void> {
  await expect.poll(condition, { timeout: 5_000, interval: 2 }).toBe(true)
}

/** A client of the test's own hand: what it hears, and what it says. */
async function speak({ port }: Served, generation: 3 | 4) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/socket.io/?EIO=${generation}&transport=websocket`)
  const heard: string[] = []
  socket.on('message', data => heard.push(String(data)))
  socket.on('error', () => {})
  cleanup.push(() => socket.terminate())
  await once(socket, 'open')
  socket.send('40/ws,')
  await until(() => heard.some(text => text.startsWith('40/ws')))
  return { socket, heard, pings: () => heard.filter(text => text === '2').length }
}

const connect = { 4: connect4, 2: connect2 } as unknown as Record<number, (url: string, options: object) => Client>
interface Client {
  connected: boolean
  id: string
  on(event: string, listener: () => void): unknown
  close(): unknown
  io: { engine: { transport: { name: string } } }
}

function open(version: number, { url }: Served, transports: string[]): Client {
  const client = connect[version]!(url, { forceNew: true, reconnection: false, transports })
  cleanup.push(() => client.close())
  return client
}

/** The packets of a client have been read: an event of its own comes after them. */
async function heardOf(served: Served, say: () => void): Promise<void> {
  const { conn } = served.sockets.at(-1)!
  const heard = once(conn, 'heartbeat')
  say()
  await heard
}

describe('a client of the fourth generation', () => {
  test('is pinged an interval after each answer, and closed when one stays out for the timeout', async () => {
    const served = await serve()
    const { socket, pings } = await speak(served, 4)
    served.sweep(INTERVAL - 1)
    expect(pings()).toBe(0)
    served.sweep(1)
    await until(() => pings() === 1)
    served.sweep(TIMEOUT - 1)
    await heardOf(served, () => socket.send(PONG))
    served.sweep(INTERVAL)
    await until(() => pings() === 2)
    served.sweep(TIMEOUT - 1)
    expect(served.closed).toEqual([])
    served.sweep(1)
    expect(served.closed).toEqual(['ping timeout'])
    await once(socket, 'close')
  })

  test('that says something else instead is waited for once more, and no longer', async () => {
    const served = await serve()
    const { socket } = await speak(served, 4)
    const { conn } = served.sockets[0]!
    served.sweep(INTERVAL + TIMEOUT - 1)
    for (let i = 0; i < 2; i++) {
      const heard = once(conn, 'data')
      socket.send('42/ws,["anything"]')
      await heard
      served.sweep(TIMEOUT - 1)
      if (i === 0) expect(served.closed).toEqual([])
    }
    expect(served.closed).toEqual(['ping timeout'])
  })

  test('that polls is pinged in a poll', async () => {
    const served = await serve()
    const base = `http://127.0.0.1:${served.port}/socket.io/?EIO=4&transport=polling`
    const { sid } = JSON.parse((await (await fetch(base)).text()).slice(1)) as { sid: string }
    const poll = async () => (await fetch(`${base}&sid=${sid}`)).text()
    const post = (body: string) => fetch(`${base}&sid=${sid}`, { method: 'POST', body })
    await post('40/ws,')
    expect(await poll()).toMatch(/^40\/ws/)
    served.sweep(INTERVAL)
    expect(await poll()).toBe('2')
    await heardOf(served, () => void post(PONG))
    served.sweep(INTERVAL + TIMEOUT - 1)
    expect(served.closed).toEqual([])
    served.sweep(1)
    expect(served.closed).toEqual(['ping timeout'])
  })
})

test('a client of the third generation is never pinged, is answered, and is closed when it stays silent', async () => {
  const served = await serve()
  const { socket, heard, pings } = await speak(served, 3)
  served.sweep(INTERVAL + TIMEOUT - 1)
  await heardOf(served, () => socket.send('2'))
  await until(() => heard.includes('3'))
  served.sweep(INTERVAL + TIMEOUT - 1)
  expect(served.closed).toEqual([])
  served.sweep(1)
  expect(served.closed).toEqual(['ping timeout'])
  expect(pings()).toBe(0)
})

describe.each([4, 2])('socket.io-client %i', version => {
  test.each([
    ['over WebSocket', ['websocket']],
    ['after it went over from polling', ['polling', 'websocket']],
  ])('%s: its connection holds no request, no timer and no function of its own', async (_, transports) => {
    const served = await serve()
    const clients = [open(version, served, transports), open(version, served, transports)]
    await until(
      () => served.sockets.length === 2 && clients.every(({ io }) => io.engine.transport.name === 'websocket'),
    )
    const conns = served.sockets.map(({ conn }) => conn)
    // The server is over when the packet has come that says so.
    await until(() => conns.every(({ transport }) => transport.name === 'websocket'))
    for (const conn of conns) {
      expect(conn.request).toBe(null)
      expect([partsOf(conn).pingIntervalTimer, partsOf(conn).pingTimeoutTimer]).toEqual([null, null])
      expect(partsOf(conn).cleanupFn).toEqual([])
      const { transport } = conn as unknown as { transport: WebSocketTransport }
      expect(transport).toBeInstanceOf(WebSocketTransport)
      expect(transport.eventNames()).toEqual([])
      expect(new Set(conn.eventNames())).toEqual(new Set(['close', 'data', 'error']))
    }
    const [first, second] = conns.map(({ transport }) => (transport as unknown as WebSocketTransport).socket)
    for (const event of first!.eventNames()) expect(first!.rawListeners(event)).toEqual(second!.rawListeners(event))
    const [one, other] = [first, second].map(ws => (ws as unknown as { _socket: NodeJS.EventEmitter })._socket)
    for (const event of one!.eventNames()) expect(one!.rawListeners(event)).toEqual(other!.rawListeners(event))
    expect(served.sockets[0]!.handshake).toBe(served.sockets[1]!.handshake)
    expect(served.sockets[0]!.rooms.size).toBe(0)
    // And it is alive: the heartbeat goes on, also where the library forgot it in going over.
    const beats = version === 4 ? conns.map(conn => once(conn, 'heartbeat')) : []
    served.sweep(INTERVAL)
    await Promise.all(beats)
    served.sweep(TIMEOUT - 1)
    expect(served.closed).toEqual([])
    served.sweep(version === 4 ? INTERVAL + 1 : 1)
    if (version === 2) expect(served.closed).toEqual(['ping timeout', 'ping timeout'])
  })
})

test('a connection that has the library answer more than any client does is cut', async () => {
  const served = await serve()
  const { socket } = await speak(served, 3)
  for (let i = 0; i < ANSWERED; i++) socket.send('2')
  await until(() => served.closed.length === 1)
  expect(served.closed).toEqual(['forced close'])
})

test('a client that polls and does not fetch what is left before its end is closed all the same', async () => {
  const served = await serve()
  const conns: Conn[] = []
  served.io.engine.on('connection', (conn: Conn) => conns.push(conn))
  const base = `http://127.0.0.1:${served.port}/socket.io/?EIO=4&transport=polling`
  const { sid } = JSON.parse((await (await fetch(base)).text()).slice(1)) as { sid: string }
  const post = async (body: string) => (await fetch(`${base}&sid=${sid}`, { method: 'POST', body })).status
  expect(await post('40/ws,')).toBe(200)
  const conn = conns[0]!
  conn.close()
  expect(conn.readyState).toBe('closing')
  expect(await post('42/ws,["more"]')).toBe(200)
  served.sweep(1)
  expect(served.closed).toEqual([])
  served.sweep(1)
  expect(served.closed).toEqual(['forced close'])
  expect(await post('42/ws,["more"]')).toBe(400)
})

test.each([
  ['with its length', (length: number) => `Content-Length: ${length}\r\n\r\n`],
  ['in chunks', (length: number) => `Transfer-Encoding: chunked\r\n\r\n${length.toString(16)}\r\n`],
])('half a post, sent %s, is counted until it is whole', async (_, head) => {
  const served = await serve()
  const conns: Conn[] = []
  served.io.engine.on('connection', (conn: Conn) => conns.push(conn))
  const path = '/socket.io/?EIO=4&transport=polling'
  const begun = await (await fetch(`http://127.0.0.1:${served.port}${path}`)).text()
  const sid = /"sid":"([^"]+)"/.exec(begun)?.[1]
  const conn = conns[0]!
  expect(posting(conn)).toBe(0)
  const body = `42${'x'.repeat(9_998)}`
  const socket = createConnection(served.port, '127.0.0.1')
  cleanup.push(() => socket.destroy())
  socket.write(`POST ${path}&sid=${sid} HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n${head(body.length)}`)
  socket.write(body.slice(0, 5_000))
  await until(() => posting(conn) >= 5_000)
  expect(posting(conn)).toBeLessThan(6_000)
  conn.on('error', () => {})
  socket.end(`${body.slice(5_000)}\r\n0\r\n\r\n`)
  await until(() => posting(conn) === 0)
})

describe('where a later version of the library hides its parts', () => {
  test('its own timers stay', async () => {
    const served = await serve({ pingInterval: 30 }, io => {
      io.engine.on('connection', (conn: Conn) => {
        delete (conn as unknown as Partial<Parts>).pingIntervalTimer
      })
    })
    const { pings } = await speak(served, 4)
    await until(() => pings() === 1)
    served.sweep(2 * TIMEOUT)
    expect(served.closed).toEqual([])
  })

  test('its own transport stays, and is listened to', async () => {
    const served = await serve()
    delete (served.io.engine as unknown as { createTransport?: unknown }).createTransport
    const { socket, pings } = await speak(served, 4)
    expect(served.sockets[0]!.conn.transport).not.toBeInstanceOf(WebSocketTransport)
    served.sweep(INTERVAL)
    await until(() => pings() === 1)
    await heardOf(served, () => socket.send(PONG))
    const asked = once(served.sockets[0]!, 'ask')
    socket.send('42/ws,["ask","this"]')
    expect(await asked).toEqual(['this'])
  })
})
