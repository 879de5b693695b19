// Messages as documents of this wire (rocketchat.md section 4), with what was done to them since.
import { uuidOf } from '@conclave/wire'
import { XCHAT_V1 } from '@conclave/wire/rocketchat/content'
import { encodeEventSignature } from '@conclave/wire/xchat/events'
import type { Content, Done, EventBody, Mentions, RoomEvent } from '../../../room/events.ts'
import type { Account } from '../../../room/facts.ts'
import type { RoomState } from '../../../room/state.ts'
import type { GatewayParts } from '../../gateway.ts'
import { accountOf, type Document, systemMessages } from '../encode.ts'
import { MESSAGE_URLS } from '../limits.ts'
import { ridOf, userRefOf } from '../names.ts'
import { hasQuotes, quotesOf } from './quotes.ts'

/** The message's own id: the one that its client chose, else the event's. */
export function messageIdOf(event: RoomEvent): string {
  return (event.body.type === 'message' ? event.body.messageId : null) ?? uuidOf(event.id)
}

export function messageDocument(event: RoomEvent, room: RoomState, actor: Account | null): Document {
  if (event.body.type !== 'message') throw new Error('not a message')
  const at = new Date(event.at)
  return {
    ...messageBody(event.body),
    _id: messageIdOf(event),
    rid: ridOf(room),
    ts: at,
    u: userRefOf(actor),
    _updatedAt: at,
  }
}

/** What it says, without when, where and whose it is. */
export function messageBody({ content, messageId, mentions }: Extract<EventBody, { type: 'message' }>): Document {
  return {
    ...extraOf(content),
    ...bodyOf(content, messageId),
    ...(mentions ? { mentions: mentionsOf(mentions) } : {}),
  }
}

function bodyOf(content: Content, messageId: string | null): Document {
  switch (content.suite) {
    case 'none': {
      const { parseUrls = true, channels = [] } = content.extra?.rocketchat ?? {}
      const msg = shownText(content.text)
      return { msg, urls: parseUrls === false ? [] : urlsIn(msg), mentions: [], channels }
    }
    case 'rocketchat':
      return { t: 'e2e', e2e: 'pending', msg: content.msg, ...(content.content ? { content: content.content } : {}) }
    case 'xchat': {
      const { createEvent, signature, publicKeyVersion, signatureVersion } = content
      const signed = encodeEventSignature({ signature, publicKeyVersion, signatureVersion })
      return {
        t: 'e2e',
        e2e: 'pending',
        msg: '',
        content: {
          algorithm: XCHAT_V1,
          message_id: messageId,
          encoded_message_create_event: createEvent,
          encoded_message_event_signature: signed,
        },
      }
    }
  }
}

function extraOf(content: Content): Document {
  if (content.suite === 'none') {
    const { quotes: _, ...shown } = content.extra?.rocketchat ?? {}
    return shown
  }
  return content.suite === 'rocketchat' ? (content.extra ?? {}) : {}
}

/** Dino clients may send JSON with a `text` (design 6). */
function shownText(text: string): string {
  if (!text.startsWith('{')) return text
  try {
    const value: unknown = JSON.parse(text)
    const shown = typeof value === 'object' && value !== null ? (value as { text?: unknown }).text : undefined
    return typeof shown === 'string' ? shown : text
  } catch {
    return text
  }
}

/** Addresses of the web in a text, as clients look for their previews; the server itself fetches none, so that nothing is
 * known of what is there. */
function urlsIn(text: string): { url: string; meta: object }[] {
  if (!text.includes('://')) return []
  const found = new Set<string>()
  for (const [url] of text.replace(CODE, ' ').matchAll(URL_IN_TEXT)) {
    if (found.size >= MESSAGE_URLS) break
    found.add(url.replace(/[.,;:!?]+$/, ''))
  }
  return [...found].map(url => ({ url, meta: {} }))
}
/** Nothing in it is a link. */
const CODE = /```[\s\S]*?(?:```|$)|`[^`\n]*`/g
const URL_IN_TEXT = /\bhttps?:\/\/[^\s<>"'`()[\]{}|\\^]+/g

