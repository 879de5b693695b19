// Encrypted messages on this wire (design 6): `object.content` is base64 of the JSON that the room's own wire takes:
// X's body of `POST …/messages`, or Rocket.Chat's `content` object. The server looks at the shape and nothing more.
import { hash } from 'node:crypto'
import { encodeUtf8Base64, parseJson } from '@conclave/wire'
import { parseContent } from '@conclave/wire/rocketchat/content'
import { decodeEventSignature, encodeEventSignature } from '@conclave/wire/xchat/events'
import { SIGNATURE_VERSION } from '@conclave/wire/xchat/payloads'
import { MESSAGE_CONTENT, MESSAGE_ID } from '../../limits.ts'
import type { SentContent } from '../../room/commands/send-message.ts'
import type { Content } from '../../room/events.ts'
import type { Rejection } from '../../room/rejection.ts'
import { linkOf } from '../file-link.ts'
import type { GatewayParts } from '../gateway.ts'

/** What is sent to an encrypted room, and the id that its client chose where the suite has one. */
export interface Sealed {
  readonly content: SentContent
  readonly messageId: string | null
  readonly digest: string
}

/** An envelope is flat; its texts are base64 of at most MESSAGE_CONTENT bytes. */
const JSON_LIMITS = { maxBytes: 2 * MESSAGE_CONTENT, maxDepth: 4, maxKeys: 32 }

/** `text`: the decoded content. A text that is no envelope at all is plaintext, which is refused as such. */
export function unsealed(suite: 'xchat' | 'rocketchat', text: string): Sealed | Rejection {
  const json = parseJson(text, JSON_LIMITS)
  const value = json.ok ? json.value : undefined
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { rejected: 'message.plaintext' }
  return suite === 'xchat' ? xchat(value as Record<string, unknown>) : rocketchat(value)
}

function xchat(body: Record<string, unknown>): Sealed | Rejection {
  const { message_id: id, encoded_message_create_event: event, encoded_message_event_signature: signed } = body
  const { conversation_token: token } = body
  if (typeof event !== 'string') return { rejected: 'message.plaintext' }
  if (typeof id !== 'string' || id === '' || id.length > MESSAGE_ID) return malformed('message_id')
  if (typeof signed !== 'string') return malformed('encoded_message_event_signature')
  if (token !== undefined && token !== null && (typeof token !== 'string' || token.length > MESSAGE_ID * 8))
    return malformed('conversation_token')
  const signature = decodeEventSignature(signed)
  if (!signature.ok) return malformed(`encoded_message_event_signature: ${signature.error}`)
  const { signature: raw, publicKeyVersion, signatureVersion = SIGNATURE_VERSION } = signature.value
  const content: SentContent = {
    suite: 'xchat',
    createEvent: event,
    signature: raw,
    publicKeyVersion,
    signatureVersion,
    ...(typeof token === 'string' ? { conversationToken: token } : {}),
  }
  // As on X's own route, so that a message sent again over the other wire is the same message (L7).
  return { content, messageId: id, digest: hash('sha256', JSON.stringify([event, signed, token ?? null]), 'hex') }
}

function rocketchat(value: object): Sealed | Rejection {
  const parsed = parseContent(value)
  if (!parsed) return { rejected: 'message.plaintext' }
  return { content: { suite: 'rocketchat', content: parsed.content, msg: '' }, messageId: null, digest: '' }
}

function malformed(text: string): Rejection {
  return { rejected: 'message.malformed', text }
}

/** Where clients reach the server. */
type Site = Pick<GatewayParts, 'publicUrl'>

/** `object.content` of a message as clients get it: always base64 of UTF-8. */
export function contentOf(content: Content, messageId: string | null, site: Site): string {
  switch (content.suite) {
    case 'none':
      return encodeUtf8Base64(content.text === '' ? fileText(content, site) : content.text)
    case 'xchat': {
      const { createEvent, signature, publicKeyVersion, signatureVersion, conversationToken } = content
      return encodeUtf8Base64(
        JSON.stringify({
          message_id: messageId,
          encoded_message_create_event: createEvent,
          encoded_message_event_signature: encodeEventSignature({ signature, publicKeyVersion, signatureVersion }),
          conversation_token: conversationToken,
        }),
      )
    }
    case 'rocketchat':
      return encodeUtf8Base64(content.content === null ? content.msg : JSON.stringify(content.content))
  }
}

/** A message without text shows its file's name and link (design 6). The server made both. */
function fileText({ extra }: Extract<Content, { suite: 'none' }>, { publicUrl }: Site): string {
  const { _id: key, name } = (extra?.rocketchat?.file ?? {}) as { readonly _id?: unknown; readonly name?: unknown }
  return typeof key === 'string' && typeof name === 'string' ? `${name}\n${publicUrl()}${linkOf(key, name)}` : ''
}
