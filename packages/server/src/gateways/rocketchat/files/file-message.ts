// The message that a file goes with. Its id follows from the file's, so a file that is confirmed twice, or by two requests at
// once, is one message (L7); the file is bound to it in the transaction that appends it.
import { createHash } from 'node:crypto'
import { parseContent } from '@conclave/wire/rocketchat/content'
import { z } from 'zod'
import type { MessageFile } from '../../../engine/message-files.ts'
import type { RoomState } from '../../../room/state.ts'
import type { Document } from '../encode.ts'
import { MeteorError } from '../errors.ts'
import { messageShape, send } from '../messages/message.ts'
import type { Call } from '../method.ts'
import { ridOf } from '../names.ts'
import { attachedDocuments, filesDocuments } from './file-documents.ts'
import { invalidFile } from './file-errors.ts'
import { fileNameOf, sealedNameOf } from './file-names.ts'

const text = z.string()
const customFields = z.union([
  z.record(z.string(), z.unknown()),
  text.transform((value, context) => {
    try {
      const read: unknown = JSON.parse(value)
      if (typeof read === 'object' && read !== null && !Array.isArray(read)) return read as Record<string, unknown>
    } catch {
      // Said below.
    }
    context.addIssue('must be an object')
    return z.NEVER
  }),
])

/** What a client says with a file (rocketchat.md 5.9). */
export const saidShape = z.looseObject({
  msg: text.nullish(),
  description: text.nullish(),
  tmid: text.nullish(),
  tshow: z.boolean().nullish(),
  t: text.nullish(),
  content: z.record(z.string(), z.unknown()).nullish(),
  e2eMentions: z.unknown().optional(),
  alias: text.nullish(),
  avatar: text.nullish(),
  emoji: text.nullish(),
  groupable: z.union([z.boolean(), z.stringbool()]).nullish(),
  customFields: customFields.nullish(),
  /** Another name and another ciphertext about it than were uploaded. */
  fileName: text.nullish(),
  fileContent: z.record(z.string(), z.unknown()).nullish(),
})
export type Said = z.output<typeof saidShape>

/** The message's document, or why there is none. */
export async function sendFile(
  call: Call,
  room: RoomState,
  medium: MessageFile,
  said: Said,
): Promise<Document | MeteorError> {
  const { description, fileName, fileContent, ...rest } = said
  if ((description?.length ?? 0) > call.gate.settings.get('Message_MaxAllowedSize'))
    return new MeteorError('error-message-size-exceeded', 'The description is too long', { method: METHOD })
  const sealed = said.t === 'e2e'
  const named = fileName ? fileNameOf(fileName) : medium.file.name
  const file = {
    ...medium.file,
    name: room.suite === 'none' ? named : sealedNameOf(named),
    content: fileContent ? (parseContent(fileContent)?.content ?? null) : medium.file.content,
  }
  const shown = { ...medium, file }
  const message = messageShape.safeParse({ ...clean(rest), rid: ridOf(room), msg: rest.msg ?? '' })
  if (!message.success) return new MeteorError('error-invalid-params', 'The message is malformed')
  const messageId = messageIdOfFile(medium.key)
  const { files } = call.gate.parts.media
  const sent = await send(call, message.data, {
    messageId,
    media: [{ key: medium.key, sealed: file.sealed }],
    shown: sealed ? filesDocuments(shown) : attachedDocuments(shown, description ?? undefined),
    beside: files.binding(call.caller.account, room.id, new Map([[medium.key, file]]), messageId),
  })
  // Its message is deleted, and the file with it.
  return sent instanceof MeteorError && sent.error === 'error-message-id-taken' ? invalidFile : sent
}

const METHOD = 'sendFileMessage'

/** 17 characters, as the real server's ids. */
export function messageIdOfFile(key: string): string {
  return createHash('sha256').update(`message of file ${key}`).digest('base64url').replace(/[-_]/g, '0').slice(0, 17)
}

function clean(said: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const kept = ['tmid', 'tshow', 't', 'content', 'e2eMentions', 'alias', 'avatar', 'emoji', 'groupable', 'customFields']
  return Object.fromEntries(kept.flatMap(key => (said[key] == null || said[key] === '' ? [] : [[key, said[key]]])))
}