function mentionsOf({ users, groups }: Mentions): Document[] {
  return [
    ...groups.map(name => ({ _id: name, username: name })),
    ...users.map(({ id, username, name }) => ({ _id: id, username, name, type: 'user' })),
  ]
}

/** The same with what was done to it. */
export async function currentDocument(parts: GatewayParts, event: RoomEvent, room: RoomState): Promise<Document> {
  const actor = event.actor === null ? null : ((await accountOf(parts, event.actor)) ?? null)
  const document = messageDocument(event, room, actor)
  const quoted = hasQuotes(event)
    ? { attachments: [...attachmentsIn(document), ...(await quotesOf(parts, event))] }
    : {}
  return { ...document, ...quoted, ...(event.done ? await doneDocument(parts, event.done) : {}) }
}

function attachmentsIn({ attachments }: Document): readonly unknown[] {
  return Array.isArray(attachments) ? attachments : []
}

async function doneDocument(parts: GatewayParts, done: Done): Promise<Document> {
  const { edited, pinned, reactions = [], thread, followers = [] } = done
  const by = async (user: Account['id'] | null): Promise<Document> => {
    const { _id, username } = userRefOf(user === null ? null : await accountOf(parts, user))
    return { _id, username }
  }
  return {
    _updatedAt: new Date(done.at),
    ...(edited ? { editedAt: new Date(edited.at), editedBy: await by(edited.by) } : {}),
    ...(pinned ? { pinned: true, pinnedAt: new Date(pinned.at), pinnedBy: await by(pinned.by) } : {}),
    ...(reactions.length > 0 ? { reactions: await reactionsOf(parts, reactions) } : {}),
    ...(thread && thread.count > 0 ? { tcount: thread.count, tlm: new Date(thread.last) } : {}),
    ...(followers.length > 0 ? { replies: followers } : {}),
  }
}

async function reactionsOf(parts: GatewayParts, reactions: NonNullable<Done['reactions']>): Promise<Document> {
  // No name of an emoji may be taken for a part of every object.
  const shown: Record<string, Document> = Object.create(null)
  for (const { emoji, users } of reactions) {
    const usernames: string[] = []
    for (const user of users) {
      const account = await accountOf(parts, user)
      if (account) usernames.push(account.username)
    }
    shown[emoji] = { usernames }
  }
  return shown
}

/** What an event shows in a room's history: a message, system messages, or nothing. */
export async function shownMessages(parts: GatewayParts, event: RoomEvent, room: RoomState): Promise<Document[]> {
  if (event.erased) return []
  if (event.body.type === 'message') return [await currentDocument(parts, event, room)]
  const actor = event.actor === null ? null : ((await accountOf(parts, event.actor)) ?? null)
  return systemMessages(parts, event, room, actor)
}

export interface Shown {
  readonly document: Document
  readonly sequence: number
}

/** Events as their reader is shown them: in their order, with the reader's own stars, which are read once for all. */
export async function shownFor(
  parts: GatewayParts,
  reader: Account,
  room: RoomState,
  events: readonly RoomEvent[],
): Promise<Shown[]> {
  const sequences = events.filter(({ body }) => body.type === 'message').map(({ sequence }) => sequence)
  const starred = sequences.length > 0 ? await parts.reading.starred(room.id, reader.id, sequences) : NONE
  const shown: Shown[] = []
  for (const event of events) {
    const { sequence } = event
    const star = starred.has(sequence) ? { starred: [{ _id: reader.id }] } : undefined
    for (const document of await shownMessages(parts, event, room))
      shown.push({ document: star ? { ...document, ...star } : document, sequence })
  }
  return shown
}
const NONE: ReadonlySet<number> = new Set()

/** The same without their places. */
export async function documentsFor(
  parts: GatewayParts,
  reader: Account,
  room: RoomState,
  events: readonly RoomEvent[],
): Promise<Document[]> {
  return (await shownFor(parts, reader, room, events)).map(({ document }) => document)
}
