/** A signature inside an entry or a message, against the keys that its signer logged (x-chat.md 5.4). */
import { type Decoded, undecodable } from '../decoded.ts'
import { encodeUtf8 } from '../utf8.ts'
import { decodeDetail, decodeMessageCreate, type MessageEventDetail } from '../xchat/events.ts'
import { parsePublicKey, parseSignature } from '../xchat/keys.ts'
import {
  groupChangePayload,
  messageCreatePayload,
  messageDeletePayload,
  metadataPayload,
  SIGNATURE_VERSION,
  type Signed,
} from '../xchat/payloads.ts'
import type { LoggedKey } from './chain.ts'
import type { ChainCrypto } from './crypto.ts'
import { type Fields, textIn } from './links.ts'

/** The logged keys of a user by version; undefined where the log is not known. */
export type KeysOf = (user: string) => ReadonlyMap<string, LoggedKey> | undefined

/** Who signed it, as the event says, and for which conversation: `min:max` or `g…`. */
export interface Signer {
  readonly user: string
  readonly conversationId: string
}

/** What was signed, once its signature is right; a key change is read only, for its signature covers the key itself and
 * is for members to verify. The error is a phrase. */
export async function readSigned(
  signed: Fields,
  signer: Signer,
  keysOf: KeysOf,
  crypto: ChainCrypto,
): Promise<Decoded<MessageEventDetail>> {
  const read = decodeDetail(textIn(signed, 'detail') ?? '')
  if (!read.ok) return undecodable(`what was signed cannot be read: ${read.error}`)
  const detail = read.value.value
  const key = keyOf(signed, signer, keysOf)
  if (!key.ok) return key
  if (detail.kind === 'keyChange') return { ok: true, value: detail }
  const ids = {
    messageId: textIn(signed, 'messageId') ?? '',
    senderId: signer.user,
    conversationId: signer.conversationId,
  }
  const text = payloadOf(detail, ids)
  if (!text.ok) return text
  return (await verifies(key.value, text.value, signed, crypto))
    ? { ok: true, value: detail }
    : undecodable(`the signature of ${signer.user} does not verify`)
}

/** The key version that a message is encrypted under, once its signature is right. `content` as the log holds it. */
export async function readMessage(
  messageId: string,
  content: Fields,
  signer: Signer,
  keysOf: KeysOf,
  crypto: ChainCrypto,
): Promise<Decoded<string>> {
  const read = decodeMessageCreate(textIn(content, 'createEvent') ?? '')
  if (!read.ok) return undecodable(`the message cannot be read: ${read.error}`)
  const key = keyOf(content, signer, keysOf)
  if (!key.ok) return key
  const event = read.value.value
  const text = messageCreatePayload({ messageId, senderId: signer.user, conversationId: signer.conversationId }, event)
  if (!text.ok) return text
  return (await verifies(key.value, text.value, content, crypto))
    ? { ok: true, value: event.conversationKeyVersion ?? '' }
    : undecodable(`the signature of ${signer.user} does not verify`)
}

function keyOf(signed: Fields, { user }: Signer, keysOf: KeysOf): Decoded<Uint8Array> {
  const version = textIn(signed, 'publicKeyVersion') ?? ''
  if (textIn(signed, 'signatureVersion') !== SIGNATURE_VERSION) return undecodable('the signature is of another kind')
  const logged = keysOf(user)?.get(version)
  const key = logged && parsePublicKey(logged.signingKey, 'spki')
  return key ? { ok: true, value: key.spki } : undecodable(`the key ${version} of ${user} is in no entry of their log`)
}

async function verifies(key: Uint8Array, text: string, signed: Fields, crypto: ChainCrypto): Promise<boolean> {
  const signature = parseSignature(textIn(signed, 'signature') ?? '')
  return signature !== undefined && crypto.verify(key, encodeUtf8(text), signature)
}

function payloadOf(detail: MessageEventDetail, ids: Signed): Decoded<string> {
  switch (detail.kind) {
    case 'messageDelete':
      return messageDeletePayload(ids, detail.event)
    case 'metadataChange':
      return metadataPayload(ids, detail.change)
    case 'groupChange':
      return groupChangePayload(ids, detail.change)
    default:
      return undecodable('what was signed is no change')
  }
}
