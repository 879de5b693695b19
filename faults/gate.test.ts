import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import { Gate } from './gate.ts'
import { natsFilter } from './nats-filter.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

/** A server that says everything back, and a gate before it. */
async function echo(): Promise<Gate> {
  const server = createServer(socket => {
    socket.on('error', () => {})
    socket.pipe(socket)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const gate = await Gate.open((server.address() as { port: number }).port)
  closing.push(() => gate.close())
  closing.push(() => server.close())
  return gate
}

async function through(gate: Gate): Promise<{ socket: Socket; heard: () => string }> {
  const socket = connect(gate.port, '127.0.0.1')
  socket.on('error', () => {})
  closing.push(() => socket.destroy())
  let heard = ''
  socket.on('data', text => {
    heard += text
  })
  await once(socket, 'connect')
  return { socket, heard: () => heard }
}

test('what is open passes, what is cut ends, and what is healed passes again', async () => {
  const gate = await echo()
  const first = await through(gate)
  first.socket.write('one')
  await expect.poll(first.heard).toBe('one')
  const closed = once(first.socket, 'close')
  gate.cut()
  await closed
  const second = await through(gate)
  await once(second.socket, 'close')
  gate.heal()
  const third = await through(gate)
  third.socket.write('three')
  await expect.poll(third.heard).toBe('three')
})

test('what is stalled stays open and silent, also what connects then, and loses nothing', async () => {
  const gate = await echo()
  const first = await through(gate)
  first.socket.write('a')
  await expect.poll(first.heard).toBe('a')
  gate.stall()
  const second = await through(gate)
  first.socket.write('b')
  second.socket.write('c')
  await sleep(100)
  expect([first.heard(), second.heard()]).toEqual(['a', ''])
  expect([first.socket.destroyed, second.socket.destroyed]).toEqual([false, false])
  gate.heal()
  await expect.poll(() => [first.heard(), second.heard()]).toEqual(['ab', 'c'])
})

test('what is slow arrives later and in order', async () => {
  const gate = await echo()
  const { socket, heard } = await through(gate)
  gate.slow(50)
  const start = performance.now()
  socket.write('a')
  await sleep(5)
  socket.write('b')
  await expect.poll(heard).toBe('ab')
  expect(performance.now() - start).toBeGreaterThan(90)
})

test('of a NATS stream exactly the messages that are dropped are missing, however it is cut into pieces', () => {
  const message = fc.record({
    subject: fc.constantFrom('a.1', 'b.2'),
    payload: fc.constantFrom('', 'x', 'MSG a.1 1 3\r\nabc\r\n', '\r\n\r\n', 'y'.repeat(300)),
    headers: fc.boolean(),
    reply: fc.boolean(),
  })
  const encode = ({ subject, payload, headers, reply }: typeof message extends fc.Arbitrary<infer T> ? T : never) => {
    const words = [headers ? 'HMSG' : 'MSG', subject, '7', ...(reply ? ['_INBOX.1'] : [])]
    const head = headers ? 'NATS/1.0\r\n\r\n' : ''
    if (headers) words.push(String(head.length))
    return `${words.join(' ')} ${head.length + payload.length}\r\n${head}${payload}\r\n`
  }
  fc.assert(
    fc.property(fc.array(message), fc.array(fc.nat(200)), (messages, cuts) => {
      const whole = ['INFO {}\r\n', ...messages.map(encode), 'PING\r\n']
      const filter = natsFilter(subject => subject === 'b.2')
      const input = Buffer.from(whole.join(''))
      const pieces: Buffer[] = []
      let at = 0
      for (const cut of [...cuts, input.length]) {
        pieces.push(filter(input.subarray(at, at + cut)))
        at += cut
      }
      const expected = whole.filter(line => !/^H?MSG b/.test(line))
      expect(Buffer.concat(pieces).toString()).toBe(expected.join(''))
    }),
  )
})
