import { expect, test } from 'vitest'
import { relieve } from './held.ts'

test('nobody is closed within the bound; beyond it those who hold most, until half of it is free', () => {
  const closed: number[] = []
  const sessions = [5, 1, 40, 30, 2, 20]
  const holding = { sessions, weigh: (bytes: number) => bytes, close: (bytes: number) => void closed.push(bytes) }
  relieve(holding, 98)
  expect(closed).toEqual([])
  relieve(holding, 97)
  expect(closed).toEqual([40, 30])
})
