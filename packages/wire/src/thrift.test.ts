import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  decodeStruct,
  T_BOOL,
  T_BYTE,
  T_DOUBLE,
  T_I16,
  T_I32,
  T_I64,
  T_LIST,
  T_MAP,
  T_SET,
  T_STRING,
  T_STRUCT,
  type ThriftStruct,
  type ThriftValue,
} from './thrift.ts'
import { encodeStruct, StructWriter } from './thrift-writer.ts'

const limits = { maxBytes: 1 << 20 }

/** A type and the values that it has. */
type Kind = { readonly type: number; readonly value: fc.Arbitrary<ThriftValue> }
const flat: readonly Kind[] = [
  { type: T_BOOL, value: fc.boolean() },
  { type: T_BYTE, value: fc.integer({ min: -128, max: 127 }) },
  { type: T_DOUBLE, value: fc.double() },
  { type: T_I16, value: fc.integer({ min: -32768, max: 32767 }) },
  { type: T_I32, value: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }) },
  { type: T_I64, value: fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n) },
  { type: T_STRING, value: fc.uint8Array({ maxLength: 30 }) },
]

function kinds(depth: number): fc.Arbitrary<Kind> {
  const simple = fc.constantFrom(...flat)
  if (depth === 0) return simple
  const inner = kinds(depth - 1)
  const list = inner.map(({ type, value }) =>
    fc.array(value, { maxLength: 4 }).map(values => ({ element: type, values })),
  )
  const map = fc
    .tuple(simple, inner)
    .map(([key, { type, value }]) =>
      fc
        .array(fc.tuple(key.value, value), { maxLength: 3 })
        .map(entries => ({ key: key.type, element: type, entries })),
    )
  return fc.oneof(
    simple,
    list.map(value => ({ type: T_LIST, value })),
    list.map(value => ({ type: T_SET, value })),
    map.map(value => ({ type: T_MAP, value })),
    fc.constant({ type: T_STRUCT, value: structs(depth - 1) }),
  )
}

function structs(depth: number): fc.Arbitrary<ThriftStruct> {
  const field = fc
    .tuple(fc.integer({ min: -32768, max: 32767 }), kinds(depth))
    .chain(([id, { type, value }]) => value.map(each => ({ id, type, value: each })))
  return fc.uniqueArray(field, { maxLength: 5, selector: each => each.id }).map(fields => ({ fields }))
}

/** Without the places where structs stood. */
function bare(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  if (Array.isArray(value)) return value.map(bare)
  const { start: _start, end: _end, ...rest } = value as Record<string, unknown>
  return Object.fromEntries(Object.entries(rest).map(([key, each]) => [key, bare(each)]))
}

describe('structs', () => {
  test('are read as they were written, whatever is in them', () => {
    fc.assert(
      fc.property(structs(3), struct => {
        const bytes = encodeStruct(struct)
        const read = decodeStruct(bytes, limits)
        expect(read.ok && bare(read.value)).toEqual(struct)
        expect(read.ok && encodeStruct(read.value)).toEqual(bytes)
      }),
    )
  })

  test('no prefix of a struct is a struct, and nothing may follow it', () => {
    fc.assert(
      fc.property(structs(2), fc.nat(), (struct, at) => {
        const bytes = encodeStruct(struct)
        expect(decodeStruct(bytes.subarray(0, at % bytes.length), limits).ok).toBe(false)
        expect(decodeStruct(new Uint8Array([...bytes, 0]), limits).ok).toBe(false)
      }),
    )
  })

  test('know where they stood', () => {
    const writer = new StructWriter()
    writer.text(1, 'ä')
    writer.struct(2, inner => inner.bool(1, true))
    const bytes = writer.finish()
    const read = decodeStruct(bytes, limits)
    const inner = read.ok ? (read.value.fields[1]!.value as ThriftStruct) : undefined
    expect(bytes.slice(inner?.start, inner?.end)).toEqual(new Uint8Array([2, 0, 1, 1, 0]))
  })

  test('a buffer that is part of a larger one is read alone', () => {
    const whole = new Uint8Array([9, 9, 2, 0, 1, 1, 0, 9])
    expect(decodeStruct(whole.subarray(2, 7), limits).ok).toBe(true)
  })
})

