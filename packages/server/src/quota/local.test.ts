import { expect, test } from 'vitest'
import { quotaContract } from './contract.ts'
import { localQuota } from './local.ts'

function held() {
  let now = 1_700_000_000_000
  const quota = localQuota({ now: () => now })
  return {
    quota,
    now: () => now,
    pass: async (ms: number) => {
      now += ms
    },
  }
}

quotaContract('local', async () => held())

test('windows that are over are dropped', async () => {
  const { quota, pass } = held()
  for (let n = 0; n < 50_000; n++) {
    await quota.take(`key ${n}`, { limit: 1, window: 100 })
    if (n % 10 === 0) await pass(1)
  }
  // 1,000 windows are in force at a time.
  expect(quota.size).toBeLessThanOrEqual(2_048)
})

test('a clock that is set back does not prolong a window', async () => {
  const { quota, pass } = held()
  await quota.take('a', { limit: 1, window: 1_000 })
  await pass(-86_400_000)
  expect((await quota.take('a', { limit: 1, window: 1_000 })).allowed).toBe(true)
})
