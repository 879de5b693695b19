// A message's document as EJSON text, made once for all who are told of it and for the answer to whoever sent it. It says what
// `messageDocument` says; what the same rooms and users are called in every message is not made anew for each.
import type { RoomEvent } from '../../../room/events.ts'
import type { Account } from '../../../room/facts.ts'
import type { RoomState } from '../../../room/state.ts'
import type { Document } from '../encode.ts'
import { ejson } from '../frames.ts'
import { ridOf, userRefOf } from '../names.ts'
import { messageBody, messageIdOf } from './encode-message.ts'

const texts = new WeakMap<RoomEvent, string>()
const users = new WeakMap<Account, string>()
const SERVER_TEXT = JSON.stringify(userRefOf(null))

/** The same as JSON, whose dates are ISO 8601: for REST, which answers it once. */
export function messageJson(event: RoomEvent, room: RoomState, actor: Account | null): string {
  const at = `"${new Date(event.at).toISOString()}"`
  return textOf(saidPlainly(event) ?? JSON.stringify(bodyOf(event)).slice(1, -1), event, room, actor, at)
}

/** As it was when it was sent. `actor`: its sender, whose name is the one that it is first asked for with. */
export function messageText(event: RoomEvent, room: RoomState, actor: Account | null): string {
  const known = texts.get(event)
  if (known !== undefined) return known
  const said = saidPlainly(event) ?? ejson(bodyOf(event)).slice(1, -1)
  const text = textOf(said, event, room, actor, `{"$date":${event.at}}`)
  texts.set(event, text)
  return text
}

/** `said`: members of the document, without braces; `at`: when, as a value. */
function textOf(said: string, event: RoomEvent, room: RoomState, actor: Account | null, at: string): string {
  return `{${said},"_id":${idText(event)},"rid":"${ridOf(room)}","ts":${at},"u":${userText(actor)},"_updatedAt":${at}}`
}

function bodyOf({ body }: RoomEvent): Document {
  if (body.type !== 'message') throw new Error('not a message')
  return messageBody(body)
}

/** Most messages are a text alone. */
function saidPlainly({ body }: RoomEvent): string | undefined {
  if (body.type !== 'message') return undefined
  const { content, mentions } = body
  if (content.suite !== 'none' || content.extra || mentions || !isPlain(content.text)) return undefined
  return `"msg":${JSON.stringify(content.text)},"urls":[],"mentions":[],"channels":[]`
}

/** Holds no address, and no text of its own inside. */
function isPlain(text: string): boolean {
  return !text.startsWith('{') && !text.includes('://')
}

function idText(event: RoomEvent): string {
  const id = messageIdOf(event)
  // One of the server's own needs no escape.
  return event.body.type === 'message' && event.body.messageId !== null ? JSON.stringify(id) : `"${id}"`
}

function userText(actor: Account | null): string {
  if (actor === null) return SERVER_TEXT
  const known = users.get(actor)
  if (known !== undefined) return known
  const text = JSON.stringify(userRefOf(actor))
  users.set(actor, text)
  return text
}
