// A message as a client sends it (rocketchat.md 5.8, 6.3): read, checked for form, and handed to the engine. What is
// beside the text and no field of the server's is kept with the message, within bounds, and shown again.
import { hash } from 'node:crypto'
import { idOfUuid } from '@conclave/wire'
import { legacyCiphertext, parseContent, parseXchatContent } from '@conclave/wire/rocketchat/content'
import { decodeEventSignature } from '@conclave/wire/xchat/events'
import { SIGNATURE_VERSION } from '@conclave/wire/xchat/payloads'
import { z } from 'zod'
import type { Submission } from '../../../engine/engine.ts'
import { MESSAGE_EXTRA, MESSAGE_ID } from '../../../limits.ts'
import type { SendMessage, SentContent, SentMedium } from '../../../room/commands/send-message.ts'
import type { Mentions, RoomEvent, ThreadRef } from '../../../room/events.ts'
import { isRejection } from '../../../room/rejection.ts'
import type { RoomState } from '../../../room/state.ts'
import type { Document } from '../encode.ts'
import { errorOf, failure, invalidRoom, MeteorError, notAllowed } from '../errors.ts'
import type { Caller, Gate } from '../gate.ts'
import { CLOCK_SKEW } from '../limits.ts'
import type { Call } from '../method.ts'
import { roomAtHand, roomOf } from '../names.ts'
import { date, id } from '../params.ts'
import { isOneSided } from '../rooms/direct.ts'
import { submit } from '../submit.ts'
import { checkCustomFields } from './custom-fields.ts'
import { currentDocument, messageIdOf } from './encode-message.ts'
import { isInside, messageOf } from './found-message.ts'
import { channelsIn, mentionsInText, mentionsNamed } from './mentions.ts'
import { checkForm } from './message-form.ts'
import { withQuotes } from './quoting.ts'
import { besideCiphertext } from './sealed.ts'
import { filtered } from './words.ts'

const NAME = 'sendMessage'

export const messageShape = z.looseObject({
  _id: z.string().min(1).max(MESSAGE_ID).nullish(),
  rid: id,
  msg: z.string().nullish(),
  t: z.string().nullish(),
  ts: date.nullish(),
  content: z.record(z.string(), z.unknown()).nullish(),
})

export type SentMessage = z.output<typeof messageShape>

/** What a client may say beside the text; anything else of a message is the server's own. */
export const KEPT: ReadonlySet<string> = new Set([
  'alias',
  'avatar',
  'emoji',
  'attachments',
  'bot',
  'tmid',
  'tshow',
  'customFields',
  'groupable',
  'parseUrls',
  'e2eMentions',
  'text',
])

/** Uploaded files, which the message goes with (file-message.ts). */
export interface Attached {
  /** The message's id, which follows from theirs. */
  readonly messageId: string
  readonly media: readonly SentMedium[]
  /** Fields of the message that show them. */
  readonly shown: Document
  readonly beside: NonNullable<Submission['beside']>
}

/** A message in its room, as both are after it was sent. */
export interface Sent {
  readonly event: RoomEvent
  readonly room: RoomState
}

/** The message's document, or why it was not sent. */
export async function send(call: Call, given: SentMessage, attached?: Attached): Promise<Document | MeteorError> {
  const sent = await sendEvent(call, given, attached)
  return sent instanceof MeteorError ? sent : currentDocument(call.gate.parts, sent.event, sent.room)
}

/** The message, or why it was not sent. What is in memory is not waited for. */
export async function sendEvent(call: Call, given: SentMessage, attached?: Attached): Promise<Sent | MeteorError> {
  const message = given.t === 'e2e' ? onlySealed(given) : withText(given)
  if (message instanceof MeteorError) return message
  const { gate, caller } = call
  const { parts } = gate
  const { account } = caller
  if (message.t && message.t !== 'e2e')
    return new MeteorError('error-not-allowed', "Cannot send system messages using 'sendMessage'", { method: NAME })
  const found = roomAtHand(parts, message.rid) ?? (await roomOf(parts, account, message.rid))
  if (!found) return invalidRoom(NAME)
  const { room } = found
  if (message.ts && Math.abs(message.ts.getTime() - parts.clock.now()) > CLOCK_SKEW)
    return new MeteorError('error-message-ts-out-of-sync', 'Message timestamp is out of sync', { method: NAME })
  const unfit = checkForm(message) ?? checkSaid(gate, caller, room, message)
  if (unfit) return unfit
  const unheard = room.kind === 'direct' ? await checkHeard(gate, caller, room) : null
  if (unheard) return unheard
  const thread = message.tmid ? await threadOf(gate, caller, room, message) : undefined
  if (thread instanceof MeteorError) return thread
  const shown = message.t === 'e2e' || !message.msg ? message : { ...message, msg: filtered(gate, message.msg) }
  const read = readMessage(room, thread ? { ...shown, tmid: thread.tmid } : shown, attached)
  if (read instanceof MeteorError) return read
  const { messageId, digest } = read
  const naming = mentionsOf(gate, caller, room, read.content)
  const mentions = naming && (await naming)
  const content = mayLink(read.content)
    ? await withQuotes(gate, caller, await withChannels(gate, caller, read.content))
    : read.content
  const inside = room.members.has(account.id) ? false : await isInside(gate, caller, found)
  const command: SendMessage = {
    command: 'send-message',
    actor: account.id,
    content,
    messageId,
    digest,
    inside,
    attributes: null,
    origin: null,
  }
  const whole = thread || mentions || attached ? { ...command, ...refersTo(thread, mentions, attached) } : command
  const submitted = submit(call, room.id, whole, undefined, attached?.beside)
  call.placed?.()
  const done = await submitted
  if (isRejection(done)) return errorOf(done, NAME)
  const event = done.events[0]
  if (!event || event.erased) return new MeteorError('error-message-id-taken', 'A message with this id exists')
  return { event, room: done.room }
}

