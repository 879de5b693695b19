// Chunks put past the stream of a real socket, among those that go through it.
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type Late, put } from './socket.ts'

let server: Server
let socket: Socket
let client: Socket
let by: Late

beforeEach(async () => {
  server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  client = connect(port, '127.0.0.1')
  ;[socket] = (await once(server, 'connection')) as [Socket]
  by = { late: 0 }
  // The first of a process shows how it is done.
  put(socket, Buffer.from('first'), by)
  const [first] = (await once(client, 'data')) as [Buffer]
  expect(first.toString()).toBe('first')
})

afterEach(() => {
  client.destroy()
  socket.destroy()
  server.close()
})

/** All that comes until the end of what is awaited. */
async function read(bytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  while (size < bytes) {
    const [chunk] = (await once(client, 'data')) as [Buffer]
    chunks.push(chunk)
    size += chunk.length
  }
  return Buffer.concat(chunks)
}

test('what the kernel takes at once does not pass through the stream', async () => {
  const write = vi.spyOn(socket, 'write')
  const chunks = Array.from({ length: 50 }, (_, n) => Buffer.from(`chunk ${n};`))
  for (const chunk of chunks) put(socket, chunk, by)
  expect(write).not.toHaveBeenCalled()
  expect(by.late).toBe(0)
  const all = Buffer.concat(chunks)
  expect((await read(all.length)).equals(all)).toBe(true)
})

test('whatever goes through the stream and past it arrives in the order of the calls, though nobody reads for a while', async () => {
  client.pause()
  const sent: Buffer[] = []
  const write = vi.spyOn(socket, 'write')
  for (let n = 0; n < 400; n++) {
    const chunk = Buffer.alloc(n % 7 === 0 ? 200_000 : 50, n)
    sent.push(chunk)
    if (n % 3 === 0) socket.write(chunk)
    else put(socket, chunk, by)
    if (n % 50 === 49) await new Promise(resolve => setImmediate(resolve))
  }
  const all = Buffer.concat(sent)
  const reading = read(all.length)
  client.resume()
  expect((await reading).equals(all)).toBe(true)
  expect(write.mock.calls.length).toBeLessThan(sent.length)
  await expect.poll(() => by.late).toBe(0)
})

test('what is not taken at once is counted until it is', async () => {
  client.pause()
  const chunk = Buffer.alloc(16 * 1024 * 1024, 'x')
  put(socket, chunk, by)
  expect(by.late).toBeGreaterThan(0)
  expect(by.late).toBeLessThanOrEqual(chunk.length)
  expect(socket.writableLength).toBe(0)
  const behind = Buffer.from('behind')
  put(socket, behind, by)
  expect(socket.writableLength).toBe(behind.length)
  const reading = read(chunk.length + behind.length)
  client.resume()
  expect((await reading).subarray(-6).toString()).toBe('behind')
  await expect.poll(() => by.late).toBe(0)
})

test('what waits in the stream is not overtaken', async () => {
  client.pause()
  const chunk = Buffer.alloc(16 * 1024 * 1024, 'x')
  socket.write(chunk)
  socket.write('one')
  put(socket, Buffer.from('two'), by)
  expect(by.late).toBe(0)
  const reading = read(chunk.length + 6)
  client.resume()
  expect((await reading).subarray(-6).toString()).toBe('onetwo')
})

test('an end waits for what was put before it', async () => {
  client.pause()
  const chunk = Buffer.alloc(16 * 1024 * 1024, 'x')
  put(socket, chunk, by)
  socket.end('bye')
  const reading = read(chunk.length + 3)
  client.resume()
  expect((await reading).subarray(-3).toString()).toBe('bye')
})

test('a write that fails ends the socket with its reason, as a stream does', async () => {
  const failed = once(socket, 'error')
  client.resetAndDestroy()
  // The first may still be taken.
  const writing = setInterval(() => put(socket, Buffer.from('into the void'), by), 1)
  const [error] = (await failed) as [NodeJS.ErrnoException]
  clearInterval(writing)
  expect(['EPIPE', 'ECONNRESET']).toContain(error.code)
  expect(socket.destroyed).toBe(true)
  put(socket, Buffer.from('after the end'), by)
})

test('a write that is refused at once ends the socket as well', async () => {
  const EPIPE = -32
  const { _handle: handle } = socket as unknown as { _handle: { writeBuffer(): number } }
  handle.writeBuffer = () => EPIPE
  const failed = once(socket, 'error')
  put(socket, Buffer.from('into the void'), by)
  const [error] = (await failed) as [NodeJS.ErrnoException]
  expect(error).toMatchObject({ code: 'EPIPE', errno: EPIPE, syscall: 'write' })
  expect(socket.destroyed).toBe(true)
})

test('a socket that goes while something waits says nothing more', async () => {
  client.pause()
  put(socket, Buffer.alloc(16 * 1024 * 1024), by)
  const errors = vi.fn<(error: Error) => void>()
  socket.on('error', errors)
  const closed = once(socket, 'close')
  socket.destroy()
  await closed
  await new Promise(resolve => setImmediate(resolve))
  expect(errors).not.toHaveBeenCalled()
  expect(by.late).toBe(0)
})

test('a request that is under way is not used again, though the kernel has taken all of it meanwhile', async () => {
  client.pause()
  const { _handle: handle } = socket as unknown as { _handle: object }
  // As it is where a reader on another core makes room between the handle's two tries.
  Object.defineProperty(handle, 'writeQueueSize', { value: 0 })
  const large = Buffer.alloc(20_000_000, 'a')
  put(socket, large, by)
  for (let n = 0; n < 3; n++) put(socket, Buffer.from('behind'), by)
  expect(by.late).toBe(0)
  client.resume()
  const all = await read(large.length + 18)
  expect(all.subarray(-19).toString()).toBe('abehindbehindbehind')
})
