import fc from 'fast-check'
import { expect, test } from 'vitest'
import { durationFault, durationMs } from './duration.ts'

const now = Date.UTC(2026, 0, 1)

test.each([
  ['0s', 0],
  ['5s', 5_000],
  ['+5m', 300_000],
  ['2h', 7_200_000],
  ['1d', 86_400_000],
  ['0005d', 432_000_000],
])('%s lasts %i ms', (text, ms) => {
  expect(durationMs(text, now)).toBe(ms)
})

test.each([
  ['1.5h', 'invalid ban duration, not a number: 1.5h'],
  ['+-5m', 'invalid ban duration, not a number: -5m'],
  ['++5m', 'invalid ban duration, not a number: +5m'],
  ['-5m', 'can not set negative ban duration: -5m'],
  ['5M', 'invalid ban duration: 5M'],
  [' 5m', 'invalid ban duration, not a number:  5m'],
  ['٥m', 'invalid ban duration, not a number: ٥m'],
  ['5m\n', 'invalid ban duration: 5m\n'],
  [`${'0'.repeat(40)}5s`, `invalid ban duration, not a number: ${'0'.repeat(32)}…`],
  ['99999999999d', 'invalid ban duration: 99999999999d'],
])('%j is refused', (text, fault) => {
  expect(durationMs(text, now)).toBeUndefined()
  expect(durationFault(text)).toBe(fault)
})

test('a ban ends before the year 10000', () => {
  const last = Date.UTC(10_000, 0, 1) - 1_000
  expect(durationMs('1s', last)).toBeUndefined()
  expect(durationMs('0s', last)).toBe(0)
  expect(durationMs('1s', last - 1)).toBe(1_000)
})

test('any text gives a duration that ends in time, or a short fault', () => {
  const texts = fc.oneof(fc.string({ maxLength: 200 }), fc.stringMatching(/^\+?[0-9]{0,40}[smhdx]?$/))
  fc.assert(
    fc.property(texts, text => {
      const ms = durationMs(text, now)
      if (ms === undefined) expect(durationFault(text).length).toBeLessThan(100)
      else expect(new Date(now + ms).getUTCFullYear()).toBeLessThan(10_000)
    }),
  )
})
