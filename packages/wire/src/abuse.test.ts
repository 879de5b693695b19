// Every decoder against random bytes, cut and bent valid input, huge declared lengths and deep nesting: it gives a value
// or a refusal, never throws, and takes no more time than its input's size explains.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import rocketchat from '../vectors/rocketchat.json' with { type: 'json' }
import xchat from '../vectors/xchat.json' with { type: 'json' }
import frames from '../vectors/xchat-frames.json' with { type: 'json' }
import { decodeBase64 } from './base64.ts'
import { decodeEjson, encodeEjson } from './ejson.ts'
import { parseJson } from './json.ts'
import { legacyCiphertext, parseContent, parseXchatContent, splitGroupKey } from './rocketchat/content.ts'
import { decodeStruct } from './thrift.ts'
import {
  decodeDetail,
  decodeDetailBytes,
  decodeEventSignature,
  decodeMessageCreate,
  decodeMessageEvent,
  encodeDetail,
  type MessageEventDetail,
} from './xchat/events.ts'
import { parsePublicKey, parseSignature, parseWrap } from './xchat/keys.ts'

const RUNS = { numRuns: 400 }
const DECODERS = { decodeDetail, decodeEventSignature, decodeMessageCreate, decodeMessageEvent } as const

/** What X's software was recorded to send and read: details, messages, signatures and envelopes, each once. */
const RECORDED: readonly Uint8Array[] = [...new Set(textsOf([xchat, frames]))]
  .filter(text => Object.values(DECODERS).some(decode => decode(text).ok))
  .map(text => new Uint8Array(Buffer.from(text, 'base64')))

function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return value.length > 20 && /^[A-Za-z0-9+/=]+$/.test(value) ? [value] : []
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : []
}

const valid = [
  ...Object.values(xchat.generated.relayed_events),
  ...xchat.generated.member_add.actionSignatures.map(action => action.encodedMessageEventDetail),
  xchat.generated.send.payload.encryptedContent,
  xchat.generated.send.payload.encodedEventSignature,
].map(base64 => Buffer.from(base64, 'base64'))

/** Valid input that was cut, bent in one place, or made longer. */
const bent = fc
  .tuple(fc.constantFrom(...valid), fc.nat(), fc.nat(255), fc.constantFrom('cut', 'bend', 'grow', 'swap'))
  .map(([bytes, at, byte, how]) => {
    const copy = Buffer.from(bytes)
    const place = at % copy.length
    if (how === 'cut') return copy.subarray(0, place)
    if (how === 'grow')
      return Buffer.concat([copy.subarray(0, place), Buffer.alloc((byte % 9) + 1, byte), copy.subarray(place)])
    if (how === 'swap') return Buffer.concat([copy.subarray(place), copy.subarray(0, place)])
    copy[place] = byte
    return copy
  })

describe('thrift', () => {
  test.each(Object.entries(DECODERS))('%s takes anything without throwing', (_name, decode) => {
    const input = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.uint8Array({ maxLength: 300 }).map(bytes => Buffer.from(bytes).toString('base64')),
      bent.map(bytes => bytes.toString('base64')),
    )
    fc.assert(
      fc.property(input, text => {
        expect(typeof decode(text).ok).toBe('boolean')
      }),
      RUNS,
    )
  })

  test('every byte of everything recorded may be another: a value or a refusal, at once, and one reading of it', () => {
    let slowest = 0
    let taken = 0
    for (const bytes of RECORDED) {
      for (const [at, byte] of bytes.entries()) {
        for (const other of [0, 11, 12, 0xff, byte ^ 0x80]) {
          const text = Buffer.from(bytes.with(at, other)).toString('base64')
          const started = process.cpuUsage()
          const [detail] = Object.values(DECODERS).map(decode => decode(text))
          slowest = Math.max(slowest, process.cpuUsage(started).user / 1_000)
          const read = detail?.ok && 'bytes' in detail.value ? (detail.value.value as MessageEventDetail) : undefined
          if (!read || read.kind === 'other') continue
          taken += 1
          expect(decodeDetailBytes(encodeDetail(read))).toEqual({ ok: true, value: read })
        }
      }
    }
    expect(taken).toBeGreaterThan(1_000)
    expect(slowest).toBeLessThan(1_000)
  })

  test('a declared length or count beyond the input is refused at once, whatever it promises', () => {
    for (const declared of [0x7fffffff, 0xffffffff, 0x00ffffff, 100_000]) {
      const size = Buffer.alloc(4)
      size.writeUInt32BE(declared)
      const string = Buffer.concat([Buffer.from([11, 0, 1]), size, Buffer.from('abc')])
      const list = Buffer.concat([Buffer.from([15, 0, 1, 12]), size, Buffer.from([0])])
      const map = Buffer.concat([Buffer.from([13, 0, 1, 11, 11]), size])
      for (const bytes of [string, list, map]) {
        const started = process.cpuUsage()
        expect(decodeStruct(bytes, { maxBytes: 1 << 20 }).ok).toBe(false)
        expect(process.cpuUsage(started).user / 1_000).toBeLessThan(1_000)
      }
    }
  })

  test('a million nested structs cost a refusal, not the stack', () => {
    const deep = Buffer.alloc(3 * 1_000_000)
    for (let at = 0; at < deep.length; at += 3) deep.set([12, 0, 1], at)
    expect(decodeStruct(deep, { maxBytes: 4 << 20 }).ok).toBe(false)
    const lists = Buffer.alloc(8 * 100_000)
    for (let at = 0; at < lists.length; at += 8) lists.set([15, 0, 1, 15, 0, 0, 0, 1], at)
    expect(decodeStruct(lists, { maxBytes: 4 << 20 }).ok).toBe(false)
  })

  test('a list of a million empty elements is refused', () => {
    const bytes = Buffer.concat([Buffer.from([15, 0, 1, 12, 0, 0x0f, 0x42, 0x40]), Buffer.alloc(1_000_001)])
    expect(decodeStruct(bytes, { maxBytes: 4 << 20 }).ok).toBe(false)
  })

  test('what follows the struct is refused', () => {
    expect(decodeStruct(Buffer.from([0]), { maxBytes: 10 }).ok).toBe(true)
    expect(decodeStruct(Buffer.from([0, 0]), { maxBytes: 10 }).ok).toBe(false)
    expect(decodeStruct(Buffer.alloc(0), { maxBytes: 10 }).ok).toBe(false)
  })
})