function refersTo(thread: Thread | undefined, mentions: Mentions | undefined, attached: Attached | undefined) {
  return {
    ...(thread ? { thread: thread.ref } : {}),
    ...(mentions ? { mentions } : {}),
    ...(attached ? { media: attached.media } : {}),
  }
}

/** Whether there is anything to look up: names of rooms, and links to messages. */
function mayLink(content: SentContent): boolean {
  return content.suite === 'none' && (content.text.includes('#') || content.text.includes('msg='))
}

/** Some clients name the text as `chat.postMessage` does. */
function withText(message: SentMessage): SentMessage {
  return message.msg === undefined && typeof message.text === 'string' ? { ...message, msg: message.text } : message
}

/** What the settings and the caller's permissions say of a message, whatever its room says. */
export function checkSaid(
  gate: Gate,
  { account }: Caller,
  room: RoomState,
  message: Pick<SentMessage, 'msg' | 't'> & Readonly<Record<string, unknown>>,
): MeteorError | null {
  const { settings, permissions } = gate
  const { msg, t, tmid, tshow, alias, avatar, customFields } = message
  if (tshow && !tmid) return new MeteorError('invalid-params', 'tshow provided but missing tmid', { method: NAME })
  if (tmid && !settings.get('Threads_enabled')) return notAllowed(NAME, 'not-allowed')
  // A ciphertext has a bound of its own.
  if (t !== 'e2e' && msg && msg.length > settings.get('Message_MaxAllowedSize'))
    return new MeteorError('error-message-size-exceeded', 'Message size exceeds Message_MaxAllowedSize', {
      method: NAME,
    })
  if ((alias || avatar) && !permissions.may(account, 'message-impersonate', room))
    return failure('Not enough permission')
  return checkCustomFields(gate, customFields)
}

/** Where the other user of a direct room has been switched off, only those write who may write into every room. */
async function checkHeard({ parts, permissions }: Gate, { account }: Caller, room: RoomState) {
  if (!(await isOneSided(parts, room)) || permissions.may(account, 'post-readonly', room)) return null
  return errorOf({ rejected: 'room.readonly' }, NAME)
}

interface Thread {
  /** As every client knows it. */
  readonly tmid: string
  readonly ref: ThreadRef
}

/** The message that this one replies to; a reply to a reply belongs to the same thread. */
async function threadOf(
  gate: Gate,
  caller: Caller,
  room: RoomState,
  { tmid }: SentMessage,
): Promise<Thread | undefined | MeteorError> {
  if (typeof tmid !== 'string' || tmid === '') return undefined
  const named = await messageOf(gate, caller, tmid)
  const unfit = !named || named.room.id !== room.id || named.target.whispered || room.suite === 'xchat'
  if (unfit) return new MeteorError('error-invalid-message', 'Invalid message', { method: NAME })
  const { thread } = named.body
  const begun = thread && (await gate.parts.reading.event(caller.account, room.id, thread.id))
  const { event } = named
  // Whoever cannot see where a thread began, or where that is gone, begins one with the reply that they see.
  return begun && !begun.erased
    ? { tmid: messageIdOf(begun), ref: { id: begun.id, sequence: begun.sequence } }
    : { tmid: messageIdOf(event), ref: { id: event.id, sequence: event.sequence } }
}

export function mentionsOf(
  gate: Gate,
  caller: Caller,
  room: RoomState,
  content: SentContent,
): Promise<Mentions | undefined> | undefined {
  if (content.suite === 'none') return mentionsInText(gate, caller, room, content.text)
  if (content.suite === 'xchat') return undefined
  const named = content.extra?.e2eMentions as { readonly e2eUserMentions?: unknown } | null | undefined
  return mentionsNamed(gate, caller, room, named?.e2eUserMentions)
}

