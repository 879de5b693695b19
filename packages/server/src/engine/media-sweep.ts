// What becomes of media that have run out: unfinished uploads, media with an end, media of removed rooms. A record goes in
// one transaction with the count of what its user takes up, and leaves a list of blobs; a list goes when its blobs are
// deleted. So a crash at any point leaves something that is due, and two nodes that do the same do no harm.
import type { RoomId, UserId } from '@conclave/wire'
import type { Logger } from 'pino'
import type { Blobs } from '../blobs/blobs.ts'
import type { Clock } from '../clock.ts'
import { MEDIA_GRACE, MEDIA_SWEEP, MEDIA_SWEPT } from '../limits.ts'
import type { Hold, Nodes } from '../nodes/nodes.ts'
import type { Rejection } from '../room/rejection.ts'
import { isRejection } from '../room/rejection.ts'
import type { Document, DocumentRow, Guard, Store, Write } from '../store/store.ts'
import type { MediaChanges, Planned } from './media-changes.ts'
import {
  blobOf,
  dropOf,
  guardOf,
  MEDIUM,
  mediumOf,
  putRemovedRoom,
  putTrash,
  putUsage,
  REMOVED_ROOM,
  removedAtOf,
  TRASH,
  trashOf,
  UPLOAD,
  USAGE,
  uploadOf,
  usageOf,
  weightOf,
} from './media-records.ts'

export interface SweepParts {
  readonly store: Store
  readonly write: Write
  readonly blobs: Blobs
  readonly clock: Clock
  readonly nodes: Nodes
  readonly log: Logger
  readonly changes: MediaChanges
}

export class MediaSweep {
  readonly #parts: SweepParts
  #timer: NodeJS.Timeout | null = null
  #hold: Hold | null = null
  #running: Promise<void> | null = null
  #stopped = false

  constructor(parts: SweepParts) {
    this.#parts = parts
  }

  /** One node at a time looks from time to time: several do no harm, and no good. */
  start(): void {
    this.#timer = setInterval(() => this.wake(), MEDIA_SWEEP)
    this.#timer.unref()
    this.#hold = this.#parts.nodes.hold('media', () => void this.run())
  }

  async stop(): Promise<void> {
    this.#stopped = true
    if (this.#timer) clearInterval(this.#timer)
    await this.#running
  }

  /** Soon, without anybody waiting for it. */
  wake(): void {
    if (this.#hold?.held !== false) void this.run()
  }

  /** Everything that is due now; at most one runs at a time. What goes wrong is due again later. */
  run(): Promise<void> {
    this.#running ??= this.#run()
      .catch((error: unknown) => this.#parts.log.warn({ err: error }, 'media that have run out are kept for now'))
      .finally(() => {
        this.#running = null
      })
    return this.#running
  }

  async #run(): Promise<void> {
    await this.#each(UPLOAD, document => expiry(this.#parts, document))
    await this.#each(MEDIUM, document => removal(this.#parts, document))
    await this.#each(REMOVED_ROOM, document => this.#emptyRoom(document))
    await this.#each(TRASH, document => this.#emptyTrash(document))
  }

  /** A page at a time, while something goes. */
  async #each(kind: string, end: (document: Document) => Promise<object>): Promise<void> {
    const { store, clock } = this.#parts
    for (;;) {
      const due = await store.dueDocuments(kind, clock.now(), MEDIA_SWEPT)
      for (const document of due) {
        if (this.#stopped) return
        const done = await end(document)
        if (isRejection(done)) return
      }
      if (due.length < MEDIA_SWEPT) return
    }
  }

  /** Looks twice: an upload that was being finished when the room went is there at the second time, if at all. */
  async #emptyRoom(document: Document): Promise<object> {
    const { store, write, clock } = this.#parts
    const room = document.key as RoomId
    for (;;) {
      const media = await store.documents(MEDIUM, { owner: room, limit: MEDIA_SWEPT })
      if (media.length === 0) break
      for (const medium of media) {
        if (this.#stopped) return {}
        const done = await removal(this.#parts, medium)
        if (isRejection(done)) return done
      }
    }
    const again = removedAtOf(document) + MEDIA_GRACE
    const row = again <= clock.now() ? dropOf(document) : putRemovedRoom(room, removedAtOf(document), again)
    return write({ guards: [guardOf(REMOVED_ROOM, room, document)], append: null, rows: [row] })
  }

  async #emptyTrash(document: Document): Promise<object> {
    const { blobs, write, clock, log } = this.#parts
    const trash = trashOf(document)
    const guards = [guardOf(TRASH, trash.key, document)]
    try {
      for (const blob of trash.blobs) await blobs.delete(blob)
    } catch (error) {
      log.warn({ err: error }, 'a blob could not be deleted')
      return write({ guards, append: null, rows: [putTrash(trash, clock.now() + MEDIA_GRACE)] })
    }
    return write({ guards, append: null, rows: [dropOf(document)] })
  }
}

/** An upload that is not finished in its time. Its blobs go a while later, `grace` in ms: one of them may be about to be
 * written. */
export async function expiry(
  { store, clock, changes }: Pick<SweepParts, 'store' | 'clock' | 'changes'>,
  document: Document,
  grace = MEDIA_GRACE,
): Promise<object> {
  const { by, session } = uploadOf(document)
  return changes.wait(by, async (): Promise<Planned<object>> => {
    const now = await store.document(UPLOAD, session)
    if (!now) return { guards: [], rows: [], value: {} }
    const { key, bytes, segments } = uploadOf(now)
    const usage = await store.document(USAGE, by)
    const { kept, uploads, announced } = usageOf(usage)
    const blobs = segments.map(({ index }) => blobOf(key, index))
    return {
      guards: [guardOf(UPLOAD, session, now), guardOf(USAGE, by, usage)],
      rows: [
        dropOf(now),
        putTrash({ key, blobs }, clock.now() + grace),
        putUsage(by, { kept, uploads: uploads - 1, announced: announced - bytes }),
      ],
      value: {},
    }
  })
}

/** Takes a medium away from everybody. Its blobs go at the next sweep; whoever reads them now reads on. */
export async function removal(
  parts: Pick<SweepParts, 'store' | 'clock' | 'changes'>,
  document: Document,
): Promise<object | Rejection> {
  const { by, key } = mediumOf(document)
  return parts.changes.wait(by, async () => ({ ...(await removalsOf(parts, [key])), value: {} }))
}

/** The same of several for a transaction of whoever asks. What is gone is left alone. */
export async function removalsOf(
  { store, clock }: Pick<SweepParts, 'store' | 'clock'>,
  keys: readonly string[],
): Promise<Omit<Planned<object>, 'value'>> {
  const guards: Guard[] = []
  const rows: DocumentRow[] = []
  const freed = new Map<UserId, number>()
  for (const key of keys) {
    const document = await store.document(MEDIUM, key)
    if (!document) continue
    const { by, segments } = mediumOf(document)
    guards.push(guardOf(MEDIUM, key, document))
    rows.push(dropOf(document), putTrash({ key, blobs: segments.map(({ index }) => blobOf(key, index)) }, clock.now()))
    freed.set(by, (freed.get(by) ?? 0) + weightOf(segments))
  }
  for (const [by, bytes] of freed) {
    const document = await store.document(USAGE, by)
    const usage = usageOf(document)
    guards.push(guardOf(USAGE, by, document))
    rows.push(putUsage(by, { ...usage, kept: usage.kept - bytes }))
  }
  return { guards, rows }
}
