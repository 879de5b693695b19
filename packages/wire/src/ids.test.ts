import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  compareIds,
  FLOOR,
  groupIdOf,
  IdSequence,
  idOfUuid,
  isEventId,
  isUserId,
  LAST_MS,
  nodeOf,
  pairIdOf,
  parseConversationId,
  type RoomId,
  snowflake,
  timeOf,
  type UserId,
  uuidOf,
  X_EPOCH_MS,
} from './ids.ts'

const NOW = 1795311596290
const anyId = fc.bigInt(0n, 2n ** 63n - 1n).map(String)
const user = (text: string) => text as UserId

describe('snowflakes', () => {
  test('hold time, node and counter', () => {
    const id = snowflake(NOW, 513, 4095).toString()
    expect(timeOf(id)).toBe(NOW)
    expect(nodeOf(id)).toBe(513)
    expect(snowflake(X_EPOCH_MS, 0, 0)).toBe(0n)
    expect(snowflake(LAST_MS, 1023, 4095)).toBe(2n ** 63n - 1n)
  })

  test('a time, node or counter out of range is a bug', () => {
    for (const [ms, node, counter] of [
      [X_EPOCH_MS - 1, 0, 0],
      [LAST_MS + 1, 0, 0],
      [NOW, 1024, 0],
      [NOW, 0, 4096],
      [Number.NaN, 0, 0],
      [NOW + 0.5, 0, 0],
    ] as const) {
      expect(() => snowflake(ms, node, counter)).toThrow(RangeError)
    }
  })
})

describe('IdSequence', () => {
  test('ids are unique and grow under any clock and any last id of a room', () => {
    const clock = fc.integer({ min: 0, max: LAST_MS - 10_000_000 })
    const after = fc.option(fc.bigInt(0n, snowflake(LAST_MS - 10_000_000, 1023, 4095)), { nil: undefined })
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1023 }), fc.array(fc.tuple(clock, after)), (node, steps) => {
        const ids = new IdSequence(node)
        let last = FLOOR - 1n
        for (const [now, newest] of steps) {
          const id = BigInt(ids.next(now, newest?.toString()))
          expect(id).toBeGreaterThan(last)
          if (newest !== undefined) expect(id).toBeGreaterThan(newest)
          expect(nodeOf(id.toString())).toBe(node)
          last = id
        }
      }),
    )
  })

  test('more than 4,096 ids in one millisecond take the next one', () => {
    const ids = new IdSequence(7)
    const given = Array.from({ length: 10_000 }, () => ids.next(NOW))
    expect(new Set(given).size).toBe(10_000)
    expect(given).toEqual([...given].sort(compareIds))
    expect(timeOf(given.at(-1)!)).toBe(NOW + 2)
  })

  test('a newer last id moves the time part past it and leaves the node part', () => {
    const ids = new IdSequence(7)
    const ahead = snowflake(NOW + 5_000, 900, 12).toString()
    expect(ids.next(NOW, ahead)).toBe(snowflake(NOW + 5_001, 7, 0).toString())
    expect(ids.next(NOW)).toBe(snowflake(NOW + 5_001, 7, 1).toString())
  })

  test('a last id that is the very id that would come next moves it too', () => {
    const ids = new IdSequence(7)
    expect(ids.next(NOW, snowflake(NOW, 7, 0).toString())).toBe(snowflake(NOW + 1, 7, 0).toString())
  })

  test('goes on after what the node gave before it was restarted', () => {
    const before = snowflake(NOW, 7, 4000)
    expect(BigInt(new IdSequence(7, before).next(NOW))).toBeGreaterThan(before)
    expect(BigInt(new IdSequence(7).next(0))).toBeGreaterThanOrEqual(FLOOR)
  })

  test('an unusable clock reading never gives the same id twice', () => {
    const ids = new IdSequence(1)
    expect(ids.next(Number.NaN)).not.toBe(ids.next(Number.NaN))
    expect(() => ids.next(Number.POSITIVE_INFINITY)).toThrow(RangeError)
    expect(timeOf(ids.next(NOW))).toBe(NOW)
  })
})

