// Finished DDP frames (rocketchat.md 1.2 to 1.7). Those of streams are encoded once and shared by every socket.
import { encodeEjson } from '@conclave/wire'
import { textFrame } from '../../fanout/frame.ts'
import type { MeteorError } from './errors.ts'

export const CONNECTED = (session: string): Buffer => textFrame(`{"msg":"connected","session":"${session}"}`)
export const FAILED = textFrame('{"msg":"failed","version":"1"}')
export const PING = textFrame('{"msg":"ping"}')
export const PONG = textFrame('{"msg":"pong"}')
export const BAD_REQUEST = textFrame('{"msg":"error","reason":"Bad request"}')

/** As EJSON text. `value` must not be undefined. */
export function ejson(value: unknown): string {
  return JSON.stringify(encodeEjson(value))
}

export function pongFrame(id: string): Buffer {
  return textFrame(`{"msg":"pong","id":${JSON.stringify(id)}}`)
}

/** Both frames that answer a method. undefined: a void method, whose result has no such key. */
export function resultFrames(id: string, result: unknown): [Buffer, Buffer] {
  const value = result === undefined ? '' : `,"result":${ejson(result)}`
  return [textFrame(`{"msg":"result","id":${JSON.stringify(id)}${value}}`), updatedFrame(id)]
}

export function errorFrames(id: string, error: MeteorError): [Buffer, Buffer] {
  return [textFrame(`{"msg":"result","id":${JSON.stringify(id)},"error":${JSON.stringify(error)}}`), updatedFrame(id)]
}

function updatedFrame(id: string): Buffer {
  return textFrame(`{"msg":"updated","methods":[${JSON.stringify(id)}]}`)
}

/** One for each subscription: clients look at the first id alone. */
export function readyFrame(id: string): Buffer {
  return textFrame(`{"msg":"ready","subs":[${JSON.stringify(id)}]}`)
}

export function nosubFrame(id: string, error?: MeteorError): Buffer {
  return textFrame(JSON.stringify(error ? { msg: 'nosub', id, error } : { msg: 'nosub', id }))
}

export function addedFrame(collection: string, id: string, fields: object): Buffer {
  return textFrame(JSON.stringify({ msg: 'added', collection, id, fields }))
}

/** An event of a stream. `args`: the arguments as the text of a JSON array. */
export function streamFrame(stream: string, eventName: string, args: string): Buffer {
  const fields = `{"eventName":${JSON.stringify(eventName)},"args":${args}}`
  return textFrame(`{"msg":"changed","collection":"stream-${stream}","id":"id","fields":${fields}}`)
}
