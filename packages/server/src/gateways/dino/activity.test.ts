import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readActivity } from './activity.ts'
import { ACTIVITY_CHARS, ACTIVITY_DEPTH, ACTIVITY_VALUES } from './limits.ts'

function faultOf(payload: unknown): string | null {
  const read = readActivity(payload)
  return read.ok ? null : read.fault
}

test('known fields come out, unknown ones stay for the echo', () => {
  const read = readActivity({ verb: 'send', target: { id: 'r', objectType: ' ', extra: 1 }, foo: { bar: [null] } })
  if (!read.ok) throw new Error(read.fault)
  expect(read.activity.verb).toBe('send')
  expect(read.activity.target?.id).toBe('r')
  expect(read.activity.target?.objectType).toBeUndefined()
  expect(read.activity.target?.fields).toEqual({ id: 'r', objectType: ' ', extra: 1 })
  expect(read.activity.fields.foo).toEqual({ bar: [null] })
})

test('a missing part is absent, an empty one is there without fields', () => {
  const read = readActivity({ verb: 'x', target: {} })
  expect(read).toMatchObject({ ok: true, activity: { target: { fields: {} } } })
  expect(read.ok && read.activity.object).toBeUndefined()
})

test.each([
  [null],
  [undefined],
  [[]],
  ['text'],
  [Buffer.from('x')],
  [{}],
  [{ verb: ' ' }],
  [{ verb: 5 }],
  [{ verb: 'x', target: 'r' }],
  [{ verb: 'x', target: [] }],
  [{ verb: 'x', target: { id: 5 } }],
  [{ verb: 'x', actor: { displayName: false } }],
  [{ verb: 'x', object: { attachments: {} } }],
  [{ verb: 'x', object: { attachments: ['x'] } }],
  [{ verb: 'x', object: { attachments: [{ content: 1 }] } }],
  [{ verb: 'x', updated: 'yesterday' }],
  [{ verb: 'x', updated: '2020-02-31T25:00:00Z' }],
  [{ verb: 'x', published: 5 }],
  [{ verb: 'x', image: { width: 1.5 } }],
  [{ verb: 'x', provider: { id: 1 } }],
  [{ verb: 'x', deep: { buffer: Buffer.from('x') } }],
])('%j is refused', payload => {
  expect(faultOf(payload)).toEqual(expect.any(String))
})

test('depth, number and size are bounded, each exactly', () => {
  const nested = (depth: number): object => (depth === 0 ? {} : { nested: nested(depth - 1) })
  expect(faultOf({ verb: 'x', deep: nested(ACTIVITY_DEPTH - 2) })).toBeNull()
  expect(faultOf({ verb: 'x', deep: nested(ACTIVITY_DEPTH - 1) })).toContain('nested')
  expect(faultOf({ verb: 'x', many: Array(ACTIVITY_VALUES - 3).fill(0) })).toBeNull()
  expect(faultOf({ verb: 'x', many: Array(ACTIVITY_VALUES - 2).fill(0) })).toContain('values')
  const chars = ACTIVITY_CHARS - 'verbxtext'.length
  expect(faultOf({ verb: 'x', text: 'y'.repeat(chars) })).toBeNull()
  expect(faultOf({ verb: 'x', text: 'y'.repeat(chars + 1) })).toBe('too large')
})

test('a key named __proto__ never comes out', () => {
  const read = readActivity(JSON.parse('{"verb":"x","__proto__":{"a":1},"object":{"__proto__":{"b":1},"c":1}}'))
  if (!read.ok) throw new Error(read.fault)
  expect(JSON.stringify(read.activity.fields)).toBe('{"verb":"x","object":{"c":1}}')
  expect(Object.getPrototypeOf(read.activity.fields)).toBe(Object.prototype)
})

test('whatever is JSON is read as it is, or refused', () => {
  fc.assert(
    fc.property(fc.jsonValue(), value => {
      const payload = { verb: 'x', object: value, more: value }
      const before = JSON.stringify(payload)
      const read = readActivity(payload)
      if (read.ok && !before.includes('__proto__')) expect(JSON.stringify(read.activity.fields)).toBe(before)
    }),
    { verbose: true },
  )
})
