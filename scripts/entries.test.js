// Each plain-JavaScript entry under the oldest Node that this machine has, in folders of their own, without a network:
// npm is played by a script that notes its arguments.

import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test } from 'vitest'
import { missing } from './prepare.js'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const OLD = olderNode()

/** @type {string[]} */
const folders = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

describe('an install is missing', () => {
  const lock = {
    'node_modules/a': { version: '1.0.0', integrity: 'x' },
    'node_modules/b': { version: '1.0.0', dev: true },
    'node_modules/c': { version: '1.0.0', optional: true },
    'packages/server': { version: '0.1.0' },
  }
  const complete = { 'node_modules/a': lock['node_modules/a'], 'node_modules/b': lock['node_modules/b'] }

  test('when there is none', () => {
    expect(missing({ root: checkout({ lock }) })).toBe('there is no complete install')
  })

  test('when npm was ended half way: it has not written what it installed', () => {
    const root = checkout({ lock, installed: complete })
    rmSync(join(root, 'node_modules/.package-lock.json'))
    expect(missing({ root })).toBe('there is no complete install')
  })

  test('when a package has gone', () => {
    const root = checkout({ lock, installed: complete })
    rmSync(join(root, 'node_modules/a'), { recursive: true })
    expect(missing({ root })).toContain('node_modules/a is missing')
  })

  test('when the lock file has moved on', () => {
    const root = checkout({ lock: { ...lock, 'node_modules/a': { version: '1.0.1' } }, installed: complete })
    expect(missing({ root })).toContain('node_modules/a is missing or of another version')
  })

  test('of the tests when only what the server needs is there', () => {
    const root = checkout({ lock, installed: { 'node_modules/a': lock['node_modules/a'] } })
    expect(missing({ root, dev: true })).toContain('node_modules/b is missing')
    expect(missing({ root })).toBeUndefined()
  })

  test('not when everything is there', () => {
    const root = checkout({ lock, installed: complete })
    expect(missing({ root, dev: true })).toBeUndefined()
    expect(missing({ root })).toBeUndefined()
  })
})

const older = OLD === undefined ? 'an older Node # this machine has none' : 'an older Node'
describe.skipIf(OLD === undefined)(`under ${older}`, () => {
  test('prepare says in one sentence what to do when install scripts are off', () => {
    const root = checkout({ lock: {}, installed: {} })
    const { status, stderr } = run(root, 'scripts/prepare.js')
    expect(stderr).toMatch(/^Conclave needs Node 24, .*run "npm rebuild node --ignore-scripts=false" .*\n$/)
    expect(status).toBe(1)
    expect(npmCalls(root)).toEqual(['rebuild node'])
  })

  test('prepare installs what is missing: for the server, or all', () => {
    const root = checkout({ lock: {}, node: true })
    expect(run(root, 'scripts/prepare.js')).toMatchObject({
      status: 0,
      stderr: expect.stringMatching(/^Installing .*\n$/),
    })
    rmSync(join(root, 'node_modules/.package-lock.json'))
    expect(run(root, 'scripts/prepare.js', '--dev')).toMatchObject({ status: 0 })
    expect(npmCalls(root)).toEqual(['ci --omit=dev', 'ci --include=dev'])
  })

  test('two commands at once install once', async () => {
    const root = checkout({ lock: {}, node: true, npm: `sleep 1\n${COMPLETE}` })
    const both = await Promise.all([1, 2].map(() => ended(start(root, 'scripts/prepare.js'))))
    expect(both).toEqual([
      [0, null],
      [0, null],
    ])
    expect(npmCalls(root)).toEqual(['ci --omit=dev'])
  })

  test('prepare waits for the npm of a command that was killed', async () => {
    const root = checkout({ lock: {}, node: true, npm: `sleep 4\n${COMPLETE}` })
    const first = start(root, 'scripts/prepare.js')
    await expect.poll(() => existsSync(join(root, 'npm.log'))).toBe(true)
    first.kill('SIGKILL')
    expect(run(root, 'scripts/prepare.js')).toMatchObject({
      status: 0,
      stderr: expect.stringMatching(/^Waiting .*\n$/),
    })
    expect(npmCalls(root)).toEqual(['ci --omit=dev'])
    expect(existsSync(join(root, '.installing'))).toBe(false)
  })

  test('prepare shows what npm printed when it failed', () => {
    const root = checkout({ lock: {}, npm: 'echo no network; exit 1' })
    const { status, stderr } = run(root, 'scripts/prepare.js')
    expect(stderr).toMatch(/^Installing .*\nno network\nConclave could not install .*\n$/)
    expect(status).toBe(1)
  })

  test('npm test says the same where npm leaves out pretest', () => {
    const root = checkout({ lock: {}, installed: {} })
    const { status, stderr } = run(root, 'scripts/test.js')
    expect(stderr).toContain('npm rebuild node --ignore-scripts=false')
    expect(status).toBe(1)
  })

  test("the command goes on under the project's Node, with its arguments and exit code", () => {
    const root = checkout({ lock: {}, installed: {}, node: true })
    writeCli(root, 'console.log(JSON.stringify({ node: process.versions.node, argv })); return 7')
    const { status, stdout } = run(root, COMMAND, 'user', 'a b')
    expect(JSON.parse(stdout)).toEqual({ node: process.versions.node, argv: ['user', 'a b'] })
    expect(status).toBe(7)
  })

  test('the command passes a signal on and ends as its server ends', async () => {
    const root = checkout({ lock: {}, installed: {}, node: true })
    writeCli(root, WAITING)
    const child = start(root, COMMAND)
    await line(child)
    child.kill('SIGTERM')
    expect(await line(child)).toBe('got SIGTERM')
    expect(await ended(child)).toEqual([5, null])
  })

  test('the command leaves no server behind when it is killed', async () => {
    const root = checkout({ lock: {}, installed: {}, node: true })
    writeCli(root, WAITING)
    const child = start(root, COMMAND)
    const pid = Number(await line(child))
    expect(pid).not.toBe(child.pid)
    child.kill('SIGKILL')
    expect(await line(child)).toBe('got SIGTERM')
    await closed(child)
  })

  test('the command of this checkout answers', () => {
    expect(missing()).toBeUndefined()
    const { status, stdout, stderr } = run(ROOT, COMMAND, '--help')
    expect(stderr).toBe('')
    expect(stdout).toContain('conclave')
    expect(status).toBe(0)
  })
})