export async function withChannels<T extends SentContent>(gate: Gate, caller: Caller, content: T): Promise<T> {
  if (content.suite !== 'none') return content
  const channels = await channelsIn(gate, caller, content.text)
  if (channels.length === 0) return content
  return { ...content, extra: { ...content.extra, rocketchat: { ...content.extra?.rocketchat, channels } } }
}

interface Read {
  readonly content: SentContent
  readonly messageId: string | null
  readonly digest: string
}

function readMessage(room: RoomState, message: SentMessage, attached: Attached | undefined): Read | MeteorError {
  const read = readSent(room, message, attached?.shown)
  if (!attached || read instanceof MeteorError) return read
  // Whatever is said with it: the first message is the file's.
  return { ...read, messageId: attached.messageId, digest: hash('sha256', attached.messageId, 'hex') }
}

function readSent(room: RoomState, message: SentMessage, shown: Document | undefined): Read | MeteorError {
  const messageId = message._id ?? null
  // Ids of this form are the server's: one that a client chose could be taken for another message.
  if (messageId !== null && idOfUuid(messageId) !== undefined)
    return errorOf({ rejected: 'message.taken', key: messageId }, NAME)
  const extra = extraOf(message, shown)
  if (extra instanceof MeteorError) return extra
  if (message.t !== 'e2e') return readPlain(message.msg ?? '', extra, messageId)
  return room.suite === 'xchat' ? readXchat(message.content) : readSealed(message, extra, messageId)
}

function readPlain(text: string, extra: Document | null, messageId: string | null): Read | MeteorError {
  if (text === '' && !extra?.attachments) return errorOf({ rejected: 'message.empty' }, NAME)
  const content: SentContent = extra ? { suite: 'none', text, extra: { rocketchat: extra } } : { suite: 'none', text }
  return { content, messageId, digest: digestOf(messageId, content) }
}

function readSealed(message: SentMessage, extra: Document | null, messageId: string | null): Read | MeteorError {
  const parsed = message.content ? parseContent(message.content) : undefined
  // Clients of some versions send the ciphertext in both places; anything else there would be words.
  if (parsed && message.msg && !legacyCiphertext(message.msg)) return errorOf({ rejected: 'message.plaintext' }, NAME)
  const bare = !message.content && message.msg ? { content: null, msg: message.msg } : undefined
  const sealed = parsed ? { content: parsed.content, msg: '' } : bare
  if (!sealed) return errorOf({ rejected: 'message.plaintext' }, NAME)
  const content: SentContent = { suite: 'rocketchat', ...sealed, ...(extra ? { extra } : {}) }
  return { content, messageId, digest: digestOf(messageId, content) }
}

/** As on X's own route, so that a message sent again over the other wire is the same message (L7). */
function readXchat(given: unknown): Read | MeteorError {
  const parsed = parseXchatContent(given)
  if (!parsed) return errorOf({ rejected: 'message.suite', wanted: 'xchat' }, NAME)
  const { message_id: messageId, encoded_message_create_event: createEvent } = parsed
  const signed = parsed.encoded_message_event_signature
  const signature = decodeEventSignature(signed)
  if (!signature.ok) return errorOf({ rejected: 'message.malformed', text: 'the signature cannot be read' }, NAME)
  const { signature: raw, publicKeyVersion, signatureVersion = SIGNATURE_VERSION } = signature.value
  return {
    content: { suite: 'xchat', createEvent, signature: raw, publicKeyVersion, signatureVersion },
    messageId,
    digest: hash('sha256', JSON.stringify([createEvent, signed, null]), 'hex'),
  }
}

/** Without what a client sends along that is empty; refused where words stand outside of the ciphertext. */
function onlySealed(message: SentMessage): SentMessage | MeteorError {
  const beside = besideCiphertext(message)
  if ('refused' in beside) return notAllowed(NAME, `An encrypted message has no ${beside.refused} outside of it`)
  const { _id, rid, t, ts, msg, content } = message
  return { _id, rid, t, ts, msg, content, ...beside.kept }
}

function extraOf(message: SentMessage, shown: Document | undefined): Document | null | MeteorError {
  const extra: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(message)) if (KEPT.has(key) && value !== undefined) extra[key] = value
  Object.assign(extra, shown)
  if (Object.keys(extra).length === 0) return null
  if (JSON.stringify(extra).length > MESSAGE_EXTRA)
    return errorOf({ rejected: 'message.size', limit: MESSAGE_EXTRA }, NAME)
  return extra
}

function digestOf(messageId: string | null, content: SentContent): string {
  return messageId === null ? '' : hash('sha256', JSON.stringify(content), 'hex')
}
