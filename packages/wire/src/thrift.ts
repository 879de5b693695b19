/**
 * Thrift's TBinaryProtocol without a message header, as X uses it (x-chat.md 4): a struct is a row of fields (type byte,
 * i16 id) up to a zero byte, big endian. Decoding is generic and keeps unknown fields; `thrift-fields.ts` reads known
 * ones out of it, `thrift-writer.ts` writes. Two readings of one blob must never differ (we verify, a client obeys), so
 * what Thrift readers treat differently is refused: a field given twice, a bool that is neither 0 nor 1, trailing bytes.
 */
import { type Decoded, undecodable } from './decoded.ts'
import { THRIFT_MAX_DEPTH, THRIFT_MAX_ELEMENTS, THRIFT_MAX_STRING, THRIFT_MAX_TOTAL } from './limits.ts'
import { attempt, Malformed } from './malformed.ts'

export const T_BOOL = 2
export const T_BYTE = 3
export const T_DOUBLE = 4
export const T_I16 = 6
export const T_I32 = 8
export const T_I64 = 10
export const T_STRING = 11
export const T_STRUCT = 12
export const T_MAP = 13
export const T_SET = 14
export const T_LIST = 15

/** By type: bool boolean; byte, i16, i32, double number; i64 bigint; string and binary Uint8Array. */
export type ThriftValue = boolean | number | bigint | Uint8Array | ThriftStruct | ThriftList | ThriftMap
export type ThriftField = { readonly id: number; readonly type: number; readonly value: ThriftValue }
/** Fields in the order of the wire. `start` and `end`: where the struct stood in the bytes it was decoded from. */
export type ThriftStruct = { readonly fields: readonly ThriftField[]; readonly start?: number; readonly end?: number }
/** A list or a set; `element` is the type of every value. */
export type ThriftList = { readonly element: number; readonly values: readonly ThriftValue[] }
export type ThriftMap = {
  readonly key: number
  readonly element: number
  readonly entries: readonly (readonly [ThriftValue, ThriftValue])[]
}

export type ThriftLimits = {
  /** Of the whole blob. */
  readonly maxBytes: number
  /** Structs and containers inside each other, the outermost struct included. */
  readonly maxDepth?: number
  /** Of one container. */
  readonly maxElements?: number
  /** Elements and fields of the whole blob. */
  readonly maxTotal?: number
  /** Bytes of one string. */
  readonly maxString?: number
}

/** Bytes that the smallest value of a type takes; a declared count is tested with it before anything is allocated. */
const SMALLEST: Readonly<Record<number, number>> = {
  [T_BOOL]: 1,
  [T_BYTE]: 1,
  [T_DOUBLE]: 8,
  [T_I16]: 2,
  [T_I32]: 4,
  [T_I64]: 8,
  [T_STRING]: 4,
  [T_STRUCT]: 1,
  [T_MAP]: 6,
  [T_SET]: 5,
  [T_LIST]: 5,
}

/** One struct that fills `bytes` exactly. Strings in the answer are views of `bytes`, not copies. */
export function decodeStruct(bytes: Uint8Array, limits: ThriftLimits): Decoded<ThriftStruct> {
  if (bytes.length > limits.maxBytes) return undecodable('too large')
  return attempt(() => {
    const reader = new Reader(bytes, limits)
    const struct = reader.struct(1)
    if (struct.end !== bytes.length) throw new Malformed('bytes after the end of the struct')
    return struct
  })
}

