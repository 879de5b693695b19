// Three server processes, one PostgreSQL and a cluster of three NATS servers on loopback, with a gate between each node and
// each engine. Processes are stopped and killed by their ids, and by nothing else.
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { startServer, type TestServer } from '../conformance/server.ts'
import { type Nats, startNats } from '../engines/nats.ts'
import { freePort } from '../engines/ports.ts'
import { type Postgres, startPostgres } from '../engines/postgres.ts'
import { Gate } from './gate.ts'
import type { Node } from './load.ts'
import { natsFilter } from './nats-filter.ts'
import { CONFIG, worldOf } from './stage.ts'

const NODES = 3
const CLOCK = pathToFileURL(`${import.meta.dirname}/clock.mjs`).href
/** ms for a node to serve again: a lease has to end, and what was lost has to be read. */
const SERVING = 45_000
/** Characters of a node's output that a failure shows. */
const COMPLAINTS = 2_000
const SECRET = 'a secret that the nodes of a test share'

/** Several gates as one: the ways to all servers of the bus. */
export class Gates {
  readonly all: readonly Gate[]

  constructor(all: readonly Gate[]) {
    this.all = all
  }

  cut(): void {
    for (const gate of this.all) gate.cut()
  }

  stall(): void {
    for (const gate of this.all) gate.stall()
  }

  slow(ms: number): void {
    for (const gate of this.all) gate.slow(ms)
  }

  heal(): void {
    for (const gate of this.all) gate.heal()
  }
}

export interface StartOptions {
  /** By how many ms its clock is wrong. */
  readonly clock?: number
}

export class ClusterNode implements Node {
  readonly name: string
  readonly database: Gates
  readonly bus: Gates
  readonly #number: number
  readonly #port: number
  readonly #data: string
  #server: TestServer | null = null

  /** `files`: the folder that all nodes have in common. */
  constructor(number: number, port: number, files: string, database: Gates, bus: Gates) {
    this.#data = mkdtempSync(join(tmpdir(), 'conclave-'))
    symlinkSync(files, join(this.#data, 'blobs'))
    this.name = `node ${number}`
    this.#number = number
    this.#port = port
    this.database = database
    this.bus = bus
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  get server(): TestServer {
    if (!this.#server) throw new Error(`${this.name} is not running`)
    return this.#server
  }

  async start({ clock = 0 }: StartOptions = {}, world?: object): Promise<void> {
    this.#server = await startServer({
      data: this.#data,
      ...(world ? { world } : {}),
      config: { ...CONFIG, peers: { address: this.url, secret: SECRET } },
      env: {
        CONCLAVE_PORT: String(this.#port),
        CONCLAVE_NODE: String(this.#number),
        CONCLAVE_STORE: `postgres://postgres@127.0.0.1:${this.database.all[0]?.port}/postgres`,
        CONCLAVE_BUS: this.bus.all.map(({ port }) => `nats://127.0.0.1:${port}`).join(','),
        ...(clock === 0 ? {} : { NODE_OPTIONS: `--import=${CLOCK}`, CLOCK_SHIFT: String(clock) }),
      },
    })
  }

  kill(): Promise<void> {
    return this.server.kill()
  }

  /** SIGSTOP: it does nothing, and its connections stay open. */
  freeze(): void {
    process.kill(this.server.pid, 'SIGSTOP')
  }

  thaw(): void {
    process.kill(this.server.pid, 'SIGCONT')
  }

  get ended(): boolean {
    try {
      return !process.kill(this.server.pid, 0)
    } catch {
      return true
    }
  }

  /** What it wrote of troubles. */
  get complaints(): string {
    const lines = this.#server?.output().split('\n') ?? []
    return lines
      .filter(line => !line.startsWith('{"level":30'))
      .join('\n')
      .slice(-COMPLAINTS)
  }

  async ready(): Promise<boolean> {
    try {
      const answer = await fetch(`${this.url}/ready`, { signal: AbortSignal.timeout(2_000) })
      return answer.status === 200
    } catch {
      return false
    }
  }

  async serving(): Promise<void> {
    const until = Date.now() + SERVING
    while (!(await this.ready())) {
      if (this.ended || Date.now() > until) throw new Error(`${this.name} does not serve: ${this.complaints}`)
      await sleep(50)
    }
  }

  async remove(): Promise<void> {
    await this.#server?.kill()
    await this.#server?.remove()
    rmSync(this.#data, { recursive: true, force: true })
  }
}

export class Cluster {
  readonly postgres: Postgres
  readonly nats: Nats
  readonly nodes: readonly ClusterNode[]
  readonly #files: string
  readonly #drops: { of: (subject: string) => boolean }

  private constructor(
    postgres: Postgres,
    nats: Nats,
    nodes: readonly ClusterNode[],
    files: string,
    drops: { of: (subject: string) => boolean },
  ) {
    this.postgres = postgres
    this.nats = nats
    this.nodes = nodes
    this.#files = files
    this.#drops = drops
  }

  /** `rooms`: how many plain rooms its world has. */
  static async start(rooms: number): Promise<Cluster> {
    const [postgres, nats] = await Promise.all([
      // So that a race can be judged by what was committed first.
      startPostgres({ settings: { track_commit_timestamp: 'on' } }),
      startNats({ servers: 3 }),
    ])
    const drops = { of: (_subject: string): boolean => false }
    const filter = () => natsFilter(subject => drops.of(subject))
    const files = mkdtempSync(join(tmpdir(), 'conclave-files-'))
    const nodes: ClusterNode[] = []
    for (let number = 0; number < NODES; number++) {
      const database = new Gates([await Gate.open(postgres.port)])
      // Each begins with another server.
      const servers = nats.servers.map((_, i) => nats.servers[(i + number) % nats.servers.length] as { port: number })
      const bus = new Gates(await Promise.all(servers.map(({ port }) => Gate.open(port, { filter }))))
      nodes.push(new ClusterNode(number, await freePort(), files, database, bus))
    }
    const cluster = new Cluster(postgres, nats, nodes, files, drops)
    try {
      const [first, ...others] = nodes
      await first?.start({}, worldOf(rooms))
      await Promise.all(others.map(node => node.start()))
      await cluster.whole()
    } catch (error) {
      await cluster.remove()
      throw error
    }
    return cluster
  }

  node(number: number): ClusterNode {
    return this.nodes[number] as ClusterNode
  }

  /** Which messages the bus loses on their way to a node, by their subjects; null: none. */
  lose(of: ((subject: string) => boolean) | null): void {
    this.#drops.of = of ?? (() => false)
  }

  /** Every engine runs, every way is open, and every node serves. */
  async whole(): Promise<void> {
    for (const node of this.nodes) {
      node.database.heal()
      node.bus.heal()
    }
    await Promise.all(this.nodes.map(node => node.serving()))
  }

  /** Whatever a fault that failed has left: the next one finds everything as it should be. */
  async restore(): Promise<void> {
    this.lose(null)
    await this.postgres.start()
    await Promise.all(this.nats.servers.map(server => server.start()))
    for (const node of this.nodes) if (node.ended) await node.start()
    await this.whole()
  }

  async remove(): Promise<void> {
    for (const node of this.nodes) {
      await node.remove()
      for (const gate of [...node.database.all, ...node.bus.all]) await gate.close()
    }
    await this.nats.stop()
    await this.postgres.stop()
    rmSync(this.#files, { recursive: true, force: true })
  }
}
