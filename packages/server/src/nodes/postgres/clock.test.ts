import { expect, test } from 'vitest'
import { FollowingClock } from './clock.ts'

function held() {
  let count = 1_000
  const clock = new FollowingClock(() => count)
  return { clock, pass: (ms: number) => (count += ms) }
}

test('it shows what the other clock showed, and goes on by the count alone', () => {
  const { clock, pass } = held()
  clock.follow(1_700_000_000_000, 990, 1_010)
  expect(clock.now()).toBe(1_700_000_000_000)
  pass(12_345)
  expect(clock.now()).toBe(1_700_000_012_345)
})

test('an answer that says nothing else leaves it as it is, however long it took', () => {
  const { clock, pass } = held()
  clock.follow(1_700_000_000_000, 1_000, 1_000)
  pass(3_000)
  clock.follow(1_700_000_000_010, 1_000, 4_000)
  expect(clock.now()).toBe(1_700_000_003_000)
})

test('a clock that was wrong by an hour is followed at once', () => {
  const { clock } = held()
  clock.follow(1_700_003_600_000, 1_000, 1_000)
  clock.follow(1_700_000_000_000, 1_000, 1_000)
  expect(clock.now()).toBe(1_700_000_000_000)
})

test('before the first answer it shows nothing', () => {
  expect(() => new FollowingClock().now()).toThrow()
})
