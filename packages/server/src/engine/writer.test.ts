// The writer on a store that misbehaves: who else suffers, and whether a stop ends.
import { expect, test } from 'vitest'
import type { Item, Outcome, Store } from '../store/store.ts'
import { StoreFailure } from '../store/store.ts'
import type { WriterEvents } from './writer.ts'
import { Writer } from './writer.ts'

const item = (key: string): Item => ({ guards: [], append: null, rows: [{ put: 'meta', key, value: '' }] })
const keyOf = ({ rows: [row] }: Item): string => (row && 'put' in row && row.put === 'meta' ? row.key : '')

interface Told {
  readonly failed: string[]
  readonly bugs: unknown[]
}

function writerOn(
  commit: (items: readonly Item[]) => Promise<readonly Outcome[]>,
  more: Partial<WriterEvents> = {},
  reopen: () => Promise<void> = async () => {},
): { writer: Writer; told: Told } {
  const told: Told = { failed: [], bugs: [] }
  const events: WriterEvents = {
    failed: reason => void told.failed.push(reason.message),
    recovered: () => {},
    committed: () => {},
    bug: error => void told.bugs.push(error),
    ...more,
  }
  return { writer: new Writer({ commit, reopen } as unknown as Store, events), told }
}

const committed = (items: readonly Item[]): Outcome[] => items.map(() => ({ outcome: 'committed', events: [] }))

test('an item that the store cannot take fails alone, and the store is not taken for broken', async () => {
  const { writer, told } = writerOn(async items => {
    if (items.some(one => keyOf(one) === 'poison')) throw new TypeError('a bug in an item')
    return committed(items)
  })
  const results = await Promise.allSettled(['a', 'poison', 'b', 'c'].map(key => writer.write(item(key))))
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled'])
  expect((results[1] as PromiseRejectedResult).reason).toBeInstanceOf(StoreFailure)
  expect(told.failed).toEqual([])
  expect(told.bugs).toHaveLength(1)
  expect(writer.ready).toBe(true)
})

test('a store that fails while it is told item by item answers everybody', async () => {
  let calls = 0
  const { writer, told } = writerOn(async items => {
    calls += 1
    if (calls === 1) throw new TypeError('a bug in an item')
    if (calls === 3) throw new StoreFailure('the disk is full')
    return committed(items)
  })
  const results = await Promise.allSettled(['a', 'b', 'c'].map(key => writer.write(item(key))))
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected'])
  expect(told.failed).toEqual(['the disk is full'])
})

test('whoever listens to commits and throws holds up no answer', async () => {
  const { writer, told } = writerOn(async items => committed(items), {
    committed: () => {
      throw new Error('a bug in a listener')
    },
  })
  await expect(writer.write(item('a'))).resolves.toMatchObject({ outcome: 'committed' })
  await expect(writer.write(item('b'))).resolves.toMatchObject({ outcome: 'committed' })
  expect(told.bugs).toHaveLength(2)
})

test('a stop ends though somebody writes again with every answer, and takes nothing after it', async () => {
  const { writer } = writerOn(async items => {
    await new Promise(resolve => setImmediate(resolve))
    return committed(items)
  })
  let stopped = false
  let written = 0
  const busy = Promise.all(
    [0, 1].map(async () => {
      while (!stopped) {
        await writer.write(item('more')).catch(() => {
          stopped = true
        })
        written += 1
      }
    }),
  )
  await new Promise(resolve => setTimeout(resolve, 20))
  await writer.settled()
  await writer.close()
  const before = written
  await expect(writer.write(item('late'))).rejects.toBeInstanceOf(StoreFailure)
  await busy
  expect(written - before).toBeLessThan(5)
})

test('a stop ends while the store is broken, and it is not reopened after it', async () => {
  let reopened = 0
  const { writer } = writerOn(
    async () => {
      throw new StoreFailure('the disk is full')
    },
    {},
    async () => {
      reopened += 1
      throw new StoreFailure('still full')
    },
  )
  await expect(writer.write(item('a'))).rejects.toBeInstanceOf(StoreFailure)
  await new Promise(resolve => setTimeout(resolve, 80))
  await writer.settled()
  await writer.close()
  const before = reopened
  expect(before).toBeGreaterThan(0)
  await new Promise(resolve => setTimeout(resolve, 400))
  expect(reopened).toBe(before)
})
