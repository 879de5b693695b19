// The Blobs port: bytes beside the store, each under a name that the server made. A blob is written once, whole, and read
// whole or in part. Nothing is renamed and nothing is listed: whoever puts one has noted its name before (engine/media.ts),
// so that none is ever looked for. An adapter's test calls blobsContract.
import type { Readable } from 'node:stream'

/** Letters of `a-z`, digits and hyphens, 1 to 100. Never what a client sent. */
export type BlobName = string

const NAME = /^[a-z0-9-]{1,100}$/

/** Another name is a bug, whatever the adapter could do with it. */
export function checkName(name: BlobName): void {
  if (!NAME.test(name)) throw new Error('this is no name of a blob')
}

/** From `from` on and before `to`, in bytes. */
export interface Part {
  readonly from: number
  readonly to: number
}

/** The blobs could not be written or read now. Of a `put` nothing is there. */
export class BlobsFailure extends Error {
  override readonly name = 'BlobsFailure'
}

export interface Blobs {
  /**
   * Resolves when the bytes are durable under that name (L6); what had the name before is gone then. A stream must give
   * exactly `size` bytes. Rejects with BlobsFailure, or with the stream's own error; either way nothing is there that was
   * not there before, after a crash neither.
   */
  put(name: BlobName, bytes: Uint8Array | AsyncIterable<Uint8Array>, size: number): Promise<void>
  /**
   * undefined where there is none. `part` is not empty and lies within the blob. Whoever gets the stream reads it to its end or destroys
   * it; it goes on when the blob is deleted meanwhile, or fails.
   */
  get(name: BlobName, part?: Part): Promise<Readable | undefined>
  /** Nothing where there is none. */
  delete(name: BlobName): Promise<void>
}
