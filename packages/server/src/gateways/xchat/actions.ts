// Action signatures and participant keys: the shapes that every route with a rotation shares (x-chat.md 3.9).
import { hash } from 'node:crypto'
import { z } from 'zod'
import type { Wrap } from '../../room/events.ts'
import type { ActionSignature } from '../../room/signatures.ts'
import { ACTIONS, KEY_INFOS, SHORT_TEXT } from './limits.ts'
import { base64, list, messageId, object, shortBase64, text, userId, version } from './schema.ts'

const keyInfo = object({ member_id: userId, public_key_version: version, signing_public_key: shortBase64 })

const actionSignature = object({
  message_id: messageId,
  encoded_message_event_detail: base64().min(1, 'must not be empty'),
  message_event_signature: object({
    signature: shortBase64,
    public_key_version: version,
    signature_version: text(SHORT_TEXT).regex(/^[0-9]+$/, 'must be a number'),
    signing_public_key: shortBase64.optional(),
    message_signing_key_info_list: list(keyInfo, KEY_INFOS).optional(),
  }),
  /** For X's own failure logs. Never trusted, never read. */
  signature_payload: z.string('must be a string').optional(),
})

export const actionSignatures = list(actionSignature, ACTIONS)

export const participantKeys = list(
  object({ user_id: userId, encrypted_conversation_key: text(SHORT_TEXT), public_key_version: version }),
)

export function wrapsOf(keys: z.output<typeof participantKeys>): Wrap[] {
  return keys.map(key => ({
    user: key.user_id,
    key: key.encrypted_conversation_key,
    publicKeyVersion: key.public_key_version,
  }))
}

export function signaturesOf(entries: z.output<typeof actionSignatures>): ActionSignature[] {
  return entries.map(entry => {
    const { message_id, encoded_message_event_detail, message_event_signature: signed } = entry
    return {
      messageId: message_id,
      detail: encoded_message_event_detail,
      signature: signed.signature,
      publicKeyVersion: signed.public_key_version,
      signatureVersion: signed.signature_version,
      digest: digestOf([encoded_message_event_detail, signed]),
      signingKey: signed.signing_public_key ?? null,
      keyInfos: (signed.message_signing_key_info_list ?? []).map(info => ({
        member: info.member_id,
        version: info.public_key_version,
        signingKey: info.signing_public_key,
      })),
    }
  })
}

/** Hex SHA-256 over what was sent under a message id. The same fields give the same digest, in whatever order sent. */
export function digestOf(sent: unknown): string {
  return hash('sha256', JSON.stringify(sent), 'hex')
}
