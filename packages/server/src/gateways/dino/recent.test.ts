// How long something is known, and how much.
import { expect, test } from 'vitest'
import { Recent } from './recent.ts'

test('what was found out counts until it is too old, also where the clock was set back', () => {
  const recent = new Recent<string>(10, 100)
  recent.set('a', 'one', 1_000)
  expect(recent.get('a', 1_099)).toBe('one')
  expect(recent.get('a', 1_100)).toBe(undefined)
  expect(recent.get('a', 901)).toBe('one')
  expect(recent.get('a', 900)).toBe(undefined)
  expect(recent.get('b', 1_000)).toBe(undefined)
})

test('the oldest is forgotten when there is too much', () => {
  const recent = new Recent<number>(2, 100)
  for (const [value, key] of ['a', 'b', 'a', 'c'].entries()) recent.set(key, value, 0)
  expect(['a', 'b', 'c'].map(key => recent.get(key, 0))).toEqual([2, undefined, 3])
})
