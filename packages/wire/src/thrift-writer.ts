/**
 * The writing half of `thrift.ts` (x-chat.md 4). Methods are called in the order of the ids, absent fields are left out.
 * What is already encoded goes in byte for byte (`encoded`): that is how the server embeds what a client has signed.
 */
import {
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
  type ThriftList,
  type ThriftMap,
  type ThriftStruct,
  type ThriftValue,
} from './thrift.ts'

const encoder = new TextEncoder()
const SHORT = 200

export class StructWriter {
  #bytes: Uint8Array
  #view: DataView
  #size = 0

  /** `expected`: bytes that the struct will have, if that is known; it grows as needed. */
  constructor(expected = 512) {
    const bytes = new Uint8Array(expected)
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer)
  }

  text(id: number, value: string | undefined): void {
    if (value === undefined) return
    this.#field(T_STRING, id)
    this.#text(value)
  }

  binary(id: number, value: Uint8Array | undefined): void {
    if (value === undefined) return
    this.#field(T_STRING, id)
    this.#binary(value)
  }

  bool(id: number, value: boolean | undefined): void {
    if (value === undefined) return
    this.#field(T_BOOL, id)
    this.#byte(value ? 1 : 0)
  }

  i32(id: number, value: number | undefined): void {
    if (value === undefined) return
    this.#field(T_I32, id)
    this.#i32(value)
  }

  /** `value` is a decimal text: 64 bits do not fit into a number. */
  i64(id: number, value: string | undefined): void {
    if (value === undefined) return
    this.#field(T_I64, id)
    this.#i64(BigInt(value))
  }

  texts(id: number, values: readonly string[] | undefined): void {
    if (values === undefined) return
    this.#field(T_LIST, id)
    this.#byte(T_STRING)
    this.#i32(values.length)
    for (const value of values) this.#text(value)
  }

  struct(id: number, write: (writer: StructWriter) => void): void {
    this.#field(T_STRUCT, id)
    write(this)
    this.#byte(0)
  }

  structs<T>(id: number, values: readonly T[] | undefined, write: (writer: StructWriter, value: T) => void): void {
    if (values === undefined) return
    this.#field(T_LIST, id)
    this.#byte(T_STRUCT)
    this.#i32(values.length)
    for (const value of values) {
      write(this, value)
      this.#byte(0)
    }
  }

  /** A struct field whose value is one encoded struct, its final zero byte included. */
  encoded(id: number, struct: Uint8Array): void {
    this.#field(T_STRUCT, id)
    this.#raw(struct)
  }

  /** All fields of a decoded struct, unknown ones included. */
  fieldsOf(struct: ThriftStruct): void {
    for (const { id, type, value } of struct.fields) {
      this.#field(type, id)
      this.#value(type, value)
    }
  }

  /** The encoded struct. The writer is not used after this. */
  finish(): Uint8Array {
    this.#byte(0)
    return this.#bytes.slice(0, this.#size)
  }

  #value(type: number, value: ThriftValue): void {
    if (type === T_BOOL) this.#byte(value ? 1 : 0)
    else if (type === T_BYTE) this.#byte(value as number)
    else if (type === T_DOUBLE) this.#double(value as number)
    else if (type === T_I16) this.#i16(value as number)
    else if (type === T_I32) this.#i32(value as number)
    else if (type === T_I64) this.#i64(value as bigint)
    else if (type === T_STRING) this.#binary(value as Uint8Array)
    else if (type === T_STRUCT) this.#struct(value as ThriftStruct)
    else if (type === T_MAP) this.#map(value as ThriftMap)
    else if (type === T_SET || type === T_LIST) this.#list(value as ThriftList)
    else throw new TypeError(`no Thrift type ${type}`)
  }

  #struct(struct: ThriftStruct): void {
    this.fieldsOf(struct)
    this.#byte(0)
  }

  #list(list: ThriftList): void {
    this.#byte(list.element)
    this.#i32(list.values.length)
    for (const value of list.values) this.#value(list.element, value)
  }

  #map(map: ThriftMap): void {
    this.#byte(map.key)
    this.#byte(map.element)
    this.#i32(map.entries.length)
    for (const [key, value] of map.entries) {
      this.#value(map.key, key)
      this.#value(map.element, value)
    }
  }

  #field(type: number, id: number): void {
    const at = this.#grow(3)
    this.#view.setUint8(at, type)
    this.#view.setInt16(at + 1, id)
  }

  #byte(value: number): void {
    const at = this.#grow(1)
    this.#view.setUint8(at, value)
  }

  // `#grow` may replace the view, so it is called before the view is read.
  #double(value: number): void {
    const at = this.#grow(8)
    this.#view.setFloat64(at, value)
  }

  #i16(value: number): void {
    const at = this.#grow(2)
    this.#view.setInt16(at, value)
  }

  #i32(value: number): void {
    const at = this.#grow(4)
    this.#view.setInt32(at, value)
  }

  #i64(value: bigint): void {
    const at = this.#grow(8)
    this.#view.setBigInt64(at, value)
  }

  #text(value: string): void {
    const at = this.#grow(4 + value.length * 3)
    const length = this.#ascii(at + 4, value) ?? encoder.encodeInto(value, this.#bytes.subarray(at + 4)).written
    this.#view.setInt32(at, length)
    this.#size = at + 4 + length
  }

  /** Ids, versions and keys are short and ASCII: a loop beats the call into the encoder. */
  #ascii(at: number, value: string): number | undefined {
    if (value.length > SHORT) return undefined
    for (let index = 0; index < value.length; index++) {
      const code = value.charCodeAt(index)
      if (code > 127) return undefined
      this.#bytes[at + index] = code
    }
    return value.length
  }

  #binary(value: Uint8Array): void {
    this.#i32(value.length)
    this.#raw(value)
  }

  #raw(value: Uint8Array): void {
    const at = this.#grow(value.length)
    this.#bytes.set(value, at)
  }

  /** Makes room for `size` more bytes and gives the place where they begin. */
  #grow(size: number): number {
    const start = this.#size
    this.#size += size
    if (this.#size > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#size, this.#bytes.length * 2))
      larger.set(this.#bytes.subarray(0, start))
      this.#bytes = larger
      this.#view = new DataView(larger.buffer)
    }
    return start
  }
}

/** The bytes of one struct. `decodeStruct` of them gives it back, `encodeStruct` of what was decoded gives the bytes. */
export function encodeStruct(struct: ThriftStruct): Uint8Array {
  const writer = new StructWriter()
  writer.fieldsOf(struct)
  return writer.finish()
}
