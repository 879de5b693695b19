import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { FLOOD_GROSS, INTAKE_EACH, STRANGER_FRAME } from '../limits.ts'
import { type ClientSocket, clientSockets } from './client-socket.ts'
import { Intake } from './turns.ts'

const cleanup: (() => void)[] = []
afterEach(() => {
  for (const end of cleanup.splice(0)) end()
})

async function serve(most: number) {
  const http = createServer()
  const floods: ClientSocket[] = []
  const heard: string[] = []
  const sockets: ClientSocket[] = []
  const closed: number[] = []
  const server = clientSockets(
    { noServer: true, perMessageDeflate: false, maxPayload: 1024 * 1024, closeTimeout: 500 } as object,
    {
      intake: new Intake(),
      most,
      flooded: socket => {
        floods.push(socket)
        socket.close(4003)
      },
    },
  )
  http.on('upgrade', (request, socket, head) =>
    server.handleUpgrade(request, socket, head, ws => {
      sockets.push(ws as ClientSocket)
      ws.on('message', (data: Buffer) => heard.push(data.toString()))
      ws.on('error', () => {})
      ws.on('close', code => closed.push(code))
    }),
  )
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const { port } = http.address() as AddressInfo
  cleanup.push(() => {
    for (const socket of sockets) socket.terminate()
    http.close()
  })
  const client = async (): Promise<WebSocket> => {
    const ws = new WebSocket(`ws://127.0.0.1:${port}`)
    cleanup.push(() => ws.terminate())
    await once(ws, 'open')
    return ws
  }
  return { client, floods, heard, sockets, closed, port }
}

/** In one write, so that the server reads them together. */
function sendTogether(ws: WebSocket, texts: readonly string[]): void {
  const { _socket: socket } = ws as unknown as { _socket: { cork(): void; uncork(): void } }
  socket.cork()
  for (const text of texts) ws.send(text)
  socket.uncork()
}

const range = (count: number) => Array.from({ length: count }, (_, at) => `${at}`)

test('what comes in one piece is taken in its order, in several turns, and everybody else between', async () => {
  const { client, heard, sockets } = await serve(1_000_000)
  const [pouring, other] = [await client(), await client()]
  const turns = new Set<number>()
  sockets[0]?.on('message', () => turns.add(sockets[0]?.options.intake.turn as number))
  const texts = range(20 * INTAKE_EACH)
  sendTogether(pouring, texts)
  other.send('other')
  await expect.poll(() => heard.length).toBe(texts.length + 1)
  expect(heard.filter(text => text !== 'other')).toEqual(texts)
  expect(turns.size).toBeGreaterThan(1)
  pouring.send('and on')
  await expect.poll(() => heard.at(-1)).toBe('and on')
})

test('what a client sent before it closed is taken before the end', async () => {
  const { client, heard, closed } = await serve(1_000_000)
  const ws = await client()
  const texts = range(3 * INTAKE_EACH)
  sendTogether(ws, texts)
  ws.close(1000)
  await expect.poll(() => closed).toEqual([1000])
  expect(heard).toEqual(texts)
})

test('while whoever listens wants no more, nothing more comes, not even of what was read', async () => {
  const { client, heard, sockets } = await serve(1_000_000)
  const ws = await client()
  const socket = sockets[0] as ClientSocket
  socket.on('message', () => {
    if (heard.length === 10) socket.pause()
  })
  sendTogether(ws, range(1_000))
  await expect.poll(() => heard.length).toBe(10)
  for (let n = 0; n < 20; n++) await new Promise(resolve => setImmediate(resolve))
  expect(heard).toHaveLength(10)
  socket.resume()
  await expect.poll(() => heard.length).toBe(1_000)
  expect(heard).toEqual(range(1_000))
})

