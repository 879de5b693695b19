// Blobs as files in one directory, which nodes may share. A blob is written beside the others, synced, and only then given its
// name: a crash leaves a file without a name, which the next start sweeps.
import type { FileHandle } from 'node:fs/promises'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { type BlobName, type Blobs, BlobsFailure, checkName, type Part } from './blobs.ts'

/** Below the directory, for what is being written. No blob has this name's dot. */
const WRITING = '.writing'

/** `directory` is made when it is not there. `node`: the number of this one of several that share it; each sweeps what it
 * has left itself, for the others are writing. */
export async function openFileBlobs(directory: string, node: number | null = null): Promise<Blobs> {
  const writing = node === null ? join(directory, WRITING) : join(directory, WRITING, String(node))
  await mkdir(directory, { recursive: true })
  await rm(writing, { recursive: true, force: true })
  await mkdir(writing, { recursive: true })
  await sync(dirname(directory))
  return new FileBlobs(directory, writing) satisfies Blobs
}

class FileBlobs implements Blobs {
  readonly #directory: string
  readonly #writing: string
  #count = 0

  constructor(directory: string, writing: string) {
    this.#directory = directory
    this.#writing = writing
  }

  async put(name: BlobName, bytes: Uint8Array | AsyncIterable<Uint8Array>, size: number): Promise<void> {
    const path = this.#pathOf(name)
    const unnamed = join(this.#writing, String(++this.#count))
    let at = unnamed
    try {
      await this.#write(unnamed, bytes, size)
      await failing(rename(unnamed, path))
      at = path
      await failing(sync(this.#directory))
    } catch (error) {
      await rm(at, { force: true }).catch(() => {})
      throw error
    }
  }

  async get(name: BlobName, part?: Part): Promise<Readable | undefined> {
    const path = this.#pathOf(name)
    let file: FileHandle
    try {
      file = await open(path, 'r')
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined
      throw failureOf(error)
    }
    return file.createReadStream(part ? { start: part.from, end: part.to - 1 } : {})
  }

  async delete(name: BlobName): Promise<void> {
    await failing(rm(this.#pathOf(name), { force: true }))
  }

  async #write(path: string, bytes: Uint8Array | AsyncIterable<Uint8Array>, size: number): Promise<void> {
    const file = await failing(open(path, 'wx', 0o600))
    try {
      let written = 0
      for await (const chunk of bytes instanceof Uint8Array ? [bytes] : bytes) {
        written += chunk.length
        if (written > size) break
        await failing(file.writeFile(chunk))
      }
      if (written !== size) throw new BlobsFailure('the bytes are not as many as was said')
      await failing(file.sync())
    } finally {
      await file.close().catch(() => {})
    }
  }

  #pathOf(name: BlobName): string {
    checkName(name)
    return join(this.#directory, name)
  }
}

/** Makes the names in a directory durable. */
async function sync(path: string): Promise<void> {
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

async function failing<T>(task: Promise<T>): Promise<T> {
  try {
    return await task
  } catch (error) {
    throw failureOf(error)
  }
}

/** With the system's code alone: paths stand in no log. */
function failureOf(error: unknown): BlobsFailure {
  return new BlobsFailure(`the file system refused: ${codeOf(error) ?? 'unknown'}`)
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code
}
