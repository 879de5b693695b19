// The short look at the usual arguments takes nothing that the schema refuses, and makes of it what the schema makes.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readParams } from '../dispatch.ts'
import { MeteorError } from '../errors.ts'
import { sendMessage, usualMessage } from './sendMessage.ts'

const { params } = sendMessage
const long = (length: number) => 'x'.repeat(length)
const value = fc.oneof(
  { weight: 4, arbitrary: fc.string() },
  fc.constantFrom<unknown>('', 'e2e', null, undefined, 0, true, [], {}, { $date: 1 }, long(128), long(129), long(257)),
  fc.dictionary(fc.constantFrom('algorithm', 'ciphertext', '$date', '$binary', 'iv'), fc.oneof(fc.string(), fc.nat())),
)
const name = fc.constantFrom('rid', '_id', 'msg', 't', 'content', 'tmid', 'ts', '$date', 'e2eMentions', 'other')
const message = fc.oneof(
  { weight: 8, arbitrary: fc.dictionary(name, value) },
  { weight: 8, arbitrary: fc.record({ rid: fc.string(), msg: fc.string(), _id: value }, { requiredKeys: ['rid'] }) },
  fc.anything(),
)
const given = fc.oneof(
  { weight: 8, arbitrary: message.map(one => [one]) },
  fc.array(message),
  message.map(one => [[one]]),
)

describe('usualMessage', () => {
  test('agrees with the schema on whatever it takes', () => {
    let taken = 0
    fc.assert(
      fc.property(given, args => {
        const usual = usualMessage(args)
        if (usual === undefined) return
        taken += 1
        expect({ value: usual }).toEqual(readParams({ params }, args))
      }),
      { numRuns: 1_000 },
    )
    expect(taken).toBeGreaterThan(50)
  })

  test.each<[string, unknown]>([
    ['a text', { rid: 'r', msg: 'hello' }],
    ['a text under an id', { _id: 'a', rid: 'r', msg: '' }],
    ['a ciphertext', { _id: 'a', rid: 'r', t: 'e2e', msg: '', content: { algorithm: 'a', ciphertext: 'b' } }],
  ])('takes %s', (_, one) => {
    expect(usualMessage([one])).toEqual([one])
  })

  test.each<[string, unknown[]]>([
    ['no room', [{ msg: 'hello' }]],
    ['an empty room', [{ rid: '', msg: 'hello' }]],
    ['a room that is too long', [{ rid: long(257), msg: 'hello' }]],
    ['an empty id', [{ _id: '', rid: 'r' }]],
    ['an id that is too long', [{ _id: long(129), rid: 'r' }]],
    ['a text that is none', [{ rid: 'r', msg: 1 }]],
    ['a type of the server', [{ rid: 'r', t: 'uj' }]],
    ['a date in the content', [{ rid: 'r', t: 'e2e', content: { $date: 1 } }]],
    ['bytes in the content', [{ rid: 'r', t: 'e2e', content: { $binary: 'AQI=' } }]],
    ['something inside of the content', [{ rid: 'r', t: 'e2e', content: { a: {} } }]],
    ['a word that no message has', [{ rid: 'r', other: 1 }]],
    ['more arguments', [{ rid: 'r', msg: 'a' }, []]],
    ['none', []],
  ])('leaves %s to the schema', (_, args) => {
    expect(usualMessage(args)).toBeUndefined()
  })

  test('what the schema refuses stays refused', () => {
    expect(readParams(sendMessage, [{ rid: '', msg: 'hello' }])).toBeInstanceOf(MeteorError)
  })
})
