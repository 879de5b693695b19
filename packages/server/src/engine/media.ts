// Files of rooms, on every wire: begun, sent in segments, finished, read. The server sees bytes and no content. A medium is
// bound to the place in the room's log at which it was finished: whoever may read what comes right after it may read the
// medium, asked at each reading (L10). What a user takes up is counted in one record, in the transactions that change it.
import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import type { RoomId, UserId } from '@conclave/wire'
import type { Logger } from 'pino'
import type { Blobs, Part } from '../blobs/blobs.ts'
import { BlobsFailure } from '../blobs/blobs.ts'
import type { Clock, Random } from '../clock.ts'
import type { Config } from '../config.ts'
import { MEDIA_SEGMENT, MEDIA_SEGMENTS } from '../limits.ts'
import type { Nodes } from '../nodes/nodes.ts'
import type { Account } from '../room/facts.ts'
import type { Rejection } from '../room/rejection.ts'
import { checkMute, checkStanding } from '../room/rights.ts'
import type { Document, Store, Write } from '../store/store.ts'
import type { Beside, Decided, Engine } from './engine.ts'
import { MediaChanges, type Planned } from './media-changes.ts'
import { MediaReads } from './media-reads.ts'
import type { FileInfo, Medium, Segment, Upload } from './media-records.ts'
import {
  blobOf,
  bytesOf,
  dropOf,
  guardOf,
  MEDIUM,
  mediumOf,
  putMedium,
  putRemovedRoom,
  putUpload,
  putUsage,
  REMOVED_ROOM,
  UPLOAD,
  USAGE,
  uploadOf,
  usageOf,
  weightOf,
} from './media-records.ts'
import { expiry, MediaSweep, removalsOf } from './media-sweep.ts'
import { MessageFiles } from './message-files.ts'
import type { Reading } from './reading.ts'

export interface MediaParts {
  readonly store: Store
  readonly write: Write
  readonly blobs: Blobs
  readonly reading: Reading
  readonly engine: Engine
  readonly clock: Clock
  readonly nodes: Nodes
  readonly random: Random
  readonly log: Logger
  readonly limits: Config['limits']['media']
}

export type MediaRejection =
  | Rejection
  /** No such upload of this user in this room, or no such medium that they may read. */
  | { readonly rejected: 'media.unknown' }
  /** One medium is at most so large. */
  | { readonly rejected: 'media.size'; readonly most: number }
  /** The user's unfinished uploads, what these announce, or what the user keeps here would be more than that. */
  | { readonly rejected: 'media.quota'; readonly of: 'uploads' | 'announced' | 'kept'; readonly most: number }
  | { readonly rejected: 'media.index'; readonly most: number }
  /** A segment without bytes, or with more than that. */
  | { readonly rejected: 'media.segment'; readonly most: number }
  /** The segment is there already with other bytes. */
  | { readonly rejected: 'media.taken'; readonly index: number }
  /** The segments are more bytes than was announced, or fewer when the upload is finished. */
  | { readonly rejected: 'media.total'; readonly announced: number; readonly held: number }
  /** So many segments are there. */
  | { readonly rejected: 'media.parts'; readonly held: number }

export function isMediaRejection(value: object): value is MediaRejection {
  return 'rejected' in value
}

/** By what a client names its upload; each of them must be right. */
export interface UploadName {
  readonly session: string
  readonly room: RoomId
  readonly key: string
}

/** A medium that a request names; `by` null: the room has none of that key. */
export interface Named {
  readonly key: string
  readonly by: UserId | null
}

export interface Found {
  readonly bytes: number
  /** All of it, or a part that is not empty and lies within. The stream must be read or destroyed. */
  read(part?: Part): Promise<Readable | Rejection>
}

const HOUR = 3_600_000
const UNKNOWN = { rejected: 'media.unknown' } as const
/** Sessions are decimal numbers of at most 19 digits on X's wire. */
const SESSION_BITS = 63

export class Media {
  readonly #parts: MediaParts
  readonly #changes: MediaChanges
  readonly #reads: MediaReads
  readonly #sweep: MediaSweep
  /** Those that go with messages. */
  readonly files: MessageFiles

