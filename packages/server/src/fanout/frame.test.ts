import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Receiver } from 'ws'
import { engineFrame, frameTexts, textFrame } from './frame.ts'

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

test('an engine frame is a message packet', () => {
  expect(frameTexts(engineFrame('42/ws,["x"]'))).toEqual(['442/ws,["x"]'])
})

test('any texts, joined, are read back and are read alike by the reader of ws', async () => {
  const text = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.integer({ min: 0, max: 70_000 }).map(n => 'é'.repeat(n)),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(text, { maxLength: 6 }), async texts => {
      const chunk = Buffer.concat(texts.map(textFrame))
      expect(frameTexts(chunk)).toEqual(texts)
      const read: string[] = []
      const receiver = new Receiver({ isServer: false, allowSynchronousEvents: true })
      receiver.on('message', data => read.push(String(data)))
      await new Promise(done => receiver.write(chunk, done))
      expect(read).toEqual(texts)
    }),
    { numRuns: 60 },
  )
})
