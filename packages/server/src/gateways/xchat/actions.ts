// Action signatures and participant keys: the shapes that every route with a rotation shares (x-chat.md 3.9).
import { hash } from 'node:crypto'
import { z } from 'zod'
import type { Done } from '../../engine/engine.ts'
import type { Wrap } from '../../room/events.ts'
import type { ActionSignature } from '../../room/signatures.ts'
import type { SignedRotation } from '../../room/signed-rotation.ts'
import { ACTIONS, KEY_INFOS, SHORT_TEXT } from './limits.ts'
import { base64, encryptedText, list, messageId, object, shortBase64, text, userId, version } from './schema.ts'

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

export const actionSignatures = list(actionSignature, ACTIONS).refine(
  entries => namedIn(entries) <= KEY_INFOS,
  `must speak of the keys of at most ${KEY_INFOS} members`,
)

function namedIn(entries: readonly z.output<typeof actionSignature>[]): number {
  const infos = entries.flatMap(entry => entry.message_event_signature.message_signing_key_info_list ?? [])
  return new Set(infos.map(info => info.member_id)).size
}

export const participantKeys = list(
  object({ user_id: userId, encrypted_conversation_key: text(SHORT_TEXT), public_key_version: version }),
)

/** A change of a group's members with its next key. What is missing of the rotation is found by the room, after the
 * users (x-chat.md section 6). */
export const memberChange = object({
  user_ids: list(userId).min(1, 'must not be empty'),
  conversation_key_version: version.optional(),
  conversation_participant_keys: participantKeys.optional(),
  action_signatures: actionSignatures.optional(),
  /** Title and avatar under the new key; absent, the old ones stay. */
  encrypted_title: encryptedText.optional(),
  encrypted_avatar_url: encryptedText.optional(),
})

const changed = z.object({
  conversation_key_change_sequence_id: z.string(),
  current_member_ids: z.array(z.string()),
})
/** X's documents had the two members at the top, and later speak of `data`: both are served. */
export const memberChanged = changed.extend({ data: changed.extend({ conversation_id: z.string() }) })

export function rotationOf(sent: z.output<typeof memberChange>): SignedRotation {
  const { conversation_participant_keys: keys, action_signatures: signatures } = sent
  return {
    version: sent.conversation_key_version ?? null,
    wraps: keys ? wrapsOf(keys) : null,
    signatures: signatures ? signaturesOf(signatures) : null,
    title: sent.encrypted_title ?? null,
    avatar: sent.encrypted_avatar_url ?? null,
  }
}

export function memberChangeAnswer(conversation: string, { events, room }: Done): z.output<typeof memberChanged> {
  const answer = {
    conversation_key_change_sequence_id: events.find(({ body }) => body.type === 'epoch.opened')?.id ?? '',
    current_member_ids: [...room.members.keys()],
  }
  return { data: { conversation_id: conversation, ...answer }, ...answer }
}

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
