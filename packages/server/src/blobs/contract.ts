// What every Blobs does, whatever keeps them. An adapter's test calls blobsContract.
import { randomBytes } from 'node:crypto'
import type { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Blobs, BlobsFailure, type Part } from './blobs.ts'

export interface OpenBlobs {
  readonly blobs: Blobs
  close(): Promise<void>
  /** Loses the process without a word and opens what it left behind. Every durable one has it. */
  crashAndReopen?(): Promise<Blobs>
}

const MB = 1024 * 1024

export function blobsContract(name: string, open: () => Promise<OpenBlobs>): void {
  describe(`blobs: ${name}`, () => {
    let opened: OpenBlobs
    let blobs: Blobs
    beforeEach(async () => {
      opened = await open()
      blobs = opened.blobs
    })
    afterEach(() => opened.close())

    const read = async (name: string, part?: Part, from: Blobs = blobs): Promise<Buffer | undefined> => {
      const stream = await from.get(name, part)
      return stream && buffer(stream)
    }

    test.each([0, 1, 1_000, 5 * MB])('gives %i bytes back as they were put', async size => {
      const bytes = randomBytes(size)
      await blobs.put('abc-0', bytes, size)
      expect((await read('abc-0'))?.equals(bytes)).toBe(true)
    })

    test('takes a stream of any chunks', async () => {
      const chunks = [randomBytes(1), new Uint8Array(0), randomBytes(70_000), randomBytes(3)]
      await blobs.put('a', streamOf(chunks), 70_004)
      expect((await read('a'))?.equals(Buffer.concat(chunks))).toBe(true)
    })

    test('knows nothing of a name that was not put, nor of one beside it', async () => {
      await blobs.put('a-1', randomBytes(5), 5)
      for (const name of ['a', 'a-10', 'a-']) expect(await read(name)).toBeUndefined()
    })

    test('reads a part', async () => {
      const bytes = randomBytes(200_000)
      await blobs.put('a', bytes, bytes.length)
      const parts = [
        [0, 1],
        [199_999, 200_000],
        [65_530, 131_080],
        [0, 200_000],
      ] as const
      for (const [from, to] of parts) {
        expect((await read('a', { from, to }))?.equals(bytes.subarray(from, to))).toBe(true)
      }
    })

    test('what is put again takes the place of the first, and an open reader reads the first on', async () => {
      const [first, second] = [randomBytes(3 * MB), randomBytes(10)]
      await blobs.put('a', first, first.length)
      const reader = (await blobs.get('a')) as Readable
      await blobs.put('a', second, second.length)
      expect((await buffer(reader)).equals(first)).toBe(true)
      expect((await read('a'))?.equals(second)).toBe(true)
    })

    test('deletes, also what is not there', async () => {
      await blobs.put('a', randomBytes(5), 5)
      await blobs.delete('a')
      await blobs.delete('a')
      expect(await read('a')).toBeUndefined()
    })

    test('a stream that is shorter or longer than was said leaves nothing', async () => {
      for (const bytes of [4, 6]) {
        await expect(blobs.put('a', streamOf([randomBytes(bytes)]), 5)).rejects.toThrow(BlobsFailure)
        await expect(blobs.put('a', randomBytes(bytes), 5)).rejects.toThrow(BlobsFailure)
      }
      const more = async function* () {
        yield randomBytes(5)
        // All that was said is on its way by then.
        for (let turn = 0; turn < 20; turn++) await setImmediate()
        yield randomBytes(1)
      }
      await expect(blobs.put('a', more(), 5)).rejects.toThrow(BlobsFailure)
      for (let turn = 0; turn < 20; turn++) await setImmediate()
      expect(await read('a')).toBeUndefined()
    })

    test('a stream that breaks leaves nothing, and what was there stays', async () => {
      const broken = async function* () {
        yield randomBytes(100_000)
        throw new Error('the client is gone')
      }
      await expect(blobs.put('a', broken(), 200_000)).rejects.toThrow('the client is gone')
      expect(await read('a')).toBeUndefined()
      await blobs.put('a', Buffer.from('kept'), 4)
      await expect(blobs.put('a', broken(), 200_000)).rejects.toThrow('the client is gone')
      expect((await read('a'))?.toString()).toBe('kept')
    })

    test('nothing is to be seen of a blob before it is whole', async () => {
      let go = (): void => {}
      const waiting = new Promise<void>(resolve => {
        go = resolve
      })
      const slow = async function* () {
        yield randomBytes(100_000)
        await waiting
        yield randomBytes(1)
      }
      const put = blobs.put('a', slow(), 100_001)
      for (let turn = 0; turn < 20; turn++) await setImmediate()
      expect(await read('a')).toBeUndefined()
      go()
      await put
      expect((await read('a'))?.length).toBe(100_001)
    })

    test('many at the same time do not touch each other', async () => {
      const all = Array.from({ length: 40 }, (_, index) => ({ name: `m-${index}`, bytes: randomBytes(index * 1_000) }))
      await Promise.all(all.map(({ name, bytes }) => blobs.put(name, bytes, bytes.length)))
      for (const { name, bytes } of all) expect((await read(name))?.equals(bytes)).toBe(true)
    })

    test.each(['', '.', '..', '../a', 'a/b', 'a\\b', 'A', 'a.b', 'a\0', '.writing', 'a'.repeat(101), 'ä'])(
      'a name that nobody here makes is a bug: %j',
      async name => {
        await expect(blobs.put(name, randomBytes(1), 1)).rejects.toThrow('no name')
        await expect(blobs.get(name)).rejects.toThrow('no name')
        await expect(blobs.delete(name)).rejects.toThrow('no name')
      },
    )

    test('after a crash what was put is there, what was deleted is not, and what was under way is not (L6)', async () => {
      if (!opened.crashAndReopen) return
      await blobs.put('a', Buffer.from('there'), 5)
      await blobs.put('b', Buffer.from('gone'), 4)
      await blobs.delete('b')
      const never = async function* () {
        yield randomBytes(100_000)
        await new Promise(() => {})
      }
      blobs.put('c', never(), 200_000).catch(() => {})
      for (let turn = 0; turn < 20; turn++) await setImmediate()
      const again = await opened.crashAndReopen()
      expect((await read('a', undefined, again))?.toString()).toBe('there')
      for (const name of ['b', 'c']) expect(await read(name, undefined, again)).toBeUndefined()
    })
  })
}

async function* streamOf(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks
}
