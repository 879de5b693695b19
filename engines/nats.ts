// NATS servers of the tests' own, on free ports of loopback: one, or some that form a cluster. JetStream is on, and keeps its
// streams in a folder that goes with them.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { natsServer } from '../scripts/engines.js'
import { freePort } from './ports.ts'

export interface NatsOptions {
  /** How many servers form the cluster. */
  readonly servers?: number
  /** User and password that a client needs; none by default. */
  readonly user?: string
  readonly password?: string
  /** Further lines of its configuration file. */
  readonly config?: string
}

export interface NatsServer {
  /** Of clients, without a user. */
  readonly url: string
  readonly port: number
  /** Of its process; 0 while it is not running. */
  readonly pid: number
  /** SIGKILL; `start` brings it back on the same ports. */
  kill(): Promise<void>
  /** Resolves when it answers; not before the cluster is whole again. */
  start(): Promise<void>
  /** It stands still with its connections open, and goes on. Resolves when it does. */
  freeze(): Promise<void>
  thaw(): void
}

export interface Nats {
  /** Every server's, parted by commas. */
  readonly url: string
  readonly servers: readonly NatsServer[]
  /** Resolves when every running server has a route to every other one. */
  whole(): Promise<void>
  /** Kills them and removes their files. */
  stop(): Promise<void>
}

/** ms in which they have to be up, and to have found each other. */
const STARTING = 20_000

export async function startNats({ servers = 1, user, password = '', config }: NatsOptions = {}): Promise<Nats> {
  const program = natsServer()
  const folder = mkdtempSync(join(tmpdir(), 'conclave-nats-'))
  const places: Place[] = []
  for (let i = 0; i < servers; i++)
    places.push({ client: await freePort(), cluster: await freePort(), monitor: await freePort() })
  const routes = places.map(({ cluster }) => `nats://127.0.0.1:${cluster}`).join(',')
  const all = places.map((place, i) => {
    const { client, cluster, monitor } = place
    const args = [
      '-a',
      '127.0.0.1',
      '-p',
      `${client}`,
      '-m',
      `${monitor}`,
      '-n',
      `n${i}`,
      '-js',
      '-sd',
      join(folder, `${i}`),
    ]
    if (servers > 1)
      args.push(
        '--cluster_name',
        'test',
        '--no_advertise',
        '--cluster',
        `nats://127.0.0.1:${cluster}`,
        '--routes',
        routes,
      )
    if (config !== undefined) args.push('-c', written(join(folder, 'nats.conf'), config))
    if (user !== undefined) args.push('--user', user, '--pass', password)
    return new Server(program, args, place)
  })
  const nats: Nats = {
    url: all.map(({ url }) => url).join(','),
    servers: all,
    whole: () => whole(all),
    stop: async () => {
      await Promise.all(all.map(server => server.kill()))
      rmSync(folder, { recursive: true, force: true })
    },
  }
  try {
    await Promise.all(all.map(server => server.start()))
    await nats.whole()
  } catch (error) {
    await nats.stop()
    throw error
  }
  return nats
}

function written(path: string, text: string): string {
  writeFileSync(path, text)
  return path
}

interface Place {
  readonly client: number
  readonly cluster: number
  readonly monitor: number
}

class Server implements NatsServer {
  readonly url: string
  readonly port: number
  readonly #program: string
  readonly #args: readonly string[]
  readonly #monitor: string
  #child: ChildProcess | null = null
  #said = ''

  constructor(program: string, args: readonly string[], { client, monitor }: Place) {
    this.#program = program
    this.#args = args
    this.#monitor = `http://127.0.0.1:${monitor}`
    this.port = client
    this.url = `nats://127.0.0.1:${client}`
  }

  get pid(): number {
    return this.#running ? (this.#child?.pid ?? 0) : 0
  }

  get #running(): boolean {
    return this.#child !== null && this.#child.exitCode === null && this.#child.signalCode === null
  }

  async start(): Promise<void> {
    if (this.#running) return
    const child = spawn(this.#program, this.#args, { cwd: '/', stdio: ['ignore', 'ignore', 'pipe'] })
    this.#child = child
    this.#said = ''
    child.stderr?.on('data', (text: Buffer) => {
      this.#said = `${this.#said}${text}`.slice(-4_000)
    })
    const until = Date.now() + STARTING
    while ((await this.asked('/healthz?js-enabled-only=true')) === null) {
      if (child.exitCode !== null || Date.now() > until) throw new Error(`nats-server did not start: ${this.#said}`)
      await sleep(20)
    }
  }

  async kill(): Promise<void> {
    const child = this.#child
    if (!child || !this.#running) return
    const gone = new Promise(resolve => child.once('exit', resolve))
    // A process that is stopped (SIGSTOP) dies of this too.
    child.kill('SIGKILL')
    await gone
  }

  async freeze(): Promise<void> {
    process.kill(this.pid, 'SIGSTOP')
    // Each of its threads runs on until the next time that it is looked at.
    while (!stands(this.pid)) await sleep(2)
  }

  thaw(): void {
    if (this.#running) process.kill(this.pid, 'SIGCONT')
  }

  /** What its monitor answers; null while it does not. */
  async asked(path: string): Promise<unknown> {
    try {
      const answer = await fetch(`${this.#monitor}${path}`, { signal: AbortSignal.timeout(2_000) })
      return answer.ok ? await answer.json() : null
    } catch {
      return null
    }
  }

  async routes(): Promise<number> {
    const answer = (await this.asked('/routez')) as { routes?: { remote_name?: string; remote_id: string }[] } | null
    return new Set(answer?.routes?.map(({ remote_id }) => remote_id)).size
  }
}

function stands(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-L', '-o', 'state=', '-p', `${pid}`], { encoding: 'utf8' })
  return stdout
    .trim()
    .split(/\s+/)
    .every(state => state.startsWith('T'))
}

async function whole(servers: readonly Server[]): Promise<void> {
  const until = Date.now() + STARTING
  for (;;) {
    const running = servers.filter(({ pid }) => pid !== 0)
    const counts = await Promise.all(running.map(server => server.routes()))
    if (counts.every(count => count >= running.length - 1)) return
    if (Date.now() > until) throw new Error(`the NATS servers did not find each other: ${counts.join(', ')} routes`)
    await sleep(50)
  }
}
