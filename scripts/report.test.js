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
  expect(tally(tests, '/root')).toEqual({
    passed: 2,
    failed: 1,
    skipped: 0,
    lines: ['failed: a.test.ts: c: without a message'],
  })
})

test('each failed test is named after everything else, with the first line of what it says, cut to a bounded length', () => {
  const failing = (/** @type {string} */ title, /** @type {string} */ message) => ({
    status: 'failed',
    ancestorTitles: ['', 'group'],
    title,
    failureMessages: [message, 'Error: another'],
  })
  const { testResults } = report([['skipped', 'b # no disk']])
  const failures = [
    failing('colours', '\u001b[31mAssertionError\u001b[39m: expected 1 to be 2\n    at a.test.ts:3'),
    failing('long', 'x'.repeat(100_000)),
  ]
  testResults.unshift({ name: '/root/0.test.ts', status: 'failed', message: '', assertionResults: failures })
  const { failed, lines } = tally({ testResults }, '/root')
  expect(failed).toBe(2)
  expect(lines).toEqual([
    'skipped: a.test.ts: b: no disk',
    'failed: 0.test.ts: group > colours: AssertionError: expected 1 to be 2',
    `failed: 0.test.ts: group > long: ${'x'.repeat(300)}…`,
  ])
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
    lines: ['failed: a.test.ts: a was skipped without a reason: add " # reason" to its name'],
  })
})

test('a file that does not load counts as failed', () => {
  const tests = report([], { status: 'failed', message: 'no such module' })
  expect(tally(tests, '/root')).toEqual({
    passed: 0,
    failed: 1,
    skipped: 0,
    lines: ['failed: a.test.ts: no such module'],
  })
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
      'failed: a.test.ts: failed outside of its tests',
      'failed: a.test.ts: 2 tests did not run',
    ],
  })
})
