import { once } from 'node:events'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { textFrame } from './frame.ts'
import { Group } from './group.ts'
import { UNSENT_BYTES } from './limits.ts'
import { Outlet, type OutletOwner } from './outlet.ts'
import { Turn } from './turn.ts'
import { WsTransport } from './ws.ts'

const cleanup: (() => void)[] = []
afterEach(() => {
  for (const end of cleanup.splice(0)) end()
})

interface Pair {
  readonly server: WebSocket
  readonly client: WebSocket
  readonly received: string[]
  readonly outlet: Outlet
}

const nobody: OutletOwner = { onOverflow: () => {} }

async function listen(): Promise<{ wss: WebSocketServer; port: number }> {
  const wss = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false })
  await once(wss, 'listening')
  cleanup.push(() => {
    for (const client of wss.clients) client.terminate()
    wss.close()
  })
  return { wss, port: (wss.address() as AddressInfo).port }
}

async function pair(turn: Turn, wss: WebSocketServer, port: number): Promise<Pair> {
  const accepted = once(wss, 'connection')
  const client = new WebSocket(`ws://127.0.0.1:${port}/`)
  const received: string[] = []
  client.on('message', (data: Buffer) => received.push(data.toString()))
  const [server] = (await accepted) as [WebSocket]
  await once(client, 'open')
  return { server, client, received, outlet: new Outlet(turn, new WsTransport(server), nobody) }
}

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 2_000 && !condition(); i++) await new Promise(resolve => setTimeout(resolve, 2))
  expect(condition()).toBe(true)
}

/** Counts what reaches the kernel: writes and gather writes of the TCP handle. */
function countWrites(ws: WebSocket): () => number {
  let count = 0
  const socket = (ws as unknown as { _socket: Socket & { _handle: Record<string, (...args: unknown[]) => unknown> } })
    ._socket
  for (const name of ['writeBuffer', 'writev', 'writeUtf8String', 'writeLatin1String', 'writeAsciiString']) {
    const original = socket._handle[name]!
    socket._handle[name] = function (...args: unknown[]) {
      count++
      return original.apply(this, args)
    }
  }
  return () => count
}

test('all frames of a turn reach a ws client in order by one write, answers in their place', async () => {
  const { wss, port } = await listen()
  const turn = new Turn()
  const group = new Group(turn)
  const pairs: Pair[] = []
  for (let i = 0; i < 3; i++) pairs.push(await pair(turn, wss, port))
  const counts = pairs.map(({ server }) => countWrites(server))
  for (const { outlet } of pairs) group.join(outlet)
  for (let i = 0; i < 20; i++) {
    group.write(textFrame(`shared ${i}`))
    if (i === 9) pairs[0]!.outlet.write(textFrame('answer'))
  }
  await until(() => pairs.every(({ received }) => received.includes('shared 19')))
  const shared = Array.from({ length: 20 }, (_, i) => `shared ${i}`)
  expect(pairs[1]!.received).toEqual(shared)
  expect(pairs[0]!.received).toEqual([...shared.slice(0, 10), 'answer', ...shared.slice(10)])
  expect(counts.map(count => count())).toEqual([1, 1, 1])
})

test('frames above 64 KiB arrive whole, gathered around an answer in one write', async () => {
  const { wss, port } = await listen()
  const turn = new Turn()
  const group = new Group(turn)
  const { server, received, outlet } = await pair(turn, wss, port)
  const count = countWrites(server)
  group.join(outlet)
  const big = ['a'.repeat(70_000), 'é'.repeat(200_000)]
  group.write(textFrame(big[0]!))
  outlet.write(textFrame('answer'))
  group.write(textFrame(big[1]!))
  await until(() => received.length === 3)
  expect(received).toEqual([big[0], 'answer', big[1]])
  expect(count()).toBe(1)
})

test('while the library itself is sending a Blob, frames wait behind it instead of cutting into it', async () => {
  const { wss, port } = await listen()
  const turn = new Turn()
  const { server, received, outlet } = await pair(turn, wss, port)
  server.send(new Blob(['from a blob']) as unknown as Buffer)
  server.ping()
  outlet.write(textFrame('one'))
  outlet.write(textFrame('two'))
  turn.flush()
  await until(() => received.length === 3)
  expect(received).toEqual(['from a blob', 'one', 'two'])
})

test('a fragmented message of the library is finished before frames go to the socket directly', async () => {
  const { wss, port } = await listen()
  const turn = new Turn()
  const { server, client, received, outlet } = await pair(turn, wss, port)
  let errors = 0
  client.on('error', () => errors++)
  server.send('first ', { fin: false })
  server.send('second', { fin: true })
  outlet.write(textFrame('own'))
  await until(() => received.length === 2)
  expect(received).toEqual(['first second', 'own'])
  expect(errors).toBe(0)
})

test('end sends what is pending before the close frame', async () => {
  const { wss, port } = await listen()
  const turn = new Turn()
  const { server, client, received, outlet } = await pair(turn, wss, port)
  const closed = once(client, 'close')
  outlet.write(textFrame('last words'))
  outlet.end()
  server.close(1002)
  outlet.write(textFrame('never'))
  const [code] = await closed
  expect(code).toBe(1002)
  expect(received).toEqual(['last words'])
})

test('writes after the close are dropped quietly', async () => {
  const { wss, port } = await listen()
  const turn = new Turn()
  const { server, client, received, outlet } = await pair(turn, wss, port)
  server.close()
  outlet.write(textFrame('never'))
  await once(client, 'close')
  outlet.write(textFrame('never'))
  turn.flush()
  expect(received).toEqual([])
})

test('a client that does not read is closed with the code of its wire; the others miss nothing', async () => {
  const { wss, port } = await listen()
  const turn = new Turn()
  const group = new Group(turn)
  const good = await pair(turn, wss, port)
  group.join(good.outlet)
  const accepted = once(wss, 'connection')
  const deaf = connect(port, '127.0.0.1')
  deaf.write(
    'GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n',
  )
  cleanup.push(() => deaf.destroy())
  const [server] = (await accepted) as [WebSocket]
  let overflows = 0
  const outlet = new Outlet(turn, new WsTransport(server), {
    onOverflow: () => {
      overflows++
      server.close(1008)
      server.terminate()
    },
  })
  group.join(outlet)
  const text = 'x'.repeat(256 * 1024)
  let sent = 0
  let most = 0
  while (overflows === 0 && sent < 400) {
    group.write(textFrame(text))
    sent++
    await until(() => good.received.length >= sent)
    most = Math.max(most, outlet.unsent)
  }
  group.write(textFrame('after'))
  await until(() => good.received.at(-1) === 'after')
  expect(overflows).toBe(1)
  expect(outlet.closed).toBe(true)
  expect(group.size).toBe(1)
  expect(most).toBeLessThan(UNSENT_BYTES + 2 * text.length)
  expect(good.received).toHaveLength(sent + 1)
})
