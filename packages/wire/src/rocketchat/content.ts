/**
 * The shapes of Rocket.Chat's E2E texts (rocketchat.md section 6). The server is a mailbox: it cannot read any of these,
 * it only tells ciphertext from plaintext by its form and learns which key was used. All lengths are bounded.
 */
import { decodeBase64 } from '../base64.ts'
import {
  ROCKETCHAT_MAX_CIPHERTEXT_CHARS,
  ROCKETCHAT_MAX_KEY_ID_CHARS,
  ROCKETCHAT_WRAPPED_CHARS,
  XCHAT_MAX_DETAIL_BYTES,
  XCHAT_MAX_MESSAGE_ID_CHARS,
} from '../limits.ts'

/** AES-128-CBC, the key id in front of the ciphertext. */
export const RC_V1 = 'rc.v1.aes-sha2'
/** AES-256-GCM, the key id beside it. */
export const RC_V2 = 'rc.v2.aes-sha2'
/** Ours: a message of suite `xchat` as this wire shows it. */
export const XCHAT_V1 = 'xchat.v1'

export type RocketchatContent =
  | { readonly algorithm: typeof RC_V1; readonly ciphertext: string }
  | { readonly algorithm: typeof RC_V2; readonly kid: string; readonly iv: string; readonly ciphertext: string }

/** The JSON body of X's `POST …/messages` (x-chat.md 3.10) and the algorithm that says so. */
export type XchatContent = {
  readonly algorithm: typeof XCHAT_V1
  readonly message_id: string
  readonly encoded_message_create_event: string
  readonly encoded_message_event_signature: string
}

/** `content` has the members of its algorithm and no others, so it is what should be stored. */
export type Parsed = { readonly keyId: string; readonly content: RocketchatContent }

const KEY_ID = /^[A-Za-z0-9+/=_-]+$/
const V1_KEY_ID_CHARS = 12
const V2_KEY_ID_CHARS = 36
const RSA_BYTES = 256
const AES_BLOCK = 16
const GCM_IV_BYTES = 12
const GCM_TAG_BYTES = 16

/**
 * `E2EKey`: a key id (12 characters, or 36 since 7.13) and base64 of the room key encrypted with one member's RSA key
 * (always the last 344 characters). Undefined for any other text.
 */
export function splitGroupKey(text: unknown): { readonly keyId: string; readonly wrapped: string } | undefined {
  if (typeof text !== 'string') return undefined
  const chars = text.length - ROCKETCHAT_WRAPPED_CHARS
  if (chars !== V1_KEY_ID_CHARS && chars !== V2_KEY_ID_CHARS) return undefined
  const keyId = text.slice(0, chars)
  const wrapped = text.slice(chars)
  if (!KEY_ID.test(keyId) || decodeBase64(wrapped, RSA_BYTES)?.length !== RSA_BYTES) return undefined
  return { keyId, wrapped }
}

/** A message's or a file's `content`; undefined for another algorithm and for anything that cannot be ciphertext. */
export function parseContent(value: unknown): Parsed | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { algorithm, ciphertext, kid, iv } = value as Record<string, unknown>
  if (algorithm === RC_V1) {
    const parts = legacyCiphertext(ciphertext)
    return parts && { keyId: parts.keyId, content: { algorithm, ciphertext: parts.ciphertext } }
  }
  if (algorithm !== RC_V2 || typeof kid !== 'string' || typeof iv !== 'string') return undefined
  if (kid.length > ROCKETCHAT_MAX_KEY_ID_CHARS || !KEY_ID.test(kid)) return undefined
  if (decodeBase64(iv, GCM_IV_BYTES)?.length !== GCM_IV_BYTES) return undefined
  if (typeof ciphertext !== 'string' || bytesOf(ciphertext) < GCM_TAG_BYTES) return undefined
  return { keyId: kid, content: { algorithm, kid, iv, ciphertext } }
}

/**
 * The v1 text, which the oldest clients put into `msg`: 12 characters of key id, then base64 of an iv and at least one
 * block of AES-CBC. `ciphertext` is the whole text again.
 */
export function legacyCiphertext(text: unknown): { readonly keyId: string; readonly ciphertext: string } | undefined {
  if (typeof text !== 'string') return undefined
  const keyId = text.slice(0, V1_KEY_ID_CHARS)
  if (keyId.length !== V1_KEY_ID_CHARS || !KEY_ID.test(keyId)) return undefined
  const size = bytesOf(text.slice(V1_KEY_ID_CHARS))
  if (size < 2 * AES_BLOCK || size % AES_BLOCK !== 0) return undefined
  return { keyId, ciphertext: text }
}

/** A message of suite `xchat` sent over this wire; its parts are decoded and verified like those of X's own route. */
export function parseXchatContent(value: unknown): XchatContent | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const members = value as Record<string, unknown>
  const { algorithm, message_id, encoded_message_create_event, encoded_message_event_signature } = members
  if (algorithm !== XCHAT_V1 || !isText(message_id, XCHAT_MAX_MESSAGE_ID_CHARS)) return undefined
  if (!isText(encoded_message_create_event, XCHAT_MAX_DETAIL_BYTES)) return undefined
  if (!isText(encoded_message_event_signature, XCHAT_MAX_DETAIL_BYTES)) return undefined
  return { algorithm, message_id, encoded_message_create_event, encoded_message_event_signature }
}

function isText(value: unknown, maxChars: number): value is string {
  return typeof value === 'string' && value !== '' && value.length <= maxChars
}

/** Bytes of a base64 text, 0 if it is none or longer than allowed. */
function bytesOf(text: string): number {
  if (text.length > ROCKETCHAT_MAX_CIPHERTEXT_CHARS) return 0
  return decodeBase64(text, ROCKETCHAT_MAX_CIPHERTEXT_CHARS)?.length ?? 0
}
