import type { UserId } from '@conclave/wire'
import { expect, test } from 'vitest'
import { Lines } from './everybody.ts'

test('askers take turns, one inside at a time, however much one of them asks', async () => {
  const lines = new Lines()
  const order: string[] = []
  let inside = 0
  const look = async (asker: string): Promise<void> => {
    await lines.enter(asker as UserId)
    inside += 1
    expect(inside).toBe(1)
    order.push(asker)
    await Promise.resolve()
    inside -= 1
    lines.leave()
  }
  const greedy = Array.from({ length: 20 }, () => look('greedy'))
  await Promise.all([...greedy, look('meek')])
  expect(order).toHaveLength(21)
  expect(order.indexOf('meek')).toBeLessThan(3)
  await look('later')
  expect(order.at(-1)).toBe('later')
})
