// The bytes of a medium as one stream, segment after segment. A reader who takes nothing for a while loses it, and has only
// so many at the same time: each holds an open file.
import { Readable } from 'node:stream'
import type { UserId } from '@conclave/wire'
import type { Logger } from 'pino'
import type { BlobName, Blobs, Part } from '../blobs/blobs.ts'
import { BlobsFailure } from '../blobs/blobs.ts'
import { MEDIA_READS, MEDIA_STALLED } from '../limits.ts'
import type { Rejection } from '../room/rejection.ts'
import type { Medium } from './media-records.ts'
import { blobOf, bytesOf } from './media-records.ts'

interface Piece {
  readonly blob: BlobName
  readonly part: Part
}

export class MediaReads {
  readonly #parts: { readonly blobs: Blobs; readonly log: Logger }
  /** null: whoever has not said who they are. */
  readonly #open = new Map<UserId | null, number>()

  constructor(parts: { readonly blobs: Blobs; readonly log: Logger }) {
    this.#parts = parts
  }

  async open(by: UserId | null, medium: Medium, part?: Part): Promise<Readable | Rejection> {
    const count = this.#open.get(by) ?? 0
    if (count >= MEDIA_READS) return { rejected: 'busy' }
    this.#open.set(by, count + 1)
    const [first, ...rest] = piecesOf(medium, part ?? { from: 0, to: bytesOf(medium.segments) })
    try {
      // The first one before the answer begins: what is missing is then an error, and no file cut short.
      return this.#stream(by, first && (await this.#read(first)), rest)
    } catch (error) {
      this.#closed(by)
      if (!(error instanceof BlobsFailure)) throw error
      this.#parts.log.error({ reason: error.message }, 'a medium cannot be read')
      return { rejected: 'unavailable' }
    }
  }

  #stream(by: UserId | null, first: Readable | undefined, rest: readonly Piece[]): Readable {
    const stream: Readable = Readable.from(
      this.#chunks(first, rest, () => stream.destroy()),
      { objectMode: false },
    )
    stream.once('close', () => {
      first?.destroy()
      this.#closed(by)
    })
    return stream
  }

  async *#chunks(first: Readable | undefined, rest: readonly Piece[], stalled: () => void): AsyncGenerator<Uint8Array> {
    if (first) yield* unlessStalled(first, stalled)
    for (const piece of rest) yield* unlessStalled(await this.#read(piece), stalled)
  }

  async #read({ blob, part }: Piece): Promise<Readable> {
    const stream = await this.#parts.blobs.get(blob, part)
    if (!stream) throw new BlobsFailure('a blob is not there')
    return stream
  }

  #closed(by: UserId | null): void {
    const count = (this.#open.get(by) ?? 1) - 1
    if (count > 0) this.#open.set(by, count)
    else this.#open.delete(by)
  }
}

async function* unlessStalled(source: Readable, stalled: () => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    const timer = setTimeout(stalled, MEDIA_STALLED)
    timer.unref()
    try {
      yield chunk as Uint8Array
    } finally {
      clearTimeout(timer)
    }
  }
}

/** Where the bytes of a part lie. */
function piecesOf({ key, segments }: Medium, { from, to }: Part): Piece[] {
  const pieces: Piece[] = []
  let start = 0
  for (const { index, bytes } of segments) {
    const part = { from: Math.max(from - start, 0), to: Math.min(to - start, bytes) }
    if (part.from < part.to) pieces.push({ blob: blobOf(key, index), part })
    start += bytes
  }
  return pieces
}