describe('uuids', () => {
  test('are reversible, valid v4 and sort like ids', () => {
    const v4 = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
    fc.assert(
      fc.property(anyId, anyId, (a, b) => {
        const uuid = uuidOf(a)
        expect(uuid).toMatch(v4)
        expect(idOfUuid(uuid)).toBe(a)
        expect(idOfUuid(uuid.toUpperCase())).toBe(a)
        expect(Math.sign(compareIds(a, b))).toBe(uuid < uuidOf(b) ? -1 : uuid > uuidOf(b) ? 1 : 0)
      }),
    )
  })

  test('stay what they are: clients keep them', () => {
    expect(uuidOf('2080761390344937796')).toBe('1ce05975-cddb-4a14-8425-9ed7b844c5c7')
  })

  test('hold the id as its digits in base 16, at every edge of the arithmetic', () => {
    const edges = Array.from({ length: 63 }, (_, bits) => 2n ** BigInt(bits))
    const tens = Array.from({ length: 19 }, (_, digits) => 10n ** BigInt(digits))
    for (const edge of [...edges, ...tens]) {
      for (const value of [edge - 1n, edge, edge + 1n]) {
        const uuid = uuidOf(`${value}`)
        const digits = uuid.slice(0, 8) + uuid.slice(9, 13) + uuid.slice(15, 18) + uuid[20]
        expect(digits).toBe(value.toString(16).padStart(16, '0'))
        expect(idOfUuid(uuid)).toBe(`${value}`)
      }
    }
  })

  test('of a number that is too large are unknown, whatever their checksum says', () => {
    expect(idOfUuid('80000000-0000-4000-80dd-f419a8512e2d')).toBeUndefined()
  })

  test('of others are unknown', () => {
    fc.assert(fc.property(fc.uuid(), uuid => idOfUuid(uuid) === undefined))
    fc.assert(fc.property(fc.anything(), value => idOfUuid(value) === undefined))
  })

  test('with one digit changed are unknown', () => {
    const digit = fc.constantFrom(...'0123456789abcdef')
    fc.assert(
      fc.property(anyId, fc.nat(35), digit, (id, at, other) => {
        const uuid = uuidOf(id)
        fc.pre(uuid[at] !== other && uuid[at] !== '-')
        expect(idOfUuid(uuid.slice(0, at) + other + uuid.slice(at + 1))).toBeUndefined()
      }),
    )
  })

  test('of a number that is no id is a bug', () => {
    expect(() => uuidOf('9223372036854775808')).toThrow(RangeError)
    expect(() => uuidOf('-1')).toThrow(RangeError)
  })
})

describe('the form of ids', () => {
  test.each(['0', '1', '1001', '9223372036854775807'])('%s is one', text => {
    expect(isUserId(text)).toBe(true)
    expect(isEventId(text)).toBe(true)
  })

  test.each([
    '',
    '00',
    '01',
    '-1',
    '+1',
    '1.0',
    '1e3',
    ' 1',
    '1\n',
    '9223372036854775808',
    '99999999999999999999',
    '١',
  ])('%j is none', text => {
    expect(isUserId(text)).toBe(false)
    expect(isEventId(text)).toBe(false)
  })

  test('only texts are ids', () => {
    for (const value of [0, 1n, null, undefined, {}, ['1']]) expect(isUserId(value)).toBe(false)
  })

  test('compare as numbers', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 63n), fc.bigInt(0n, 2n ** 63n), (a, b) => {
        expect(Math.sign(compareIds(`${a}`, `${b}`))).toBe(a < b ? -1 : a > b ? 1 : 0)
      }),
    )
    expect(compareIds('0007', '7')).toBe(0)
  })
})

describe('conversation ids', () => {
  test('pairs are ordered as numbers, not as texts', () => {
    expect(pairIdOf(user('200'), user('1111'), ':')).toBe('200:1111')
    expect(pairIdOf(user('1111'), user('200'), '-')).toBe('200-1111')
  })

  test('every form that clients send is understood', () => {
    const pair = { kind: 'pair', users: ['200', '1111'] }
    for (const text of ['200:1111', '1111:200', '200-1111', '1111-200']) expect(parseConversationId(text)).toEqual(pair)
    expect(parseConversationId('200')).toEqual({ kind: 'user', user: '200' })
    const group = groupIdOf('2080761390344937796' as RoomId)
    expect(parseConversationId(group)).toEqual({ kind: 'group', room: '2080761390344937796' })
  })

  test.each([
    '',
    'g',
    'g01',
    'gg1',
    'g1-2',
    '1-',
    '-1',
    '1:2:3',
    '1-2-3',
    '1 -2',
    '01-2',
    'g9223372036854775808',
    null,
    7,
  ])('%j is no conversation', text => expect(parseConversationId(text)).toBeUndefined())

  test('nothing makes the parser throw', () => {
    fc.assert(fc.property(fc.anything(), value => void parseConversationId(value)))
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('g', '-', ':', '1', '0') }),
        text => void parseConversationId(text),
      ),
    )
  })
})
