import { expect, test } from 'vitest'
import { tally } from './report.js'

/**
 * @param {[status: string, ...names: string[]][]} tests
 * @param {{ status?: string, message?: string }} suite
 */
function report(tests, { status = 'passed', message = '' } = {}) {
  const assertionResults = tests.map(([status, ...names]) => ({
    status,
    ancestorTitles: ['', ...names.slice(0, -1)],
    title: names.at(-1) ?? '',
  }))
  return { testResults: [{ name: '/root/a.test.ts', status, message, assertionResults }] }
}

test('passed and failed tests are counted', () => {
  const tests = report(
    [
      ['passed', 'a'],
      ['passed', 'b'],
      ['failed', 'c'],
    ],
    { status: 'failed' },
  )
  expect(tally(tests, '/root')).toEqual({ passed: 2, failed: 1, skipped: 0, lines: [] })
})

test('a skipped test is named with its reason, or that of its group', () => {
  const tests = report([
    ['skipped', 'group', 'a # no disk'],
    ['pending', 'group # no Node', 'b'],
  ])
  expect(tally(tests, '/root')).toEqual({
    passed: 0,
    failed: 0,
    skipped: 2,
    lines: ['skipped: a.test.ts: group > a: no disk', 'skipped: a.test.ts: group > b: no Node'],
  })
})

test.each(['skipped', 'pending', 'todo', 'disabled'])('a test that is %s without a reason fails the run', status => {
  expect(tally(report([[status, 'a']]), '/root')).toEqual({
    passed: 0,
    failed: 1,
    skipped: 1,
    lines: ['✗ a.test.ts: a was skipped without a reason: add " # reason" to its name'],
  })
})

test('a file that does not load counts as failed', () => {
  const tests = report([], { status: 'failed', message: 'no such module' })
  expect(tally(tests, '/root')).toEqual({ passed: 0, failed: 1, skipped: 0, lines: ['✗ a.test.ts: no such module'] })
})

test('a hook that fails after its tests passed counts as failed', () => {
  const tests = report([['passed', 'a']], { status: 'failed' })
  expect(tally(tests, '/root')).toMatchObject({ passed: 1, failed: 1 })
})

test('tests that a failed hook kept from running count as one failure, and as skipped', () => {
  const tests = report(
    [
      ['skipped', 'a'],
      ['skipped', 'b'],
      ['skipped', 'c # no disk'],
    ],
    { status: 'failed' },
  )
  expect(tally(tests, '/root')).toEqual({
    passed: 0,
    failed: 2,
    skipped: 3,
    lines: [
      'skipped: a.test.ts: c: no disk',
      '✗ a.test.ts: failed outside of its tests',
      '✗ a.test.ts: 2 tests did not run',
    ],
  })
})
