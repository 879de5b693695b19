import { expect, test } from 'vitest'
import { withLists } from './query.ts'

test('lists are read in all forms in which clients write them', () => {
  expect({ ...withLists({ 'ids[]': ['a', 'b'] }) }).toEqual({ ids: ['a', 'b'] })
  expect({ ...withLists({ 'ids[]': 'a' }) }).toEqual({ ids: ['a'] })
  expect({ ...withLists({ 'ids[0]': 'a', 'ids[1]': 'b', count: '2' }) }).toEqual({ ids: ['a', 'b'], count: '2' })
  expect({ ...withLists({ ids: ['a', 'b'] }) }).toEqual({ ids: ['a', 'b'] })
})

test('what only looks like a list is left as it is, and no name reaches a prototype', () => {
  expect({ ...withLists({ 'a[b]': '1', '[]': '2' }) }).toEqual({ 'a[b]': '1', '[]': '2' })
  withLists({ '__proto__[]': 'x' })
  expect(({} as Record<string, unknown>)['0']).toBeUndefined()
})
