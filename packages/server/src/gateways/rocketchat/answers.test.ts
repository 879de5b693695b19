// Answers leave in the order of their places, whichever is known first.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Answers } from './answers.ts'

test('whatever the order in which they are known', () => {
  const orders = fc
    .integer({ min: 0, max: 30 })
    .chain(count => fc.shuffledSubarray([...Array(count).keys()], { minLength: count }))
  fc.assert(
    fc.property(orders, order => {
      const left: number[] = []
      const answers = new Answers<number>(answer => left.push(answer))
      const places = order.map(() => answers.place())
      for (const at of order) {
        answers.give(places[at] as (typeof places)[number], at)
        expect(left).toEqual(left.map((_, n) => n))
      }
      expect(left).toHaveLength(order.length)
      expect(answers.atMost(0)).toBeNull()
    }),
  )
})

test('who waits until no more than so many are under way goes on then, and not before', async () => {
  const answers = new Answers<string>(() => {})
  const [first, second, third, last] = [answers.place(), answers.place(), answers.place(), answers.place()]
  expect([answers.size, answers.atMost(4)]).toEqual([4, null])
  let isOn = false
  const waiting = answers.atMost(1)?.then(() => {
    isOn = true
  })
  answers.give(third, 'c')
  answers.give(first, 'a')
  await Promise.resolve()
  expect(isOn).toBe(false)
  answers.give(second, 'b')
  await waiting
  expect([isOn, answers.size]).toEqual([true, 1])
  answers.give(last, 'd')
  expect(answers.atMost(0)).toBeNull()
})
