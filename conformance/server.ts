// Starts the real server process for a test: its own data directory, its own port, a world loaded with the real
// command, and ways to stop it politely or to kill it in the middle. With CONCLAVE_TEST_STORE=postgres each has a PostgreSQL
// database of its own, kept for as long as its data directory.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestDatabase, testDatabase } from '@conclave/server/postgres/testing'

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

/** By data directory. */
const databases = new Map<string, TestDatabase>()

/** Where the logs of a data directory are kept, as a setting. */
async function storeOf(data: string): Promise<Record<string, string>> {
  if (process.env.CONCLAVE_TEST_STORE !== 'postgres') return {}
  const database = databases.get(data) ?? (await testDatabase())
  databases.set(data, database)
  return { CONCLAVE_STORE: database.url }
}

export async function startServer(options: StartOptions = {}): Promise<TestServer> {
  const data = options.data ?? (await mkdtemp(join(tmpdir(), 'conclave-')))
  const env: Record<string, string> = {
    ...(await storeOf(data)),
    CONCLAVE_DATA: data,
    CONCLAVE_HOST: '127.0.0.1',
    CONCLAVE_PORT: '0',
    ...options.env,
  }
  if (options.config) {
    const file = `${data}.config.json`
    await writeFile(file, JSON.stringify(options.config))
    env.CONCLAVE_CONFIG = file
  }
  let ids: { channels: Record<string, string>; rooms: Record<string, string> } = { channels: {}, rooms: {} }
  if (options.world) {
    const file = `${data}.world.json`
    await writeFile(file, JSON.stringify(options.world))
    const imported = await conclave(['import', file], env)
    await rm(file, { force: true })
    if (imported.code !== 0) throw new Error(`import failed: ${imported.err}`)
    ids = JSON.parse(imported.out)
  }
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
  const url = await served(child, () => output)
  const stop = async (): Promise<number | null> => {
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
    child.kill('SIGTERM')
    const [code] = (await once(child, 'exit')) as [number | null]
    return code
  }
  return {
    url,
    port: Number(new URL(url).port),
    data,
    pid: child.pid as number,
    channels: ids.channels,
    rooms: ids.rooms,
    output: () => output,
    stop,
    kill: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
    remove: async () => {
      await stop()
      await rm(data, { recursive: true, force: true })
      await rm(`${data}.config.json`, { force: true })
      await databases.get(data)?.drop()
      databases.delete(data)
    },
    command: (...args) => conclave(args, env),
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
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}
