// Slices of the event loop: nobody waits without load; under load sockets get their turn, and those who are here go first.
import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { SLICE } from './limits.ts'
import { Pace } from './pace.ts'

/** Each request takes a millisecond of a clock that only requests move. */
function clocked() {
  let now = 0
  const pace = new Pace(() => now)
  const done: string[] = []
  const work = async (name: string, standing: 'here' | 'arriving', requests: number): Promise<void> => {
    for (let i = 0; i < requests; i++) {
      const waiting = pace.next(standing)
      if (waiting) await waiting
      now += 1
      done.push(name)
    }
  }
  return { pace, done, work }
}

test('without load nobody waits', async () => {
  const { done, work } = clocked()
  const working = work('a', 'here', SLICE)
  expect(done).toHaveLength(SLICE)
  await working
})

test('a slice is as long as it may be, then the event loop goes on', async () => {
  const { done, work } = clocked()
  const working = work('a', 'here', 5 * SLICE)
  const seen: number[] = []
  while (done.length < 5 * SLICE) {
    seen.push(done.length)
    await turn()
  }
  await working
  expect(seen[0]).toBe(SLICE)
  for (let i = 1; i < seen.length; i++) expect((seen[i] as number) - (seen[i - 1] as number)).toBeLessThanOrEqual(SLICE)
})

test('everybody gets a turn, in the order of asking', async () => {
  const { done, work } = clocked()
  await Promise.all(['a', 'b', 'c'].map(name => work(name, 'arriving', 4 * SLICE)))
  const contended = done.slice(SLICE, SLICE + 9)
  expect(new Set(contended).size).toBe(3)
  expect(done.filter(name => name === 'b')).toHaveLength(4 * SLICE)
})

test('who is here overtakes a thousand who arrive, and these arrive all the same', async () => {
  const { done, work } = clocked()
  const crowd = Array.from({ length: 1_000 }, (_, i) => work(`crowd ${i}`, 'arriving', 2))
  const before = done.length
  const talking = work('talker', 'here', 20)
  await talking
  expect(done.length - before).toBeLessThan(60)
  expect(done.slice(before).some(name => name.startsWith('crowd'))).toBe(true)
  await Promise.all(crowd)
  expect(done).toHaveLength(2_020)
})
