// PostgreSQL's arrays in their binary form, which costs a tenth of writing them as text and reading them there.
import { toStored } from '../../postgres/text.ts'

const HEADER = 20
const INT8 = 20
const INT4 = 23
const TEXT = 25
const BOOL = 16

export function ids(values: readonly (string | number | null)[]): Buffer {
  const array = begun(INT8, values.length, values.length * 12)
  let at = HEADER
  for (const value of values) {
    if (value === null) {
      at = array.writeInt32BE(-1, at)
      continue
    }
    at = array.writeInt32BE(8, at)
    at = array.writeBigInt64BE(BigInt(value), at)
  }
  return array.subarray(0, at)
}

export function integers(values: readonly number[]): Buffer {
  const array = begun(INT4, values.length, values.length * 8)
  let at = HEADER
  for (const value of values) {
    at = array.writeInt32BE(4, at)
    at = array.writeInt32BE(value, at)
  }
  return array
}

export function flags(values: readonly (boolean | null)[]): Buffer {
  const array = begun(BOOL, values.length, values.length * 5)
  let at = HEADER
  for (const value of values) {
    at = array.writeInt32BE(value === null ? -1 : 1, at)
    if (value !== null) at = array.writeUInt8(value ? 1 : 0, at)
  }
  return array.subarray(0, at)
}

/** Whatever a client sent. */
export function texts(values: readonly (string | null)[]): Buffer {
  return jsons(values.map(value => (value === null ? null : toStored(value))))
}

/** What JSON.stringify wrote, or another text without NUL. */
export function jsons(values: readonly (string | null)[]): Buffer {
  let bytes = 0
  for (const value of values) bytes += value === null ? 4 : 4 + Buffer.byteLength(value)
  const array = begun(TEXT, values.length, bytes)
  let at = HEADER
  for (const value of values) {
    if (value === null) {
      at = array.writeInt32BE(-1, at)
      continue
    }
    const length = array.write(value, at + 4)
    array.writeInt32BE(length, at)
    at += 4 + length
  }
  return array
}

function begun(type: number, length: number, bytes: number): Buffer {
  const array = Buffer.allocUnsafe(HEADER + bytes)
  array.writeInt32BE(length === 0 ? 0 : 1, 0)
  // Whether there may be nulls.
  array.writeInt32BE(1, 4)
  array.writeInt32BE(type, 8)
  array.writeInt32BE(length, 12)
  array.writeInt32BE(1, 16)
  // Without elements there are no dimensions either.
  return length === 0 ? array.subarray(0, 12) : array
}

/** Elements of an array of numbers as PostgreSQL writes it; null where there is no array. */
export function numbersOf(array: unknown): (number | null)[] {
  if (typeof array !== 'string' || array.length < 3) return []
  return array
    .slice(1, -1)
    .split(',')
    .map(element => (element === 'NULL' ? null : Number(element)))
}
