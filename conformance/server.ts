// Starts the real server process for a test: its own data directory, its own port, a world loaded with the real
// command, and ways to stop it politely or to kill it in the middle. With CONCLAVE_TEST_STORE=postgres each has a PostgreSQL
// database of its own, kept for as long as its data directory. With CONCLAVE_TEST_NODES=2 it is two processes on one
// PostgreSQL, one NATS and one folder of files, and every connection goes to the next of them.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type TestDatabase, testDatabase } from '@conclave/server/postgres/testing'
import { type Nats, startNats } from '../engines/nats.ts'
import { freePort } from '../engines/ports.ts'
import { startSplitter } from '../engines/splitter.ts'

const COMMAND = new URL('../packages/server/bin/conclave.js', import.meta.url).pathname
/** ms for the server to say that it serves; one whose node has just crashed waits for the end of its lease. */
const START = 60_000

export interface World {
  readonly users?: readonly object[]
  readonly channels?: readonly object[]
  readonly rooms?: readonly object[]
  readonly blacklist?: readonly string[]
  readonly sanctions?: readonly object[]
  readonly apps?: readonly object[]
}

export interface StartOptions {
  readonly world?: World
  /** The content of the configuration file. */
  readonly config?: Record<string, unknown>
  /** A data directory of an earlier server, to go on with. */
  readonly data?: string
  readonly env?: Record<string, string>
}

export interface TestServer {
  readonly url: string
  readonly port: number
  readonly data: string
  /** Of its first process. */
  readonly pid: number
  /** Ids by ref, in the form that `conclave import` prints (Dino's UUID). */
  readonly channels: Readonly<Record<string, string>>
  readonly rooms: Readonly<Record<string, string>>
  /** Everything that the process wrote so far. */
  output(): string
  /** SIGTERM, then the exit code. The data directory stays until `remove`. */
  stop(): Promise<number | null>
  /** SIGKILL. */
  kill(): Promise<void>
  /** Stops it if need be and deletes the data directory. */
  remove(): Promise<void>
  /** Runs the command line against this server's data directory. */
  command(...args: string[]): Promise<{ readonly code: number | null; readonly out: string; readonly err: string }>
}

/** Runs `conclave` to its end. */
export async function conclave(
  args: readonly string[],
  env: Record<string, string>,
): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [COMMAND, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', text => {
    out += text
  })
  child.stderr.setEncoding('utf8').on('data', text => {
    err += text
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, out, err }
}

/** How many processes a server is. */
const nodes = (): number => Number(process.env.CONCLAVE_TEST_NODES ?? 1)

interface Engines {
  readonly database: TestDatabase
  /** null for one node. */
  readonly nats: Nats | null
}

/** By data directory. */
const engines = new Map<string, Engines>()

/** Where the logs of a data directory are kept and what its nodes hear each other by, as settings. */
async function sharedBy(data: string): Promise<Record<string, string>> {
  const many = nodes() > 1
  if (!many && process.env.CONCLAVE_TEST_STORE !== 'postgres') return {}
  const { database, nats } = engines.get(data) ?? {
    database: await testDatabase(),
    nats: many ? await startNats() : null,
  }
  engines.set(data, { database, nats })
  return {
    CONCLAVE_STORE: database.url,
    ...(nats && { CONCLAVE_BUS: nats.url, CONCLAVE_PEERS_SECRET: 's'.repeat(32) }),
  }
}

/** Environments of the server's processes: what they share, and what each has of its own. */
async function environments(data: string, shared: Record<string, string>): Promise<Record<string, string>[]> {
  if (nodes() === 1) return [{ CONCLAVE_DATA: data, CONCLAVE_PORT: '0', ...shared }]
  const all: Record<string, string>[] = []
  for (let node = 0; node < nodes(); node++) {
    const own = node === 0 ? data : `${data}.${node}`
    if (node > 0) {
      await mkdir(own, { recursive: true })
      await symlink(join(data, 'blobs'), join(own, 'blobs')).catch(() => {})
    }
    const port = `${await freePort()}`
    const address = `http://127.0.0.1:${port}`
    const named = { CONCLAVE_DATA: own, CONCLAVE_NODE: `${node}`, CONCLAVE_PORT: port, CONCLAVE_PEERS_ADDRESS: address }
    all.push({ ...shared, ...named })
  }
  return all
}

