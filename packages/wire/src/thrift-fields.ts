/**
 * Reads known fields out of a decoded Thrift struct. A known field of another type than the schema's is refused (a
 * generated reader would skip it silently, and then the server and a client would see different things); a text must
 * be UTF-8. The functions throw `Malformed`, so they are called inside `attempt`.
 */
import { Malformed } from './malformed.ts'
import {
  T_BOOL,
  T_I32,
  T_I64,
  T_LIST,
  T_STRING,
  T_STRUCT,
  type ThriftList,
  type ThriftStruct,
  type ThriftValue,
} from './thrift.ts'
import { decodeUtf8 } from './utf8.ts'

/** What is missing is named with the schema's word, so that an error tells the client's author what to send. */
export function required<T>(name: string, value: T | undefined): T {
  if (value === undefined) throw new Malformed(`${name} is missing`)
  return value
}

export function textField(struct: ThriftStruct, id: number): string | undefined {
  const value = fieldOf(struct, id, T_STRING)
  return value === undefined ? undefined : textOf(value)
}

export function binaryField(struct: ThriftStruct, id: number): Uint8Array | undefined {
  return fieldOf(struct, id, T_STRING) as Uint8Array | undefined
}

export function boolField(struct: ThriftStruct, id: number): boolean | undefined {
  return fieldOf(struct, id, T_BOOL) as boolean | undefined
}

export function i32Field(struct: ThriftStruct, id: number): number | undefined {
  return fieldOf(struct, id, T_I32) as number | undefined
}

export function i32sField(struct: ThriftStruct, id: number): readonly number[] | undefined {
  return listOf(struct, id, T_I32) as readonly number[] | undefined
}

/** As a decimal text. */
export function i64Field(struct: ThriftStruct, id: number): string | undefined {
  return (fieldOf(struct, id, T_I64) as bigint | undefined)?.toString()
}

export function structField(struct: ThriftStruct, id: number): ThriftStruct | undefined {
  return fieldOf(struct, id, T_STRUCT) as ThriftStruct | undefined
}

export function textsField(struct: ThriftStruct, id: number): string[] | undefined {
  return listOf(struct, id, T_STRING)?.map(textOf)
}

export function structsField(struct: ThriftStruct, id: number): readonly ThriftStruct[] | undefined {
  return listOf(struct, id, T_STRUCT) as readonly ThriftStruct[] | undefined
}

/** A Thrift union: a struct with exactly one field, which is a struct. */
export function unionField(struct: ThriftStruct): { readonly id: number; readonly value: ThriftStruct } {
  const [field, second] = struct.fields
  if (field === undefined || second !== undefined) throw new Malformed('a union does not have exactly one field')
  if (field.type !== T_STRUCT) throw new Malformed(`field ${field.id} has the wrong type`)
  return { id: field.id, value: field.value as ThriftStruct }
}

/**
 * The same struct, which has none but these fields. X's readers know a field by its number and take it for what their
 * schema says, whatever type is written: bytes that are skipped here as a text would be fields of their own to them.
 */
export function onlyFields(struct: ThriftStruct, ...ids: readonly number[]): ThriftStruct {
  const foreign = struct.fields.find(field => !ids.includes(field.id))
  if (foreign) throw new Malformed(`field ${foreign.id} is not known here`)
  return struct
}

function fieldOf(struct: ThriftStruct, id: number, type: number): ThriftValue | undefined {
  for (const field of struct.fields) {
    if (field.id !== id) continue
    if (field.type !== type) throw new Malformed(`field ${id} has the wrong type`)
    return field.value
  }
  return undefined
}

function listOf(struct: ThriftStruct, id: number, element: number): readonly ThriftValue[] | undefined {
  const list = fieldOf(struct, id, T_LIST) as ThriftList | undefined
  if (list === undefined || list.values.length === 0) return list?.values
  if (list.element !== element) throw new Malformed(`field ${id} has the wrong type`)
  return list.values
}

function textOf(value: ThriftValue): string {
  const text = decodeUtf8(value as Uint8Array)
  if (text === undefined) throw new Malformed('a text is not UTF-8')
  return text
}
