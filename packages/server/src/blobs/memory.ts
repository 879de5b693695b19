// Blobs in this process's memory, gone with it: for tests, and for whatever starts a core without a directory.
import { Readable } from 'node:stream'
import { type BlobName, type Blobs, BlobsFailure, checkName, type Part } from './blobs.ts'

export function memoryBlobs(): Blobs {
  return new MemoryBlobs() satisfies Blobs
}

class MemoryBlobs implements Blobs {
  readonly #blobs = new Map<BlobName, Buffer>()

  async put(name: BlobName, bytes: Uint8Array | AsyncIterable<Uint8Array>, size: number): Promise<void> {
    checkName(name)
    const chunks: Uint8Array[] = []
    for await (const chunk of bytes instanceof Uint8Array ? [bytes] : bytes) chunks.push(chunk)
    const whole = Buffer.concat(chunks)
    if (whole.length !== size) throw new BlobsFailure('the bytes are not as many as was said')
    this.#blobs.set(name, whole)
  }

  async get(name: BlobName, part?: Part): Promise<Readable | undefined> {
    checkName(name)
    const blob = this.#blobs.get(name)
    return blob && Readable.from([part ? blob.subarray(part.from, part.to) : blob], { objectMode: false })
  }

  async delete(name: BlobName): Promise<void> {
    checkName(name)
    this.#blobs.delete(name)
  }
}
