// Installs what is missing before a command of this project runs. Only what Node 20 has, for the
// project's own Node is among what may be missing.
//
//   node scripts/prepare.js          what the server needs
//   node scripts/prepare.js --dev    what the tests, the checks and the bench need too

import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const NODE_MAJOR = 24
const ROOT = fileURLToPath(new URL('..', import.meta.url))

// npm writes this file when an install is complete, and nothing earlier: it is the stamp. An install that
// somebody did by hand carries it too.
const INSTALLED = join('node_modules', '.package-lock.json')
// After that many ms a process id may be another's.
const LONGEST_INSTALL = 15 * 60 * 1000

/**
 * Makes sure that the packages and the project's Node are there.
 * @param {{ dev?: boolean, root?: string }} options
 * @returns {Promise<boolean>} false when something is missing still; what to do about it was printed then
 */
export async function prepare({ dev = false, root = ROOT } = {}) {
  if (missing({ dev, root }) === undefined && nodePath(root) !== undefined) return true
  const turn = await takeTurn(root)
  try {
    return await install(root, dev, turn)
  } finally {
    rmSync(turn, { force: true })
  }
}

/**
 * @param {string} root
 * @param {boolean} dev
 * @param {string} turn
 */
async function install(root, dev, turn) {
  const reason = missing({ dev, root })
  if (reason !== undefined) {
    say(`Installing packages with npm ci (${reason}) ...`)
    // The packages of the tests stay where they have been installed before.
    const all = dev || Object.values(read(join(root, INSTALLED))).some(entry => entry.dev)
    rmSync(join(root, INSTALLED), { force: true })
    const failure = await npm(root, turn, 'ci', all ? '--include=dev' : '--omit=dev')
    if (failure !== undefined) {
      say(`${failure}\nConclave could not install its packages: npm ci failed, see above.`)
      return false
    }
  }
  if (nodePath(root) !== undefined) return true
  const failure = await npm(root, turn, 'rebuild', 'node')
  if (nodePath(root) !== undefined) return true
  if (failure !== undefined) say(failure)
  say(
    `Conclave needs Node ${NODE_MAJOR}, which the install script of the npm package "node" brings, and install scripts ` +
      `seem to be off: run "npm rebuild node --ignore-scripts=false" in ${root} and try again.`,
  )
  return false
}

/**
 * Why an install is needed, or undefined when every package of the lock file is there.
 * @param {{ dev?: boolean, root?: string }} options
 * @returns {string | undefined}
 */
export function missing({ dev = false, root = ROOT } = {}) {
  if (!existsSync(join(root, INSTALLED))) return 'there is no complete install'
  const installed = read(join(root, INSTALLED))
  for (const [path, locked] of Object.entries(read(join(root, 'package-lock.json')))) {
    const elsewhere = !path.includes('node_modules/') || locked.optional || locked.devOptional || (locked.dev && !dev)
    if (elsewhere) continue
    const found = installed[path]
    const same = found?.version === locked.version && found?.integrity === locked.integrity
    if (!same || !existsSync(join(root, path, 'package.json'))) return `${path} is missing or of another version`
  }
  return undefined
}

/**
 * A Node that is new enough: the one that runs this, or the project's own.
 * @param {string} root
 * @returns {string | undefined}
 */
export function nodePath(root = ROOT) {
  if (major(process.version) >= NODE_MAJOR) return process.execPath
  const own = join(root, 'node_modules', '.bin', 'node')
  return major(spawnSync(own, ['-v'], { encoding: 'utf8' }).stdout) >= NODE_MAJOR ? own : undefined
}

/** @param {string | null} version such as v24.1.0 */
function major(version) {
  return Number.parseInt((version ?? '').slice(1), 10) || 0
}

/**
 * @param {string} file a lock file of npm
 * @returns {Record<string, { version?: string, integrity?: string, dev?: boolean, optional?: boolean, devOptional?: boolean }>}
 */
function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages
  } catch {
    return {}
  }
}

/**
 * Runs npm quietly and resolves to what it printed when it failed. npm runs under the machine's Node, never
 * under the project's: it may be replacing that one.
 * @param {string} root
 * @param {string} turn
 * @param {string[]} args
 * @returns {Promise<string | undefined>}
 */
function npm(root, turn, ...args) {
  const own = join('node_modules', '.bin')
  const path = (process.env.PATH ?? '').split(delimiter).filter(folder => !folder.endsWith(own))
  const child = spawn('npm', args, {
    cwd: root,
    env: { ...process.env, PATH: path.join(delimiter) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  // npm goes on when this process is killed: then its turn is not over.
  if (child.pid !== undefined) writeFileSync(turn, String(child.pid))
  const stop = (/** @type {NodeJS.Signals} */ signal) => child.kill(signal)
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.once(signal, stop)
  return new Promise(resolve => {
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', text => {
        output += text
      })
    }
    child.on('error', error => resolve(`npm cannot be started: ${error.message}`))
    child.on('close', (code, signal) => {
      for (const name of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.off(name, stop)
      if (code === 0) return resolve(undefined)
      resolve(`${output}\n${signal ? `npm was ended by ${signal}.` : ''}`.trim())
    })
  })
}

/**
 * Waits until nobody else installs here (two commands at once, or the npm of a command that was killed), and
 * keeps the others waiting: with a file that names the process whose turn it is.
 * @param {string} root
 * @returns {Promise<string>} the file, to be removed at the end
 */
async function takeTurn(root) {
  const file = join(root, '.installing')
  for (let waited = false; ; waited = true) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' })
      return file
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error
    }
    if (!installing(file)) rmSync(file, { force: true })
    else if (waited) await sleep(200)
    else say('Waiting for another install of these packages ...')
  }
}

/**
 * Whether the process that the file names still runs. Where there is no /proc nobody waits.
 * @param {string} file
 */
function installing(file) {
  try {
    const pid = readFileSync(file, 'utf8')
    const fresh = Date.now() - statSync(file).mtimeMs < LONGEST_INSTALL
    return fresh && (pid === '' || readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== '')
  } catch {
    return false
  }
}

/** @param {string} text */
function say(text) {
  process.stderr.write(`${text}\n`)
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  process.exitCode = (await prepare({ dev: process.argv.includes('--dev') })) ? 0 : 1
}
