// Counts the tests of a vitest JSON report, so that nothing passes by not having run.

import { relative } from 'node:path'

/**
 * @typedef {{ status: string, ancestorTitles: string[], title: string }} Result
 * @typedef {{ testResults: { name: string, status: string, message: string, assertionResults: Result[] }[] }} Report
 */

/**
 * The totals, and a line for each skipped test and for each failure that is no test's own. The reason of a skip stands
 * in the name of the test, or of a group around it, after ` # `; without one the skip counts as a failure as well. In a
 * file that failed those are the tests that a failed hook kept from running: they count as one.
 * @param {Report} report
 * @param {string} root the files are named as seen from here
 */
export function tally(report, root) {
  const totals = { passed: 0, failed: 0, skipped: 0, lines: /** @type {string[]} */ ([]) }
  const fail = (/** @type {string} */ line) => {
    totals.failed++
    totals.lines.push(`✗ ${line}`)
  }
  for (const suite of report.testResults) {
    const file = relative(root, suite.name)
    let unrun = 0
    for (const { status, ancestorTitles, title } of suite.assertionResults) {
      if (status === 'passed') totals.passed++
      else if (status === 'failed') totals.failed++
      else {
        const parts = [...ancestorTitles, title].filter(part => part !== '').map(part => part.split(' # '))
        const name = `${file}: ${parts.map(([words]) => words).join(' > ')}`
        const reasons = parts.flatMap(([, ...reason]) => reason)
        totals.skipped++
        if (reasons.length > 0) totals.lines.push(`skipped: ${name}: ${reasons.join(', ')}`)
        else if (suite.status === 'failed') unrun++
        else fail(`${name} was skipped without a reason: add " # reason" to its name`)
      }
    }
    // It did not load, or a hook around its tests failed.
    const unexplained = suite.status === 'failed' && !suite.assertionResults.some(({ status }) => status === 'failed')
    if (unexplained) fail(`${file}: ${suite.message || 'failed outside of its tests'}`)
    if (unrun > 0) fail(`${file}: ${unrun} tests did not run`)
  }
  return totals
}