describe('keys, wraps and signatures', () => {
  test.each([
    ['public key', parsePublicKey],
    ['wrap', parseWrap],
    ['signature', parseSignature],
  ] as const)('a %s is never made of anything else', (_name, parse) => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.uint8Array({ maxLength: 120 }).map(b => Buffer.from(b).toString('base64')),
        ),
        text => {
          parse(text)
        },
      ),
      RUNS,
    )
  })
})

describe('JSON and EJSON', () => {
  test('depth, size and count are bounded before anything is built', () => {
    const limits = { maxBytes: 1 << 20, maxDepth: 32 }
    expect(parseJson('['.repeat(100_000), limits).ok).toBe(false)
    expect(parseJson(`${'['.repeat(100_000)}${']'.repeat(100_000)}`, limits).ok).toBe(false)
    expect(parseJson(`${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`, limits).ok).toBe(false)
    expect(parseJson('"'.padEnd(2 << 20, 'x'), limits).ok).toBe(false)
  })

  test('no prototype is reached', () => {
    const parsed = parseJson('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}', {
      maxBytes: 1_000,
      maxDepth: 8,
    })
    expect(({} as { polluted?: number }).polluted).toBe(undefined)
    if (parsed.ok) {
      const ejson = decodeEjson(parsed.value)
      expect(ejson.ok && (ejson.value as { polluted?: number }).polluted).not.toBe(1)
    }
    expect(({} as { polluted?: number }).polluted).toBe(undefined)
  })

  test('anything that JSON can say, EJSON takes or refuses; what it encodes, it decodes', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 12 }), value => {
        expect(typeof decodeEjson(value).ok).toBe('boolean')
      }),
      RUNS,
    )
    const plain = fc.letrec(tie => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.constant(null),
        fc.boolean(),
        fc.integer(),
        fc.string(),
        fc.date({ noInvalidDate: true }),
        fc.uint8Array({ maxLength: 20 }),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(
          fc.string().filter(key => key !== '__proto__'),
          tie('value'),
          { maxKeys: 4, noNullPrototype: true },
        ),
      ),
    })).value
    fc.assert(
      fc.property(plain, value => {
        const again = decodeEjson(JSON.parse(JSON.stringify(encodeEjson(value))))
        expect(again).toEqual({ ok: true, value })
      }),
      RUNS,
    )
  })

  test.each([
    '{"$date":"x"}',
    '{"$date":1e400}',
    '{"$binary":1}',
    '{"$binary":"!!"}',
    '{"$escape":1}',
    '{"$type":"oid","$value":1}',
    '{"$date":null,"b":1}',
  ])('%s does not throw', text => {
    expect(typeof decodeEjson(JSON.parse(text)).ok).toBe('boolean')
  })
})

describe('Rocket.Chat', () => {
  test('contents and keys of the vectors are read', () => {
    for (const message of rocketchat.message_content) {
      if (message.id.startsWith('msg-error')) expect(parseContent(message.content)).toBe(undefined)
      else expect(parseContent(message.content)?.keyId).toBe(message.kid ?? (message.content as { kid?: string }).kid)
    }
    for (const key of rocketchat.group_key_string) {
      if ('E2EKey' in key) expect(splitGroupKey(key.E2EKey)?.keyId).toBe(key.kid)
    }
    expect(splitGroupKey('too-short')).toBe(undefined)
  })

  test('nothing else is taken for one', () => {
    fc.assert(
      fc.property(fc.anything({ maxDepth: 3 }), value => {
        parseContent(value)
        splitGroupKey(value)
        legacyCiphertext(value)
        parseXchatContent(value)
      }),
      RUNS,
    )
    for (const text of ['hello', 'a'.repeat(12), 'plain text that is longer than twelve', ''])
      expect(legacyCiphertext(text)).toBe(undefined)
  })
})

test('base64 has no other spelling of the same length than its own', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), bytes => {
      const text = Buffer.from(bytes).toString('base64')
      expect(Buffer.from(decodeBase64(text, 100) ?? []).equals(bytes)).toBe(true)
      expect(decodeBase64(text, bytes.length - 1) === undefined || bytes.length === 0).toBe(true)
    }),
    RUNS,
  )
})
