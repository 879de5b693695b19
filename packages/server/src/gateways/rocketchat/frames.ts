// DDP frames (rocketchat.md 1.2 to 1.7). Those of streams are encoded once and shared by every socket.
import { encodeEjson } from '@conclave/wire'
import { textFrame } from '../../fanout/frame.ts'
import type { MeteorError } from './errors.ts'

/** One message to clients. Its WebSocket frames, raw and in SockJS's framing, are made when the first socket wants them,
 * once each. */
export class Frame {
  readonly text: string
  #raw: Buffer | undefined
  #sockjs: Buffer | undefined

  constructor(text: string) {
    this.text = text
  }

  get raw(): Buffer {
    this.#raw ??= textFrame(this.text)
    return this.#raw
  }

  get sockjs(): Buffer {
    this.#sockjs ??= textFrame(`a[${JSON.stringify(this.text)}]`)
    return this.#sockjs
  }
}

/** SockJS's own frames. */
export const SOCKJS_OPEN = textFrame('o')
export const SOCKJS_HEARTBEAT = textFrame('h')
export const sockjsClose = (code: number, reason: string): Buffer => textFrame(`c${JSON.stringify([code, reason])}`)

export const CONNECTED = (session: string): Frame => new Frame(`{"msg":"connected","session":"${session}"}`)
export const FAILED = new Frame('{"msg":"failed","version":"1"}')
export const PING = new Frame('{"msg":"ping"}')
export const PONG = new Frame('{"msg":"pong"}')
export const BAD_REQUEST = new Frame('{"msg":"error","reason":"Bad request"}')
export const CONNECTED_ALREADY = new Frame('{"msg":"error","reason":"Already connected"}')

/** A value of which only its EJSON text is left: what is told to many is the result of a method, too. */
export class Encoded {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** As EJSON text. `value` must not be undefined, and no `Encoded` stand inside of it. */
export function ejson(value: unknown): string {
  return value instanceof Encoded ? value.text : JSON.stringify(encodeEjson(value))
}

export function pongFrame(id: string): Frame {
  return new Frame(`{"msg":"pong","id":${JSON.stringify(id)}}`)
}

/** Both frames that answer a method. undefined: a void method, whose result has no such key. */
export function resultFrames(id: string, result: unknown): [Frame, Frame] {
  return answerFrames(JSON.stringify(id), result === undefined ? '' : `,"result":${ejson(result)}`)
}

export function errorFrames(id: string, error: MeteorError): [Frame, Frame] {
  return answerFrames(JSON.stringify(id), `,"error":${JSON.stringify(error)}`)
}

function answerFrames(id: string, said: string): [Frame, Frame] {
  return [new Frame(`{"msg":"result","id":${id}${said}}`), new Frame(`{"msg":"updated","methods":[${id}]}`)]
}

/** One for each subscription: clients look at the first id alone. */
export function readyFrame(id: string): Frame {
  return new Frame(`{"msg":"ready","subs":[${JSON.stringify(id)}]}`)
}

export function nosubFrame(id: string, error?: MeteorError): Frame {
  return new Frame(JSON.stringify(error ? { msg: 'nosub', id, error } : { msg: 'nosub', id }))
}

export function addedFrame(collection: string, id: string, fields: object): Frame {
  return new Frame(JSON.stringify({ msg: 'added', collection, id, fields }))
}

/** An event of a stream. `args`: the arguments as the text of a JSON array. */
export function streamFrame(stream: string, eventName: string, args: string): Frame {
  const fields = `{"eventName":${JSON.stringify(eventName)},"args":${args}}`
  return new Frame(`{"msg":"changed","collection":"stream-${stream}","id":"id","fields":${fields}}`)
}
