// What is kept of media beside the logs: documents, each read and written whole. The bytes are blobs, a blob for each
// segment, under names that stand in a document before the blob is written and until it is deleted.
import type { RoomId, UserId } from '@conclave/wire'
import type { BlobName } from '../blobs/blobs.ts'
import { MEDIA_LEAST } from '../limits.ts'
import { MEDIUM } from '../store/projection.ts'
import type { Document, DocumentRow, Guard } from '../store/store.ts'

/** An upload that is not finished: by its session, of its uploader, due when it expires. */
export const UPLOAD = 'media.upload'
/** By its key, of its room, due when its own time ends, or at once with the message that it went with. */
export { MEDIUM }
/** Blobs to delete, due from when on nobody writes them any more. */
export const TRASH = 'media.trash'
/** What a user takes up: by user. */
export const USAGE = 'media.usage'
/** A room that was removed, whose media go. */
export const REMOVED_ROOM = 'media.room'

export interface Segment {
  readonly index: number
  readonly bytes: number
  /** Base64 of SHA-256: the same bytes again are no other segment. */
  readonly digest: string
  /** False until its blob is durable. */
  readonly stored: boolean
}

export interface Upload {
  readonly session: string
  readonly by: UserId
  readonly room: RoomId
  readonly key: string
  /** Of all segments together, as announced. */
  readonly bytes: number
  /** ms since 1970. */
  readonly expiresAt: number
  readonly segments: readonly Segment[]
}

/** What is kept of a file that goes with a message, beside its bytes. */
export interface FileInfo {
  readonly name: string
  /** Media type, as its sender's client or its name says: no promise of what the bytes are. */
  readonly type: string
  /** Its sender said that its bytes are ciphertext. */
  readonly sealed: boolean
  /** What is said of it in ciphertext; null where nothing is. */
  readonly content: Readonly<Record<string, unknown>> | null
  /** Pixels; null where it is no picture that says so. */
  readonly size: { readonly width: number; readonly height: number } | null
  /** ms since 1970. */
  readonly uploadedAt: number
}

export interface Medium {
  readonly key: string
  readonly room: RoomId
  readonly by: UserId
  /** Of the upload that it came from. */
  readonly session: string
  /** The room's newest event when the upload was finished: who may read begins after it. */
  readonly sequence: number
  /** In the order of the bytes. */
  readonly segments: readonly { readonly index: number; readonly bytes: number }[]
  /** ms since 1970; null never. */
  readonly endsAt: number | null
  /** null for what members find by its key alone, as on X's wire. */
  readonly file: FileInfo | null
  /** Id, as its client knows it, of the message that the file goes with; null while there is none. */
  readonly messageId: string | null
}

export interface Usage {
  /** What finished media count for. */
  readonly kept: number
  /** Unfinished uploads, and the bytes that they announce. */
  readonly uploads: number
  readonly announced: number
}

export const NO_USAGE: Usage = { kept: 0, uploads: 0, announced: 0 }

export interface Trash {
  readonly key: string
  readonly blobs: readonly BlobName[]
}

/** Keys are letters and digits of the server's own making. */
export function blobOf(key: string, index: number): BlobName {
  return `${key}-${index}`
}

export function bytesOf(segments: readonly { readonly bytes: number }[]): number {
  return segments.reduce((sum, { bytes }) => sum + bytes, 0)
}

/** What a medium counts for in what its user keeps, in bytes. */
export function weightOf(segments: readonly { readonly bytes: number }[]): number {
  return Math.max(
    MEDIA_LEAST,
    segments.reduce((sum, { bytes }) => sum + Math.max(bytes, MEDIA_LEAST), 0),
  )
}

export function uploadOf(document: Document): Upload {
  const { room, key, bytes, expiresAt, segments } = JSON.parse(document.body) as Upload
  return { session: document.key, by: document.owner as UserId, room, key, bytes, expiresAt, segments }
}

export function putUpload({ session, by, ...body }: Upload): DocumentRow {
  return put(UPLOAD, session, by, body, body.expiresAt)
}

/** Files are newer than media. */
type MediumBody = Omit<Medium, 'file' | 'messageId'> & Partial<Pick<Medium, 'file' | 'messageId'>>

export function mediumOf(document: Document): Medium {
  const { by, session, sequence, segments, file = null, messageId = null } = JSON.parse(document.body) as MediumBody
  const { key, owner, dueAt: endsAt } = document
  return { key, room: owner as RoomId, by, session, sequence, segments, endsAt, file, messageId }
}

export function putMedium({ key, room, endsAt, ...body }: Medium): DocumentRow {
  return put(MEDIUM, key, room, body, endsAt)
}

export function usageOf(document: Document | undefined): Usage {
  return document ? (JSON.parse(document.body) as Usage) : NO_USAGE
}

export function putUsage(user: UserId, usage: Usage): DocumentRow {
  return put(USAGE, user, user, usage, null)
}

export function trashOf(document: Document): Trash {
  const { blobs } = JSON.parse(document.body) as Trash
  return { key: document.key, blobs }
}

/** `dueAt` in ms since 1970. */
export function putTrash({ key, blobs }: Trash, dueAt: number): DocumentRow {
  return put(TRASH, key, '', { blobs }, dueAt)
}

/** `removedAt` and `dueAt` in ms since 1970. */
export function putRemovedRoom(room: RoomId, removedAt: number, dueAt: number): DocumentRow {
  return put(REMOVED_ROOM, room, '', { removedAt }, dueAt)
}

export function removedAtOf(document: Document): number {
  return (JSON.parse(document.body) as { removedAt: number }).removedAt
}

export function dropOf({ kind, key }: Pick<Document, 'kind' | 'key'>): DocumentRow {
  return { drop: 'document', kind, key }
}

/** That the document is still as it was read; that there is none, where there was none. */
export function guardOf(kind: string, key: string, document: Document | undefined): Guard {
  return { of: 'document', id: `${kind}/${key}`, version: document?.version ?? 0 }
}

function put(kind: string, key: string, owner: string, body: object, dueAt: number | null): DocumentRow {
  return { put: 'document', document: { kind, key, owner, body: JSON.stringify(body), dueAt } }
}