  constructor(parts: MediaParts) {
    this.#parts = parts
    this.#changes = new MediaChanges(parts.write)
    this.#reads = new MediaReads(parts)
    this.files = new MessageFiles({ ...parts, reads: this.#reads })
    this.#sweep = new MediaSweep({ ...parts, changes: this.#changes })
    parts.engine.onDecided(rowsOfRemovedRoom)
  }

  /** Looks for what has run out, now and from time to time. */
  start(): void {
    this.#sweep.start()
  }

  async stop(): Promise<void> {
    await this.#sweep.stop()
  }

  /** Deletes what has run out now; the timer calls it. */
  sweep(): Promise<void> {
    return this.#sweep.run()
  }

  /** Announces a medium of so many bytes in all. */
  async begin(by: Account, room: RoomId, bytes: number): Promise<Upload | MediaRejection> {
    const { store, clock, limits } = this.#parts
    if (bytes > limits.bytes) return { rejected: 'media.size', most: limits.bytes }
    return this.#changes.run(by.id, async (): Promise<Planned<Upload> | MediaRejection> => {
      const barred = await this.#mayUpload(by, room)
      if (barred) return barred
      const document = await store.document(USAGE, by.id)
      const { kept, uploads, announced } = usageOf(document)
      if (uploads >= limits.uploads) return { rejected: 'media.quota', of: 'uploads', most: limits.uploads }
      if (announced + bytes > limits.announced)
        return { rejected: 'media.quota', of: 'announced', most: limits.announced }
      if (limits.kept > 0 && kept + announced + bytes > limits.kept)
        return { rejected: 'media.quota', of: 'kept', most: limits.kept }
      const expiresAt = clock.now() + limits.hours * HOUR
      const names = { session: this.#newSession(), key: this.#newKey() }
      const upload: Upload = { ...names, by: by.id, room, bytes, expiresAt, segments: [] }
      return {
        guards: [guardOf(USAGE, by.id, document), guardOf(UPLOAD, upload.session, undefined)],
        rows: [putUpload(upload), putUsage(by.id, { kept, uploads: uploads + 1, announced: announced + bytes })],
        value: upload,
      }
    })
  }

  /** One segment, whole; in any order and side by side. The same again changes nothing; other bytes are refused. */
  async append(by: Account, name: UploadName, index: number, bytes: Uint8Array): Promise<Upload | MediaRejection> {
    if (!Number.isInteger(index) || index < 0 || index >= MEDIA_SEGMENTS)
      return { rejected: 'media.index', most: MEDIA_SEGMENTS - 1 }
    if (bytes.length === 0 || bytes.length > MEDIA_SEGMENT) return { rejected: 'media.segment', most: MEDIA_SEGMENT }
    const digest = createHash('sha256').update(bytes).digest('base64')
    const segment: Segment = { index, bytes: bytes.length, digest, stored: false }
    const noted = await this.#changes.run(by.id, () => this.#note(by, name, segment))
    if (isMediaRejection(noted) || noted.segments.some(held => held.index === index && held.stored)) return noted
    const blob = blobOf(noted.key, index)
    const failed = await this.#available(() => this.#parts.blobs.put(blob, bytes, bytes.length))
    if (failed) return failed
    const confirmed = await this.#changes.run(by.id, () => this.#note(by, name, { ...segment, stored: true }))
    if (!isMediaRejection(confirmed) || confirmed.rejected !== 'media.unknown') return confirmed
    // Meanwhile the same segment came twice and the upload was finished, or it has expired.
    if (await this.#parts.store.document(MEDIUM, noted.key)) return noted
    return (await this.#available(() => this.#parts.blobs.delete(blob))) ?? UNKNOWN
  }

  /**
   * All segments are there, `parts` in number; again with the same number it gives the same answer. `lifetime`: ms after
   * which the medium goes by itself, at the latest when messages of the room do; null as these. A `file` may be shorter than
   * was announced: who announced it knew the length of what was around it as well.
   */
  finish(
    by: Account,
    name: UploadName,
    parts: number,
    lifetime: number | null,
    file: FileInfo | null = null,
  ): Promise<Medium | MediaRejection> {
    const { store, clock, reading } = this.#parts
    return this.#changes.run(by.id, async (): Promise<Planned<Medium> | MediaRejection> => {
      const document = await this.#uploadNamed(by, name)
      if (!document) return this.#finished(by, name, parts)
      const barred = await this.#mayUpload(by, name.room)
      if (barred) return barred
      const upload = uploadOf(document)
      const segments = upload.segments.filter(({ stored }) => stored).sort((a, b) => a.index - b.index)
      if (segments.length !== parts) return { rejected: 'media.parts', held: segments.length }
      const held = bytesOf(segments)
      if (file === null && held !== upload.bytes) return { rejected: 'media.total', announced: upload.bytes, held }
      const head = await store.head(name.room)
      if (!head) return { rejected: 'room.unknown' }
      const covered = await reading.covers(by, name.room, head.sequence)
      if (typeof covered === 'object') return covered
      if (!covered) return { rejected: 'member.required' }
      const { session, key, room } = upload
      const lasts = await this.#lifetimeIn(room, lifetime)
      const medium: Medium = {
        session,
        key,
        room,
        by: by.id,
        sequence: head.sequence,
        segments: segments.map(({ index, bytes }) => ({ index, bytes })),
        endsAt: lasts === null ? null : clock.now() + lasts,
        file,
        messageId: null,
      }
      const usage = await store.document(USAGE, by.id)
      const { kept, uploads, announced } = usageOf(usage)
      return {
        guards: [
          guardOf(UPLOAD, session, document),
          guardOf(USAGE, by.id, usage),
          guardOf(MEDIUM, key, undefined),
          guardOf(REMOVED_ROOM, room, undefined),
        ],
        rows: [
          dropOf(document),
          putMedium(medium),
          putUsage(by.id, {
            kept: kept + weightOf(segments),
            uploads: uploads - 1,
            announced: announced - upload.bytes,
          }),
        ],
        value: medium,
      }
    })
  }

  /** An upload that will not be finished: its bytes go now, and no more count for its user. */
  async abandon(by: Account, name?: UploadName): Promise<void> {
    const document = name && (await this.#uploadNamed(by, name))
    if (document) await expiry({ ...this.#parts, changes: this.#changes }, document, 0)
    this.#sweep.wake()
  }

  /** For somebody who may read it now. */
  async open(by: Account, room: RoomId, key: string): Promise<Found | MediaRejection> {
    const document = await this.#mediumIn(room, key)
    const medium = document && mediumOf(document)
    // Asked also where there is none: what an outsider is told does not depend on it.
    const covered = await this.#parts.reading.covers(by, room, medium?.sequence ?? 0)
    if (typeof covered === 'object') return covered
    if (!medium || medium.file || !covered) return UNKNOWN
    return { bytes: bytesOf(medium.segments), read: part => this.#reads.open(by.id, medium, part) }
  }

  /** Who sent each of these media of the room; null where it has none of that key. */
  async named(room: RoomId, keys: readonly string[]): Promise<readonly Named[]> {
    const documents = await Promise.all(keys.map(key => this.#mediumIn(room, key)))
    return documents.map((document, index) => ({
      key: keys[index] as string,
      by: document ? mediumOf(document).by : null,
    }))
  }

  /**
   * `submit` takes these media away with something else, in one transaction: it hands `beside` on to the engine. Whether they
   * may be removed is for what is submitted to decide. Those that are gone meanwhile are left alone.
   */
  async removing<T>(media: readonly Named[], submit: (beside: () => Promise<Beside>) => Promise<T>): Promise<T> {
    const held = media.filter((medium): medium is Named & { by: UserId } => medium.by !== null)
    const keys = held.map(({ key }) => key)
    const users = held.map(({ by }) => by)
    const done = await this.#changes.hold(users, () => submit(() => removalsOf(this.#parts, keys)))
    if (keys.length > 0) this.#sweep.wake()
    return done
  }

  /** The upload with this segment in it, as far as it fits. */
  async #note(by: Account, name: UploadName, segment: Segment): Promise<Planned<Upload> | MediaRejection> {
    const barred = await this.#mayUpload(by, name.room)
    if (barred) return barred
    const document = await this.#uploadNamed(by, name)
    if (!document) return UNKNOWN
    const upload = uploadOf(document)
    const held = upload.segments.find(({ index }) => index === segment.index)
    if (held && held.digest !== segment.digest) return { rejected: 'media.taken', index: segment.index }
    if (held && held.stored >= segment.stored) return { guards: [], rows: [], value: upload }
    const others = upload.segments.filter(each => each !== held)
    const bytes = bytesOf(others) + segment.bytes
    if (bytes > upload.bytes) return { rejected: 'media.total', announced: upload.bytes, held: bytes }
    const value = { ...upload, segments: [...others, segment] }
    return { guards: [guardOf(UPLOAD, upload.session, document)], rows: [putUpload(value)], value }
  }

  /** The answer to an upload that is finished again, which a room that has closed since does not change. */
  async #finished(by: Account, name: UploadName, parts: number): Promise<Planned<Medium> | MediaRejection> {
    const found = await this.#parts.reading.room(name.room)
    if (!found) return { rejected: 'room.unknown' }
    const barred = this.#barred(by, found)
    if (barred) return barred
    const document = await this.#mediumIn(name.room, name.key)
    const medium = document && mediumOf(document)
    if (!medium || medium.by !== by.id || medium.session !== name.session) return UNKNOWN
    if (medium.segments.length !== parts) return { rejected: 'media.parts', held: medium.segments.length }
    return { guards: [], rows: [], value: medium }
  }

  async #uploadNamed(by: Account, { session, room, key }: UploadName): Promise<Document | undefined> {
    const { store, clock } = this.#parts
    const document = await store.document(UPLOAD, session)
    const upload = document && uploadOf(document)
    if (!upload || upload.by !== by.id || upload.room !== room || upload.key !== key) return undefined
    return upload.expiresAt > clock.now() ? document : undefined
  }

  async #mediumIn(room: RoomId, key: string): Promise<Document | undefined> {
    const { store, clock } = this.#parts
    const document = await store.document(MEDIUM, key)
    if (!document || document.owner !== room) return undefined
    return document.dueAt === null || document.dueAt > clock.now() ? document : undefined
  }

  /** As sending: nothing comes into a closed room, for it would be under a key that somebody outside holds (L4). */
  async #mayUpload(by: Account, room: RoomId): Promise<Rejection | null> {
    const found = await this.#parts.reading.room(room)
    if (!found) return { rejected: 'room.unknown' }
    const barred = this.#barred(by, found) ?? checkMute(found.room, found.channel, by, this.#parts.clock.now())
    if (barred) return barred
    return found.room.closed ? { rejected: 'room.closed' } : null
  }

  /** Never longer than messages last in the room. */
  async #lifetimeIn(room: RoomId, own: number | null): Promise<number | null> {
    const ofRoom = (await this.#parts.reading.room(room))?.room.ttlMs ?? null
    if (own === null || ofRoom === null) return own ?? ofRoom
    return Math.min(own, ofRoom)
  }

  #barred(by: Account, { room, channel }: NonNullable<Awaited<ReturnType<Reading['room']>>>): Rejection | null {
    if (!room.members.has(by.id)) return { rejected: 'member.required' }
    return checkStanding(room, channel, by, this.#parts.clock.now())
  }

  /** null when it was done. */
  async #available(task: () => Promise<void>): Promise<Rejection | null> {
    try {
      await task()
      return null
    } catch (error) {
      if (!(error instanceof BlobsFailure)) throw error
      this.#parts.log.warn({ reason: error.message }, 'a blob could not be written')
      return { rejected: 'unavailable' }
    }
  }

  #newSession(): string {
    const bytes = Buffer.from(this.#parts.random.bytes(8))
    return BigInt.asUintN(SESSION_BITS, bytes.readBigUInt64BE()).toString()
  }

  /** 128 bits in digits and small letters. */
  #newKey(): string {
    return Buffer.from(this.#parts.random.bytes(16)).toString('hex')
  }
}

/** A room that goes takes its media with it: noted in the transaction of its last event. */
function rowsOfRemovedRoom({ room, bodies, now }: Decided) {
  return bodies.some(({ type }) => type === 'room.removed') ? [putRemovedRoom(room, now, now)] : []
}
