import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { BlobsFailure } from './blobs.ts'
import { blobsContract } from './contract.ts'
import { openFileBlobs } from './files.ts'

const made: string[] = []

async function newDirectory(): Promise<string> {
  const parent = await mkdtemp(join(tmpdir(), 'conclave-blobs-'))
  made.push(parent)
  return join(parent, 'blobs')
}

afterEach(async () => {
  for (const directory of made.splice(0)) await rm(directory, { recursive: true, force: true })
})

blobsContract('files', async () => {
  const directory = await newDirectory()
  return {
    blobs: await openFileBlobs(directory),
    close: async () => {},
    crashAndReopen: () => openFileBlobs(directory),
  }
})

test('a failed put leaves no file, and a start sweeps what a crash has left', async () => {
  const directory = await newDirectory()
  const blobs = await openFileBlobs(directory)
  await blobs.put('kept', randomBytes(10), 10)
  await expect(blobs.put('a', randomBytes(10), 11)).rejects.toThrow(BlobsFailure)
  expect(await readdir(join(directory, '.writing'))).toEqual([])
  await writeFile(join(directory, '.writing', '1'), 'half of a blob')
  await openFileBlobs(directory)
  expect(await readdir(join(directory, '.writing'))).toEqual([])
  expect((await readdir(directory)).sort()).toEqual(['.writing', 'kept'])
})

test('files are for the server alone', async () => {
  const directory = await newDirectory()
  const blobs = await openFileBlobs(directory)
  await blobs.put('a', randomBytes(10), 10)
  expect((await stat(join(directory, 'a'))).mode & 0o077).toBe(0)
})

test('what the file system refuses is named by its code and never by a path', async () => {
  const directory = await newDirectory()
  const blobs = await openFileBlobs(directory)
  await rm(join(directory, '.writing'), { recursive: true })
  const failure = await blobs.put('a', randomBytes(1), 1).catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(BlobsFailure)
  expect((failure as Error).message).toBe('the file system refused: ENOENT')
  await rm(directory, { recursive: true })
  await writeFile(directory, 'a file where the directory was')
  await expect(blobs.get('a')).rejects.toThrow('the file system refused: ENOTDIR')
})

test('a node that starts leaves alone what another one is writing in the same folder', async () => {
  const directory = await newDirectory()
  const one = await openFileBlobs(directory, 1)
  async function* pieces(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('x')
    await openFileBlobs(directory, 2)
    yield Buffer.from('y')
  }
  await one.put('a', pieces(), 2)
  expect(await readFile(join(directory, 'a'), 'utf8')).toBe('xy')
})
