import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { frameTexts, textFrame } from './frame.ts'

test('each length form is the shortest one of RFC 6455 5.2, unmasked and final', () => {
  for (const [length, head] of [
    [0, '8100'],
    [125, '817d'],
    [126, '817e007e'],
    [65_535, '817effff'],
    [65_536, '817f0000000000010000'],
  ] as const) {
    const frame = textFrame('a'.repeat(length))
    expect(frame.subarray(0, head.length / 2).toString('hex')).toBe(head)
    expect(frame.length).toBe(head.length / 2 + length)
  }
})

test('any texts, joined, are read back and are read alike by a ws client', async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false })
  await once(server, 'listening')
  const connected = once(server, 'connection')
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`)
  const [{ _socket: socket }] = (await connected) as [{ _socket: NodeJS.WritableStream }]
  const text = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.integer({ min: 0, max: 70_000 }).map(n => 'é'.repeat(n)),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 6 }), async texts => {
      const chunk = Buffer.concat(texts.map(textFrame))
      expect(frameTexts(chunk)).toEqual(texts)
      const read: string[] = []
      const done = new Promise<void>(resolve => {
        client.on('message', (data: Buffer) => {
          if (read.push(data.toString()) === texts.length) resolve()
        })
      })
      socket.write(chunk)
      await done
      client.removeAllListeners('message')
      expect(read).toEqual(texts)
    }),
    { numRuns: 60 },
  )
  client.terminate()
  server.close()
})