const portOf = ({ CONCLAVE_PORT }: Record<string, string>): number => Number(CONCLAVE_PORT ?? 0)

export async function startServer(options: StartOptions = {}): Promise<TestServer> {
  const data = options.data ?? (await mkdtemp(join(tmpdir(), 'conclave-')))
  const shared: Record<string, string> = { ...(await sharedBy(data)), CONCLAVE_HOST: '127.0.0.1', ...options.env }
  if (options.config) {
    const file = `${data}.config.json`
    await writeFile(file, JSON.stringify(options.config))
    shared.CONCLAVE_CONFIG = file
  }
  const envs = await environments(data, shared)
  const splitter = envs.length > 1 ? await startSplitter(envs.map(portOf), portOf(shared)) : null
  if (splitter && !options.config?.publicUrl)
    for (const env of envs) env.CONCLAVE_PUBLIC_URL ??= `http://127.0.0.1:${splitter.port}`
  const [first] = envs as [Record<string, string>]
  let ids: { channels: Record<string, string>; rooms: Record<string, string> } = { channels: {}, rooms: {} }
  if (options.world) {
    const file = `${data}.world.json`
    await writeFile(file, JSON.stringify(options.world))
    const imported = await conclave(['import', file], first)
    await rm(file, { force: true })
    if (imported.code !== 0) throw new Error(`import failed: ${imported.err}`)
    ids = JSON.parse(imported.out)
  }
  const processes = envs.map(startProcess)
  const kill = async (): Promise<void> => {
    await Promise.all(processes.map(one => one.end('SIGKILL')))
    await splitter?.close()
  }
  let url = ''
  try {
    ;[url = ''] = await Promise.all(processes.map(one => one.served()))
  } catch (error) {
    await kill()
    throw error
  }
  const port = splitter?.port ?? Number(new URL(url).port)
  const stop = async (): Promise<number | null> => {
    const codes = await Promise.all(processes.map(one => one.end('SIGTERM')))
    await splitter?.close()
    return codes.find(code => code !== 0) ?? (codes[0] as number | null)
  }
  let asked = 0
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    data,
    pid: processes[0]?.pid as number,
    channels: ids.channels,
    rooms: ids.rooms,
    output: () => processes.map(one => one.output()).join(''),
    stop,
    kill,
    remove: async () => {
      await stop()
      for (const { CONCLAVE_DATA: own } of envs) await rm(own as string, { recursive: true, force: true })
      await rm(`${data}.config.json`, { force: true })
      await engines.get(data)?.database.drop()
      await engines.get(data)?.nats?.stop()
      engines.delete(data)
    },
    command: (...args) => conclave(args, envs[asked++ % envs.length] as Record<string, string>),
  }
}

interface Process {
  readonly pid: number
  output(): string
  served(): Promise<string>
  /** Its exit code; null of one that was killed. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null>
}

function startProcess(env: Record<string, string>): Process {
  const child = spawn(process.execPath, [COMMAND, 'start'], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', text => {
      output += text
    })
  }
  return {
    pid: child.pid as number,
    output: () => output,
    served: () => served(child, () => output),
    end: async signal => {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
      child.kill(signal)
      const [code] = (await once(child, 'exit')) as [number | null]
      return code
    },
  }
}

/** The address that the server prints when it serves. */
async function served(child: ChildProcess, output: () => string): Promise<string> {
  const deadline = Date.now() + START
  for (;;) {
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(output())?.[0]
    if (url) return url
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`the server ended: ${output()}`)
    if (Date.now() > deadline) {
      child.kill('SIGKILL')
      throw new Error(`the server did not start: ${output()}`)
    }
    await sleep(20)
  }
}
