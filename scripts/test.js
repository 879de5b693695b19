// What `npm test` runs: the static checks one by one, every suite beside them, then a line for each failure, then the totals. The
// last line is `N passed, N failed`, with `, N skipped` where some were. Only what Node 20 has: with install scripts off,
// npm leaves out `pretest` and starts this under the machine's own Node.
//
//   node scripts/test.js              everything
//   node scripts/test.js --static     the static checks alone
//   node scripts/test.js room acks    the static checks, and the suites whose path has one of the words
//   node scripts/test.js --suites …   without the static checks

import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { prepare } from './prepare.js'
import { tally } from './report.js'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

const CHECKS = /** @type {const} */ ([
  ['types', 'tsc', '--noEmit'],
  ['format and lint', 'biome', 'ci', '--colors=off', '--error-on-warnings'],
  ['lint with types', 'oxlint'],
  ['dependency rule', 'node', 'scripts/dependencies.js'],
])

const started = Date.now()
const words = process.argv.slice(2).filter(word => !word.startsWith('--'))
const totals = { passed: 0, failed: 0, skipped: 0 }
const failures = /** @type {string[]} */ ([])

if (!(await prepare({ dev: true }))) process.exit(1)
const running = /** @type {Set<import('node:child_process').ChildProcess>} */ (new Set())
for (const signal of /** @type {const} */ (['SIGTERM', 'SIGHUP'])) {
  process.on(signal, () => {
    for (const child of running) child.kill(signal)
    process.exit(1)
  })
}
const checking = process.argv.includes('--suites') ? undefined : checks()
if (!process.argv.includes('--static')) await suites()
await checking

const { passed, failed, skipped } = totals
for (const line of failures) console.log(line)
console.log(`\n${seconds(started)} in all`)
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
process.exitCode = failed === 0 && passed > 0 ? 0 : 1

async function checks() {
  for (const [name, command, ...args] of CHECKS) await check(name, command, args)
}

/**
 * @param {string} name
 * @param {string} command
 * @param {string[]} args
 */
async function check(name, command, args) {
  const start = Date.now()
  const { code, output } = await run(command, args, 'pipe')
  console.log(`${code === 0 ? '✓' : '✗'} ${name} (${seconds(start)})`)
  if (code === 0) totals.passed++
  else {
    console.log(output)
    fail(name)
  }
}

async function suites() {
  const folder = mkdtempSync(join(tmpdir(), 'conclave-test-'))
  const file = join(folder, 'report.json')
  try {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
    const { code } = await run('vitest', ['run', '--allowOnly=false', ...reporters, ...words], 'inherit')
    const { lines, ...counts } = tally(JSON.parse(readFileSync(file, 'utf8')), ROOT)
    for (const line of lines) console.log(line)
    totals.passed += counts.passed
    totals.failed += counts.failed
    totals.skipped += counts.skipped
    if (code !== 0 && counts.failed === 0) fail('the test run ended with an error outside of any test')
    if (counts.passed === 0) fail('no test ran')
  } catch (error) {
    fail(`the test run left no report: ${error}`)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** @param {string} message */
function fail(message) {
  totals.failed++
  failures.push(`failed: ${message}`)
}

/**
 * @param {string} command one of the project's own
 * @param {readonly string[]} args
 * @param {'pipe' | 'inherit'} stdio
 * @returns {Promise<{ code: number | null, output: string }>}
 */
function run(command, args, stdio) {
  const path = [join(ROOT, 'node_modules', '.bin'), process.env.PATH].join(delimiter)
  const child = spawn(command, args, {
    cwd: ROOT,
    env: { ...process.env, PATH: path, ...(stdio === 'pipe' && { NO_COLOR: '1' }) },
    stdio: ['ignore', stdio, stdio],
  })
  running.add(child)
  return new Promise((resolve, reject) => {
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', text => {
        output += text
      })
    }
    child.on('error', reject)
    child.on('close', code => {
      running.delete(child)
      resolve({ code, output })
    })
  })
}

/** @param {number} since ms */
function seconds(since) {
  return `${((Date.now() - since) / 1000).toFixed(1)} s`
}
