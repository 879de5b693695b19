// What every Quota does. An adapter's test calls quotaContract with a clock that it moves itself.
import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Quota } from './quota.ts'

export interface OpenQuota {
  readonly quota: Quota
  /** ms since 1970 on the quota's clock. */
  now(): number
  /** Lets that many ms pass. */
  pass(ms: number): Promise<void>
}

const THREE = { limit: 3, window: 1_000 }

export function quotaContract(name: string, open: () => Promise<OpenQuota>): void {
  describe(`quota: ${name}`, () => {
    let opened: OpenQuota
    let quota: Quota
    beforeEach(async () => {
      opened = await open()
      quota = opened.quota
    })

    test('as many as the limit are allowed in a window, and no more', async () => {
      const resetsAt = opened.now() + 1_000
      expect(await quota.take('a', THREE)).toEqual({ allowed: true, remaining: 2, resetsAt })
      expect(await quota.take('a', THREE)).toEqual({ allowed: true, remaining: 1, resetsAt })
      expect(await quota.take('a', THREE)).toEqual({ allowed: true, remaining: 0, resetsAt })
      expect(await quota.take('a', THREE)).toEqual({ allowed: false, remaining: 0, resetsAt })
    })

    test('what a node counts by itself is counted at once, by the same rules', async () => {
      const resetsAt = opened.now() + 1_000
      const takeHere = (cost?: number) => quota.takeHere('here', { limit: 1, window: 1_000 }, cost)
      expect([takeHere(0).remaining, takeHere(2).allowed]).toEqual([1, false])
      expect(takeHere()).toEqual({ allowed: true, remaining: 0, resetsAt })
      expect(takeHere()).toEqual({ allowed: false, remaining: 0, resetsAt })
      await opened.pass(1_000)
      expect(takeHere().allowed).toBe(true)
    })

    test('a window begins with its first taking and ends after its length, however often it was asked', async () => {
      for (let n = 0; n < 5; n++) await quota.take('a', THREE)
      await opened.pass(999)
      expect((await quota.take('a', THREE)).allowed).toBe(false)
      await opened.pass(1)
      expect(await quota.take('a', THREE)).toEqual({ allowed: true, remaining: 2, resetsAt: opened.now() + 1_000 })
    })

    test('keys do not know each other', async () => {
      for (let n = 0; n < 3; n++) await quota.take('a', THREE)
      expect((await quota.take('b', THREE)).allowed).toBe(true)
      expect((await quota.take('a', THREE)).allowed).toBe(false)
    })

    test('a cost counts at once, and one that is refused is not counted', async () => {
      expect((await quota.take('a', THREE, 2)).remaining).toBe(1)
      expect(await quota.take('a', THREE, 2)).toMatchObject({ allowed: false, remaining: 1 })
      expect((await quota.take('a', THREE, 1)).allowed).toBe(true)
    })

    test('a limit of nothing allows nothing', async () => {
      expect((await quota.take('a', { limit: 0, window: 1_000 })).allowed).toBe(false)
    })

    test('a key that is cleared begins anew', async () => {
      for (let n = 0; n < 3; n++) await quota.take('a', THREE)
      await quota.clear('a')
      await quota.clear('never taken')
      expect((await quota.take('a', THREE)).remaining).toBe(2)
    })

    test('takings at the same time are counted one by one', async () => {
      const taken = await Promise.all(Array.from({ length: 10 }, () => quota.take('a', THREE)))
      expect(taken.filter(each => each.allowed).length).toBe(3)
    })

    test('no window ever gives more than its limit', async () => {
      const step = fc.record({
        key: fc.constantFrom('a', 'b'),
        cost: fc.integer({ min: 1, max: 3 }),
        wait: fc.nat(600),
      })
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 50 }), async steps => {
          const tested = await open()
          const given = new Map<string, number>()
          for (const { key, cost, wait } of steps) {
            await tested.pass(wait)
            const taken = await tested.quota.take(key, THREE, cost)
            expect(taken.resetsAt).toBeGreaterThan(tested.now())
            if (!taken.allowed) continue
            const window = `${key} ${taken.resetsAt}`
            given.set(window, (given.get(window) ?? 0) + cost)
            expect(taken.remaining).toBe(3 - (given.get(window) as number))
          }
          for (const sum of given.values()) expect(sum).toBeLessThanOrEqual(3)
        }),
      )
    })
  })
}
