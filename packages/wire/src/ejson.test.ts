import { describe, expect, test } from 'vitest'
import { decodeEjson, encodeEjson } from './ejson.ts'

const decode = (json: string) => decodeEjson(JSON.parse(json))

describe('decodeEjson', () => {
  test.each([
    ['null', null],
    ['"$date"', '$date'],
    ['{"$date":1759174115076}', new Date(1759174115076)],
    ['{"ts":{"$date":0},"a":[{"$date":-1}]}', { ts: new Date(0), a: [new Date(-1)] }],
    ['{"$binary":"AQI="}', new Uint8Array([1, 2])],
    ['{"$date":1,"other":2}', { $date: 1, other: 2 }],
    ['{"$type":"oid","$value":"5f"}', { $type: 'oid', $value: '5f' }],
    ['{"$regexp":"(a+)+$","$flags":"g"}', { $regexp: '(a+)+$', $flags: 'g' }],
    ['{"$escape":{"$date":1}}', { $date: 1 }],
    ['{"$escape":{"$date":{"$date":1}}}', { $date: new Date(1) }],
    ['{"$escape":1}', { $escape: 1 }],
  ])('%s', (json, value) => expect(decode(json)).toEqual({ ok: true, value }))

  test.each(['{"$date":"2026-01-01"}', '{"$date":8.65e15}', '{"$date":null}', '{"$binary":"?"}', '{"$binary":7}'])(
    '%s is refused, and so is what it stands in',
    json => {
      expect(decode(json).ok).toBe(false)
      expect(decode(`[{"a":${json}}]`).ok).toBe(false)
    },
  )

  test('a private key as Rocket.Chat stores it is a text, and stays one', () => {
    const text = '{"$binary":"JtJhD4JH"}'
    expect(decodeEjson(text)).toEqual({ ok: true, value: text })
  })

  test('deep input is refused without the stack', () => {
    let deep: unknown = 1
    for (let level = 0; level < 32; level++) deep = [deep]
    expect(decodeEjson(deep).ok).toBe(true)
    expect(decodeEjson([deep])).toEqual({ ok: false, error: 'nested too deeply' })
    for (let level = 0; level < 100_000; level++) deep = { $escape: { a: deep } }
    expect(decodeEjson(deep).ok).toBe(false)
  })

  test('a circle is refused like any depth', () => {
    const circle: unknown[] = []
    circle.push(circle)
    expect(decodeEjson(circle).ok).toBe(false)
  })

  test('a key named __proto__ does not come out, on any level', () => {
    const answer = decode('{"a":{"__proto__":{"admin":true},"b":1},"$escape":{"__proto__":1}}')
    expect(answer.ok && (answer.value as { a: { admin?: boolean } }).a.admin).toBeUndefined()
    expect(answer.ok && JSON.stringify(answer.value)).toBe('{"a":{"b":1},"$escape":{}}')
    const escaped = decode('{"$escape":{"__proto__":{"admin":true}}}')
    expect(escaped.ok && (escaped.value as { admin?: boolean }).admin).toBeUndefined()
  })
})

describe('encodeEjson', () => {
  test('escapes what a reader would take for something else', () => {
    const special = [
      { $date: 1 },
      { $binary: 'AQI=' },
      { $escape: { $date: 1 } },
      { $InfNaN: 1 },
      { $type: 'oid', $value: '5f' },
      { $regexp: 'a', $flags: '' },
    ]
    for (const value of special) {
      expect(Object.keys(encodeEjson(value) as object)).toEqual(['$escape'])
      expect(decodeEjson(JSON.parse(JSON.stringify(encodeEjson([value]))))).toEqual({ ok: true, value: [value] })
    }
  })

  test('leaves everything else', () => {
    const value = { $date: 1, b: [null, true, 'x', { c: 1.5 }] }
    expect(encodeEjson(value)).toEqual(value)
    expect(encodeEjson(new Date(5))).toEqual({ $date: 5 })
    const mixed = [0, 'x', new Date(5), { a: [1, new Date(6)], b: 2 }]
    expect(encodeEjson(mixed)).toEqual([0, 'x', { $date: 5 }, { a: [1, { $date: 6 }], b: 2 }])
    expect(mixed[2]).toBeInstanceOf(Date)
  })
})