test('an end that waits behind messages is told, also where the server closes before these were taken', async () => {
  const { client, sockets, closed } = await serve(1_000_000)
  const ws = await client()
  const socket = sockets[0] as ClientSocket
  socket.on('message', () => socket.pause())
  sendTogether(ws, range(100))
  await expect.poll(() => socket.isPaused).toBe(true)
  const { _socket: raw } = ws as unknown as { _socket: Socket }
  raw.resetAndDestroy()
  // What is not read notices by what it writes that nobody is there.
  await expect
    .poll(() => {
      if (socket.readyState === WebSocket.OPEN) socket.send('x')
      return socket.readyState
    })
    .toBe(WebSocket.CLOSED)
  expect(closed).toEqual([])
  socket.close(1007)
  await expect.poll(() => closed).toHaveLength(1)
})

test('pings and pongs are counted as well', async () => {
  const { client, floods } = await serve(20)
  const [pinging, ponging] = [await client(), await client()]
  for (let n = 0; n < 21; n++) pinging.ping()
  await expect.poll(() => floods).toHaveLength(1)
  for (let n = 0; n < 21; n++) ponging.pong()
  await expect.poll(() => floods).toHaveLength(2)
})

test('a stranger who sends more than the limit in a second is a flood; who has logged in may, up to some times as much', async () => {
  const { client, heard, floods, sockets, closed } = await serve(20)
  const [stranger, user] = [await client(), await client()]
  sockets[1]?.admit(1024 * 1024)
  sendTogether(stranger, range(21))
  await expect.poll(() => closed).toEqual([4003])
  expect(floods).toEqual([sockets[0]])
  expect(heard.length).toBeLessThanOrEqual(20)
  heard.length = 0
  sendTogether(user, range(FLOOD_GROSS * 20))
  await expect.poll(() => heard.length).toBe(FLOOD_GROSS * 20)
  expect(floods).toHaveLength(1)
  sendTogether(user, range(FLOOD_GROSS * 20 + 1))
  await expect.poll(() => floods.length).toBe(2)
})

test('who floods is told and read no more, and gone soon whatever they do', async () => {
  const { floods, closed, port } = await serve(20)
  const socket = connect(port, '127.0.0.1')
  cleanup.push(() => socket.destroy())
  socket.on('error', () => {})
  let heard = ''
  socket.on('data', chunk => {
    heard += chunk.toString('latin1')
  })
  socket.write(
    'GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n',
  )
  const frames = Buffer.concat(range(1_000).map(() => Buffer.from([0x81, 0x81, 0, 0, 0, 0, 0x78])))
  const pour = (): void => {
    while (!socket.destroyed && socket.write(frames)) if (socket.writableLength > 0) return
  }
  socket.on('drain', pour)
  pour()
  await expect.poll(() => closed.length).toBe(1)
  await expect.poll(() => socket.destroyed).toBe(true)
  expect(floods).toHaveLength(1)
  expect(heard).toContain('\x88\x02\x0f\xa3')
})

test('frames of a stranger are small, and larger ones come once somebody has logged in', async () => {
  const { client, heard, sockets, closed } = await serve(1_000)
  const [stranger, user] = [await client(), await client()]
  sockets[1]?.admit(1024 * 1024)
  const large = 'x'.repeat(STRANGER_FRAME + 1)
  user.send(large)
  await expect.poll(() => heard).toEqual([large])
  stranger.send(large)
  expect((await once(stranger, 'close'))[0]).toBe(1009)
  await expect.poll(() => closed).toHaveLength(1)
})

test('half a frame is known to be there', async () => {
  const { client, sockets } = await serve(1_000)
  const ws = await client()
  const { _socket: socket } = ws as unknown as { _socket: { write(bytes: Buffer): void } }
  socket.write(Buffer.concat([Buffer.from([0x81, 0xfe, 0x30, 0, 0, 0, 0, 0]), Buffer.alloc(5_000)]))
  await expect.poll(() => sockets[0]?.arriving).toBeGreaterThanOrEqual(5_000)
})
