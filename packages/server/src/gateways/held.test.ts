import { expect, test } from 'vitest'
import { relieve, weightOf } from './held.ts'

test('nobody is closed within the bound; beyond it those who hold most, until half of it is free', () => {
  const closed: number[] = []
  const sessions = [5, 1, 40, 30, 2, 20]
  const holding = { sessions, weigh: (bytes: number) => bytes, close: (bytes: number) => void closed.push(bytes) }
  relieve(holding, 98)
  expect(closed).toEqual([])
  relieve(holding, 97)
  expect(closed).toEqual([40, 30])
})

test('what a value weighs is what its texts and its parts are, however deep or many', () => {
  expect(weightOf('x'.repeat(1_000))).toBe(1_000)
  const large = { content: 'x'.repeat(100_000), list: [{ text: 'y'.repeat(50_000) }, null] }
  expect(weightOf(large)).toBeGreaterThan(150_000)
  expect(weightOf(large)).toBeLessThan(151_000)
  expect(weightOf(Array(10_000).fill(0))).toBeGreaterThan(80_000)
  let deep: unknown = 'z'.repeat(1_000)
  for (let n = 0; n < 100_000; n++) deep = [deep]
  expect(weightOf(deep)).toBeGreaterThan(1_000_000)
  for (const nothing of [undefined, null, 3, true, [], {}]) expect(weightOf(nothing)).toBeLessThan(100)
})
