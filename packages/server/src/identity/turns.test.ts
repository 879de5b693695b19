// What has one key runs one after another.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Turns } from './turns.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('a line stands still for as long as it is to rest, and nobody waits for that but those behind', async () => {
  const turns = new Turns(2)
  const begun: string[] = []
  const work = (name: string) => async () => {
    begun.push(name)
    return name
  }
  expect(await turns.run('a', work('first'), 25)).toBe('first')
  const second = turns.run('a', work('second'))
  // The one that rests has its place in the line still.
  expect(turns.run('a', work('too many'))).toBeUndefined()
  expect(await turns.run('b', work('other'))).toBe('other')
  await vi.advanceTimersByTimeAsync(24)
  expect(begun).toEqual(['first', 'other'])
  await vi.advanceTimersByTimeAsync(1)
  expect(await second).toBe('second')
  expect(await turns.run('a', work('third'))).toBe('third')
})

test('work that fails fails for its caller alone, and the line rests all the same', async () => {
  const turns = new Turns(3)
  const failing = turns.run('a', () => Promise.reject(new Error('no')), 25)
  const next = turns.run('a', async () => 'next')
  await expect(failing).rejects.toThrow('no')
  await vi.advanceTimersByTimeAsync(25)
  expect(await next).toBe('next')
})
