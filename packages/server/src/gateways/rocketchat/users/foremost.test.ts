import { expect, test } from 'vitest'
import { Foremost } from './foremost.ts'

test('gives the first ones in their order, whatever came, and counts all', () => {
  for (const [items, most] of [
    [0, 5],
    [3, 5],
    [20_000, 50],
    [20_000, 0],
    [3_000, 20_000],
  ] as const) {
    const all = Array.from({ length: items }, (_, at) => ({ at, key: (at * 7_919) % 1_009 }))
    const compare = (a: { key: number }, b: { key: number }): number => a.key - b.key
    const foremost = new Foremost(most, compare)
    for (const item of all) foremost.add(item)
    expect(foremost.first()).toEqual([...all].sort(compare).slice(0, most))
    expect(foremost.total).toBe(items)
  }
})