describe('what two readers could read differently is refused:', () => {
  test.each([
    ['a field that is there twice', [2, 0, 1, 1, 2, 0, 1, 0, 0], 'a field is there twice'],
    ['a field that is there twice, others between', [2, 0, 5, 1, 2, 0, 1, 1, 2, 0, 5, 0, 0], 'a field is there twice'],
    ['a lower field that is there twice', [2, 0, 5, 1, 2, 0, 1, 1, 2, 0, 1, 0, 0], 'a field is there twice'],
    ['a bool that is 2', [2, 0, 1, 2, 0], 'a bool is neither 0 nor 1'],
    ['a bool in a list that is 255', [15, 0, 1, 2, 0, 0, 0, 1, 255, 0], 'a bool is neither 0 nor 1'],
    ['an unknown type', [1, 0, 1, 0], 'an unknown type'],
    ['a list of an unknown type', [15, 0, 1, 1, 0, 0, 0, 1, 0, 0], 'an unknown type'],
    ['a negative length', [11, 0, 1, 255, 255, 255, 255, 0], 'a string is too long'],
    ['a negative count', [15, 0, 1, 11, 255, 255, 255, 255, 0], 'too many elements'],
    ['no end', [2, 0, 1, 1], 'ends too early'],
  ])('%s', (_name, bytes, error) => {
    expect(decodeStruct(new Uint8Array(bytes), limits)).toEqual({ ok: false, error })
  })

  test('not an empty list, whose element type some writers leave out', () => {
    expect(decodeStruct(new Uint8Array([15, 0, 1, 0, 0, 0, 0, 0, 0]), limits).ok).toBe(true)
  })
})

describe('limits', () => {
  const nested = (depth: number) =>
    new Uint8Array([...Array.from({ length: depth - 1 }, () => [12, 0, 1]).flat(), ...new Uint8Array(depth)])

  test('of depth, bytes, elements, fields and strings are exact', () => {
    expect(decodeStruct(nested(16), limits).ok).toBe(true)
    expect(decodeStruct(nested(17), limits)).toEqual({ ok: false, error: 'nested too deeply' })
    expect(decodeStruct(new Uint8Array([0]), { maxBytes: 0 })).toEqual({ ok: false, error: 'too large' })

    const list = (values: number) =>
      encodeStruct({ fields: [{ id: 1, type: T_LIST, value: { element: T_BOOL, values: Array(values).fill(true) } }] })
    expect(decodeStruct(list(10_000), limits).ok).toBe(true)
    expect(decodeStruct(list(10_001), limits)).toEqual({ ok: false, error: 'too many elements' })
    expect(decodeStruct(list(5), { ...limits, maxTotal: 6 }).ok).toBe(true)
    expect(decodeStruct(list(5), { ...limits, maxTotal: 5 })).toEqual({ ok: false, error: 'too many elements' })

    const string = encodeStruct({ fields: [{ id: 1, type: T_STRING, value: new Uint8Array(9) }] })
    expect(decodeStruct(string, { ...limits, maxString: 9 }).ok).toBe(true)
    expect(decodeStruct(string, { ...limits, maxString: 8 })).toEqual({ ok: false, error: 'a string is too long' })
  })

  test('sixty thousand fields in falling order take linear time', () => {
    const fields = Array.from({ length: 60_000 }, (_, at) => ({ id: 32767 - at, type: T_BOOL, value: true }))
    const bytes = encodeStruct({ fields })
    const started = process.cpuUsage()
    expect(decodeStruct(bytes, limits).ok).toBe(true)
    expect(process.cpuUsage(started).user / 1_000).toBeLessThan(1_000)
  })
})

describe('StructWriter', () => {
  test('writes texts of every length and alphabet', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), text => {
        const writer = new StructWriter(1)
        writer.text(1, text)
        writer.text(2, undefined)
        const expected = encodeStruct({ fields: [{ id: 1, type: T_STRING, value: new TextEncoder().encode(text) }] })
        expect(writer.finish()).toEqual(expected)
      }),
    )
  })

  test('an i64 that does not fit is a bug of the caller', () => {
    expect(() => new StructWriter().i64(1, 'x')).toThrow(SyntaxError)
  })
})