const COMMAND = 'packages/server/bin/conclave.js'
const COMPLETE = 'mkdir -p node_modules; echo \'{"packages":{}}\' > node_modules/.package-lock.json'
const WAITING = `
  setInterval(() => {}, 1000)
  process.on('SIGTERM', () => { console.log('got SIGTERM'); process.exit(5) })
  console.log(process.pid)
  return await new Promise(() => {})`

/**
 * A folder that looks like a fresh clone of this project with these packages locked and installed.
 * @param {{ lock: object, installed?: Record<string, object>, node?: boolean, npm?: string }} of
 */
function checkout({ lock, installed, node = false, npm = '' }) {
  const root = mkdtempSync(join(tmpdir(), 'conclave-entry-'))
  folders.push(root)
  for (const path of ['scripts', 'packages/server/bin', 'packages/server/package.json', 'package.json']) {
    cpSync(join(ROOT, path), join(root, path), { recursive: true })
  }
  write(join(root, 'package-lock.json'), JSON.stringify({ packages: lock }))
  if (installed !== undefined) {
    write(join(root, 'node_modules/.package-lock.json'), JSON.stringify({ packages: installed }))
  }
  for (const path of Object.keys(installed ?? {})) write(join(root, path, 'package.json'), '{}')
  if (node) executable(join(root, 'node_modules/.bin/node'), `exec "${process.execPath}" "$@"`)
  executable(join(root, 'path/npm'), `echo "$@" >> npm.log\n${npm || COMPLETE}`)
  return root
}

/**
 * @param {string} root
 * @param {string} body of `main(argv)`
 */
function writeCli(root, body) {
  write(
    join(root, 'packages/server/src/cli.ts'),
    `export async function main(argv: string[]): Promise<number> {${body}}`,
  )
}

/** @param {string} root */
function npmCalls(root) {
  return readFileSync(join(root, 'npm.log'), 'utf8').trim().split('\n')
}

/**
 * @param {string} root
 * @param {string[]} args
 */
function run(root, ...args) {
  return spawnSync(/** @type {string} */ (OLD), args, { cwd: root, env: environment(root), encoding: 'utf8' })
}

/**
 * @param {string} root
 * @param {string} script
 */
function start(root, script) {
  return spawn(/** @type {string} */ (OLD), [script], {
    cwd: root,
    env: environment(root),
    stdio: ['ignore', 'pipe', 'ignore'],
  })
}

/** @param {string} root */
function environment(root) {
  return { ...process.env, PATH: [join(root, 'path'), process.env.PATH].join(delimiter) }
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @returns {Promise<string>}
 */
function line(child) {
  return new Promise(resolve => child.stdout?.once('data', text => resolve(String(text).trim())))
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @returns {Promise<[number | null, string | null]>}
 */
function ended(child) {
  return new Promise(resolve => child.once('exit', (code, signal) => resolve([code, signal])))
}

/**
 * Resolves when the process and all that wrote to its output are gone.
 * @param {import('node:child_process').ChildProcess} child
 */
function closed(child) {
  return new Promise(resolve => child.stdout?.once('end', resolve))
}

function olderNode() {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const node = join(folder, 'node')
    if (!existsSync(node)) continue
    const version = spawnSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8' }).stdout
    if (Number.parseInt(version, 10) < 24) return node
  }
  return undefined
}

/**
 * @param {string} file
 * @param {string} text
 */
function write(file, text) {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}

/**
 * @param {string} file
 * @param {string} text
 */
function executable(file, text) {
  write(file, `#!/bin/sh\n${text}\n`)
  chmodSync(file, 0o755)
}