class Reader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #maxDepth: number
  readonly #maxElements: number
  readonly #maxString: number
  #left: number
  #at = 0

  constructor(bytes: Uint8Array, limits: ThriftLimits) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#maxDepth = limits.maxDepth ?? THRIFT_MAX_DEPTH
    this.#maxElements = limits.maxElements ?? THRIFT_MAX_ELEMENTS
    this.#maxString = limits.maxString ?? THRIFT_MAX_STRING
    this.#left = limits.maxTotal ?? THRIFT_MAX_TOTAL
  }

  struct(depth: number): ThriftStruct {
    this.#enter(depth)
    const start = this.#at
    const fields: ThriftField[] = []
    let highest = Number.NEGATIVE_INFINITY
    let seen: Set<number> | undefined
    for (;;) {
      const type = this.#view.getUint8(this.#take(1))
      if (type === 0) return { fields, start, end: this.#at }
      const id = this.#view.getInt16(this.#take(2))
      // Writers go upwards, so that a set of what was seen is needed only for those that do not.
      if (id <= highest) {
        seen ??= new Set(fields.map(field => field.id))
        if (seen.has(id)) throw new Malformed('a field is there twice')
      }
      seen?.add(id)
      highest = Math.max(highest, id)
      this.#count(1)
      fields.push({ id, type, value: this.#value(type, depth) })
    }
  }

  #value(type: number, depth: number): ThriftValue {
    switch (type) {
      case T_BOOL: {
        const byte = this.#view.getUint8(this.#take(1))
        if (byte > 1) throw new Malformed('a bool is neither 0 nor 1')
        return byte === 1
      }
      case T_BYTE:
        return this.#view.getInt8(this.#take(1))
      case T_DOUBLE:
        return this.#view.getFloat64(this.#take(8))
      case T_I16:
        return this.#view.getInt16(this.#take(2))
      case T_I32:
        return this.#view.getInt32(this.#take(4))
      case T_I64:
        return this.#view.getBigInt64(this.#take(8))
      case T_STRING:
        return this.#string()
      case T_STRUCT:
        return this.struct(depth + 1)
      case T_MAP:
        return this.#map(depth + 1)
      case T_SET:
      case T_LIST:
        return this.#list(depth + 1)
      default:
        throw new Malformed('an unknown type')
    }
  }

  #string(): Uint8Array {
    const length = this.#view.getInt32(this.#take(4))
    if (length < 0 || length > this.#maxString) throw new Malformed('a string is too long')
    const start = this.#take(length)
    return this.#bytes.subarray(start, start + length)
  }

  #list(depth: number): ThriftList {
    this.#enter(depth)
    const element = this.#view.getUint8(this.#take(1))
    const size = this.#size(SMALLEST[element])
    const values: ThriftValue[] = []
    for (let index = 0; index < size; index++) values.push(this.#value(element, depth))
    return { element, values }
  }

  #map(depth: number): ThriftMap {
    this.#enter(depth)
    const key = this.#view.getUint8(this.#take(1))
    const element = this.#view.getUint8(this.#take(1))
    const smallestKey = SMALLEST[key]
    const smallestValue = SMALLEST[element]
    const known = smallestKey !== undefined && smallestValue !== undefined
    const size = this.#size(known ? smallestKey + smallestValue : undefined)
    const entries: [ThriftValue, ThriftValue][] = []
    for (let index = 0; index < size; index++) entries.push([this.#value(key, depth), this.#value(element, depth)])
    return { key, element, entries }
  }

  /** An empty container may name any element type, some writers put a zero there. */
  #size(smallest: number | undefined): number {
    const size = this.#view.getInt32(this.#take(4))
    if (size === 0) return 0
    if (smallest === undefined) throw new Malformed('an unknown type')
    if (size < 0 || size > this.#maxElements) throw new Malformed('too many elements')
    if (size * smallest > this.#bytes.length - this.#at) throw new Malformed('ends too early')
    this.#count(size)
    return size
  }

  #enter(depth: number): void {
    if (depth > this.#maxDepth) throw new Malformed('nested too deeply')
  }

  #count(elements: number): void {
    this.#left -= elements
    if (this.#left < 0) throw new Malformed('too many elements')
  }

  /** Where the next `size` bytes are; they are there. */
  #take(size: number): number {
    const start = this.#at
    if (size > this.#bytes.length - start) throw new Malformed('ends too early')
    this.#at = start + size
    return start
  }
}
