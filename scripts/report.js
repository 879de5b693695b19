// Counts the tests of a vitest JSON report, so that nothing passes by not having run.

import { relative } from 'node:path'
import { stripVTControlCharacters } from 'node:util'

/**
 * @typedef {{ status: string, ancestorTitles: string[], title: string, failureMessages?: string[] }} Result
 * @typedef {{ testResults: { name: string, status: string, message: string, assertionResults: Result[] }[] }} Report
 */

/** A message's first line says what went wrong; a diff or a page of HTML on it does not have to stand at the end too. */
const MESSAGE_CHARACTERS = 300

/**
 * The totals, and a line for each skipped test and for each failure. The reason of a skip stands in the name of the
 * test, or of a group around it, after ` # `; without one the skip counts as a failure as well. In a file that failed
 * those are the tests that a failed hook kept from running: they count as one. What failed comes last, so that the end
 * of a long output, which is all that some keep, names it.
 * @param {Report} report
 * @param {string} root the files are named as seen from here
 */
export function tally(report, root) {
  const totals = { passed: 0, failed: 0, skipped: 0, lines: /** @type {string[]} */ ([]) }
  const failures = /** @type {string[]} */ ([])
  const fail = (/** @type {string} */ line) => {
    totals.failed++
    failures.push(`failed: ${line}`)
  }
  for (const suite of report.testResults) {
    const file = relative(root, suite.name)
    let unrun = 0
    for (const { status, ancestorTitles, title, failureMessages } of suite.assertionResults) {
      const parts = [...ancestorTitles, title].filter(part => part !== '').map(part => part.split(' # '))
      const name = `${file}: ${parts.map(([words]) => words).join(' > ')}`
      if (status === 'passed') totals.passed++
      else if (status === 'failed') fail(`${name}: ${firstLine(failureMessages?.[0])}`)
      else {
        const reasons = parts.flatMap(([, ...reason]) => reason)
        totals.skipped++
        if (reasons.length > 0) totals.lines.push(`skipped: ${name}: ${reasons.join(', ')}`)
        else if (suite.status === 'failed') unrun++
        else fail(`${name} was skipped without a reason: add " # reason" to its name`)
      }
    }
    // It did not load, or a hook around its tests failed.
    const unexplained = suite.status === 'failed' && !suite.assertionResults.some(({ status }) => status === 'failed')
    if (unexplained) fail(`${file}: ${firstLine(suite.message, 'failed outside of its tests')}`)
    if (unrun > 0) fail(`${file}: ${unrun} tests did not run`)
  }
  totals.lines.push(...failures)
  return totals
}

/** @param {string | undefined} message */
function firstLine(message, otherwise = 'without a message') {
  const line = /\S[^\n]*/.exec(stripVTControlCharacters(message ?? ''))?.[0] ?? otherwise
  return line.length > MESSAGE_CHARACTERS ? `${line.slice(0, MESSAGE_CHARACTERS)}…` : line
}
