import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Server, type Socket as ServerSocket } from 'socket.io'
import { io as connect4 } from 'socket.io-client'
// @ts-expect-error the old client has no types
import connect2 from 'socket.io-client-2'
import { afterEach, describe, expect, test } from 'vitest'
import { type Ack, adopt, outletOf } from './adopt.ts'
import { EngineTransport } from './engine.ts'
import { textFrame } from './frame.ts'
import { Group } from './group.ts'
import { Outlet, type OutletOwner } from './outlet.ts'
import { Turn } from './turn.ts'

const cleanup: (() => void)[] = []
afterEach(() => {
  for (const end of cleanup.splice(0)) end()
})

/** What both client generations have in common. */
interface Client {
  connected: boolean
  on(event: string, listener: (...args: never[]) => void): unknown
  emit(event: string, ...args: unknown[]): unknown
  close(): unknown
  io: { engine: { transport: { name: string } } }
}

const connect = { 4: connect4, 2: connect2 } as unknown as Record<number, (url: string, options: object) => Client>
const nobody: OutletOwner = { onOverflow: () => {} }
const event = (n: number, text = '') => textFrame(`42/ws,${JSON.stringify(['tick', n, text])}`)

async function serve(options: object = {}) {
  const http = createServer()
  const io = new Server(http, { allowEIO3: true, perMessageDeflate: false, httpCompression: false, ...options })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  cleanup.push(() => void io.close())
  const turn = new Turn()
  const group = new Group(turn)
  const sockets: { socket: ServerSocket; outlet: Outlet }[] = []
  io.of('/ws').on('connection', socket => {
    const outlet = new Outlet(turn, new EngineTransport(socket.conn), nobody)
    adopt(socket, outlet)
    group.join(outlet)
    socket.on('disconnect', () => {
      group.leave(outlet)
      outlet.end()
    })
    sockets.push({ socket, outlet })
  })
  return { turn, group, sockets, url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/ws` }
}

function open(version: number, url: string, options: object): { client: Client; ticks: number[]; texts: string[] } {
  const client = connect[version]!(url, { forceNew: true, reconnection: false, ...options })
  cleanup.push(() => client.close())
  const ticks: number[] = []
  const texts: string[] = []
  client.on('tick', ((n: number, text: string) => {
    ticks.push(n)
    texts.push(text)
  }) as never)
  return { client, ticks, texts }
}

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 2_000 && !condition(); i++) await new Promise(resolve => setTimeout(resolve, 2))
  expect(condition()).toBe(true)
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)

describe.each([4, 2])('socket.io-client %i', version => {
  test.each([['websocket'], ['polling']])('over %s gets shared and private frames in order', async name => {
    const { group, sockets, url } = await serve()
    const { client, ticks } = open(version, url, { transports: [name] })
    await until(() => sockets.length === 1 && client.connected)
    for (let i = 0; i < 100; i += 2) {
      group.write(event(i))
      sockets[0]!.outlet.write(event(i + 1))
      if (i % 20 === 0) await new Promise(resolve => setTimeout(resolve, 3))
    }
    await until(() => ticks.length >= 100)
    expect(ticks).toEqual(range(0, 100))
  })

  test('frames from the connection handler on, through the upgrade from polling to websocket, are neither lost nor moved', async () => {
    const { group, sockets, url } = await serve()
    const { client, ticks } = open(version, url, { transports: ['polling', 'websocket'] })
    await until(() => sockets.length === 1)
    let n = 0
    const seen = new Set<string>()
    while (n < 4_000 && !(n > 300 && seen.has('websocket') && n % 50 === 0)) {
      seen.add(sockets[0]!.socket.conn.transport.name)
      group.write(event(n++))
      if (n % 3 === 0) await new Promise(resolve => setTimeout(resolve, 1))
    }
    for (let i = 0; i < 50; i++) group.write(event(n++))
    await until(() => ticks.length >= n)
    expect(ticks).toEqual(range(0, n))
    expect([...seen]).toEqual(['polling', 'websocket'])
    expect(client.connected).toBe(true)
  })

  test.each([['websocket'], ['polling']])('big frames over %s arrive whole', async name => {
    const { group, sockets, url } = await serve()
    const { client, texts } = open(version, url, { transports: [name] })
    await until(() => sockets.length === 1 && client.connected)
    const big = 'é'.repeat(100_000)
    group.write(event(0, big))
    sockets[0]!.outlet.write(event(1, 'small'))
    group.write(event(2, big))
    await until(() => texts.length === 3)
    expect(texts).toEqual([big, 'small', big])
  })

  test('acks, emits and the disconnect of the library keep their place', async () => {
    const { group, sockets, url } = await serve()
    const { client, ticks } = open(version, url, { transports: ['websocket'] })
    const order: string[] = []
    client.on('tick', ((n: number) => order.push(`tick ${n}`)) as never)
    client.on('hello', (() => order.push('hello')) as never)
    client.on('binary', (() => order.push('binary')) as never)
    client.on('disconnect', (() => order.push('disconnect')) as never)
    await until(() => sockets.length === 1 && client.connected)
    const { socket, outlet } = sockets[0]!
    socket.on('ask', (_text: string, ack: Ack) => {
      group.write(event(0))
      ack({ ok: true })
      group.write(event(1))
      socket.emit('hello')
      group.write(event(2))
      socket.emit('binary', Buffer.from('x'))
      group.write(event(3))
    })
    socket.on('raw', (ack: Ack) => {
      group.write(event(4))
      outlet.write(textFrame(`43/ws,${ack.id}["raw"]`))
      group.write(event(5))
      socket.disconnect()
      group.write(event(6))
    })
    client.emit('ask', 'x', () => order.push('ack'))
    await until(() => ticks.length === 4)
    client.emit('raw', () => order.push('raw ack'))
    await until(() => order.includes('disconnect'))
    expect(order).toEqual([
      ...['tick 0', 'ack', 'tick 1', 'hello', 'tick 2', 'binary', 'tick 3'],
      ...['tick 4', 'raw ack', 'tick 5', 'disconnect'],
    ])
  })
})

test('an owner that takes events itself gets them all, and no listener does', async () => {
  const { turn, sockets, url } = await serve()
  const { client } = open(4, url, { transports: ['websocket'] })
  await until(() => sockets.length === 1 && client.connected)
  const { socket } = sockets[0]!
  const taken: unknown[][] = []
  const owner = { onOverflow: () => {}, receive: (event: readonly unknown[]) => void taken.push([...event]) }
  const outlet = new Outlet(turn, new EngineTransport(socket.conn), owner)
  adopt(socket, outlet)
  let heard = 0
  for (const event of ['ask', 'error']) socket.on(event, () => heard++)
  client.emit('error', 'of the client’s own making')
  let answered = false
  client.emit('ask', 1, () => {
    answered = true
  })
  await until(() => taken.length === 2)
  expect(taken).toEqual([
    ['error', 'of the client’s own making'],
    ['ask', 1, expect.any(Function)],
  ])
  ;(taken[1]![2] as Ack)()
  await until(() => answered)
  expect(heard).toBe(0)
  expect(outletOf(socket)).toBe(outlet)
})

test('on a websocket every turn is one write of the TCP handle', async () => {
  const { group, sockets, url } = await serve()
  const { client, ticks } = open(4, url, { transports: ['websocket'] })
  await until(() => sockets.length === 1 && client.connected)
  group.write(event(0))
  await until(() => ticks.length === 1)
  const ws = (sockets[0]!.socket.conn.transport as unknown as { socket: { _socket: { _handle: object } } }).socket
  const handle = ws._socket._handle as Record<string, (...args: unknown[]) => unknown>
  let count = 0
  for (const name of ['writeBuffer', 'writev', 'writeUtf8String', 'writeLatin1String']) {
    const original = handle[name]!
    handle[name] = function (...args: unknown[]) {
      count++
      return original.apply(this, args)
    }
  }
  for (let i = 1; i < 50; i++) {
    group.write(event(i))
    sockets[0]!.outlet.write(event(i))
  }
  await until(() => ticks.length === 99)
  expect(count).toBe(1)
})

test('a poll takes all packets of a turn at once', async () => {
  const { group, sockets, url } = await serve()
  const { client, ticks } = open(4, url, { transports: ['polling'] })
  await until(() => sockets.length === 1 && client.connected)
  let flushes = 0
  sockets[0]!.socket.conn.on('flush', () => flushes++)
  await new Promise(resolve => setTimeout(resolve, 30))
  for (let i = 0; i < 50; i++) group.write(event(i))
  await until(() => ticks.length === 50)
  expect(flushes).toBe(1)
})

test('a client that stops polling overflows by what the engine holds for it', async () => {
  const { turn, sockets, url } = await serve()
  const first = await fetch(`${url.replace('/ws', '')}/socket.io/?EIO=4&transport=polling`)
  const { sid } = JSON.parse((await first.text()).slice(1)) as { sid: string }
  const session = `${url.replace('/ws', '')}/socket.io/?EIO=4&transport=polling&sid=${sid}`
  await fetch(session, { method: 'POST', body: '40/ws,' })
  await until(() => sockets.length === 1)
  let overflows = 0
  const { socket } = sockets[0]!
  const outlet = new Outlet(turn, new EngineTransport(socket.conn), { onOverflow: () => overflows++ })
  for (let i = 0; i < 60 && overflows === 0; i++) {
    outlet.write(event(i, 'x'.repeat(256 * 1024)))
    turn.flush()
  }
  expect(overflows).toBe(1)
  expect(outlet.closed).toBe(true)
})

test('writes after the connection closed are dropped quietly on both transports', async () => {
  const { turn, group, sockets, url } = await serve()
  for (const name of ['websocket', 'polling']) {
    const { client } = open(4, url, { transports: [name] })
    await until(() => client.connected)
  }
  await until(() => sockets.length === 2)
  for (const { socket } of sockets) socket.conn.close()
  group.write(event(0))
  for (const { outlet } of sockets) outlet.write(event(1))
  turn.flush()
  await until(() => group.size === 0)
})

test('what many clients that poll have not fetched is the same memory', () => {
  const turn = new Turn()
  const group = new Group(turn)
  const queues = Array.from({ length: 64 }, () => {
    const queue: { data: string }[] = []
    const conn = {
      readyState: 'open',
      upgrading: false,
      writeBuffer: queue,
      transport: { name: 'polling', writable: false },
      write: (data: string) => queue.push({ data }),
      flush: () => {},
    }
    group.join(new Outlet(turn, new EngineTransport(conn as unknown as ServerSocket['conn']), nobody))
    return queue
  })
  const before = process.memoryUsage().heapUsed
  for (let n = 0; n < 16; n++) {
    group.write(event(n, 'x'.repeat(256 * 1024)))
    turn.flush()
  }
  const grown = process.memoryUsage().heapUsed - before
  expect(queues.map(queue => queue.map(({ data }) => data.slice(0, 16)))).toEqual(
    queues.map(() => Array.from({ length: 16 }, (_, n) => `2/ws,["tick",${n},"`.slice(0, 16))),
  )
  // Each its own would be 256 MiB.
  expect(grown).toBeLessThan(64 * 1024 * 1024)
})
