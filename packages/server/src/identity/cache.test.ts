import { describe, expect, test } from 'vitest'
import { Cache } from './cache.ts'

/** A store whose reads finish when the test says so. */
function slowStore() {
  const reads: { id: string; finish: (value: string | undefined) => void; fail: (error: Error) => void }[] = []
  const read = (id: string) =>
    new Promise<string | undefined>((resolve, reject) => {
      reads.push({ id, finish: resolve, fail: reject })
    })
  return { reads, cache: new Cache<string>(read, 3) }
}

describe('a cache', () => {
  test('asks once for what many want at the same time', async () => {
    const { reads, cache } = slowStore()
    const both = Promise.all([cache.load('1'), cache.load('1')])
    expect(reads).toHaveLength(1)
    reads[0]!.finish('one')
    expect(await both).toEqual(['one', 'one'])
    expect(cache.peek('1')).toBe('one')
    expect(await cache.load('1')).toBe('one')
    expect(reads).toHaveLength(1)
  })

  test('does not remember absence', async () => {
    const { reads, cache } = slowStore()
    const first = cache.load('1')
    reads[0]!.finish(undefined)
    expect(await first).toBeUndefined()
    const second = cache.load('1')
    reads[1]!.finish('now')
    expect(await second).toBe('now')
  })

  test('reads again when an entry is forgotten while it is read', async () => {
    const { reads, cache } = slowStore()
    const before = cache.load('1')
    cache.forget('1')
    const after = cache.load('1')
    reads[0]!.finish('old')
    reads[1]!.finish('new')
    expect(await after).toBe('new')
    expect(await before).toBe('new')
    expect(cache.peek('1')).toBe('new')
    expect(reads).toHaveLength(2)
  })

  test('never keeps what was read before it was forgotten, whichever read ends first', async () => {
    const { reads, cache } = slowStore()
    const before = cache.load('1')
    cache.forget('1')
    const after = cache.load('1')
    reads[1]!.finish(undefined)
    expect(await after).toBeUndefined()
    reads[0]!.finish('old')
    await new Promise(setImmediate)
    expect(cache.peek('1')).toBeUndefined()
    reads[2]!.finish(undefined)
    expect(await before).toBeUndefined()
  })

  test('gives what was set while it was reading', async () => {
    const { reads, cache } = slowStore()
    const load = cache.load('1')
    cache.set('1', 'set')
    reads[0]!.finish('read')
    expect(await load).toBe('set')
    expect(cache.peek('1')).toBe('set')
  })

  test('gives up reading again when it is forgotten again and again', async () => {
    let reads = 0
    const cache: Cache<number> = new Cache(async id => {
      await Promise.resolve()
      cache.forget(id)
      return ++reads
    })
    expect(await cache.load('1')).toBe(5)
    expect(cache.size).toBe(0)
  })

  test('clearing overtakes what is being read', async () => {
    const { reads, cache } = slowStore()
    const load = cache.load('1')
    cache.clear()
    reads[0]!.finish('old')
    await new Promise(setImmediate)
    expect(cache.peek('1')).toBeUndefined()
    reads[1]!.finish('new')
    expect(await load).toBe('new')
  })

  test('a failed read is told to everybody who waits and not remembered', async () => {
    const { reads, cache } = slowStore()
    const both = Promise.allSettled([cache.load('1'), cache.load('1')])
    reads[0]!.fail(new Error('disk'))
    expect((await both).map(result => result.status)).toEqual(['rejected', 'rejected'])
    const again = cache.load('1')
    reads[1]!.finish('back')
    expect(await again).toBe('back')
  })

  test('drops what was not used for longest', async () => {
    const cache = new Cache<string>(async id => id, 3)
    for (const id of ['1', '2', '3']) await cache.load(id)
    cache.peek('1')
    await cache.load('4')
    expect(['1', '2', '3', '4'].filter(id => cache.peek(id) !== undefined)).toEqual(['1', '3', '4'])
    expect(cache.size).toBe(3)
  })

  test('forgets by a test of the value', async () => {
    const cache = new Cache<string>(async id => id, 3)
    for (const id of ['1', '2', '3']) await cache.load(id)
    cache.forgetWhere(value => value !== '2')
    expect(cache.size).toBe(1)
  })

  test('an id is a text and nothing else: __proto__ is one like others', async () => {
    const cache = new Cache<string>(async () => undefined)
    expect(await cache.load('__proto__')).toBeUndefined()
    cache.set('__proto__', 'a')
    expect(cache.peek('__proto__')).toBe('a')
    expect(cache.peek('toString')).toBeUndefined()
  })
})
