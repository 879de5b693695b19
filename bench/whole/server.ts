// The whole server as a user starts it: `conclave import` of a world into an empty directory, then `conclave start`.

import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Child } from '../child.ts'
import { world } from './world.ts'

const COMMAND = '../packages/server/bin/conclave.js'
const SERVES_WITHIN = 30_000
/** One sender alone sends more than a session usually may. */
const SETTINGS = { limits: { flood: 1_000_000, groupSize: 10_000 } }

/** A directory with the world in it, and the ids that its rooms got. */
export interface Loaded {
  readonly directory: string
  readonly rooms: Readonly<Record<string, string>>
  remove(): void
}

/** `settings`: further variables of the server's, here and where it is served. */
export async function load(
  users: number,
  meetings: readonly { wire: string; sockets: number }[],
  settings: NodeJS.ProcessEnv = {},
): Promise<Loaded> {
  const directory = mkdtempSync(join(tmpdir(), 'conclave-bench-'))
  const file = join(directory, 'world.json')
  writeFileSync(file, JSON.stringify(world(users, meetings)))
  const command = fileURLToPath(new URL(COMMAND, new URL('..', import.meta.url)))
  writeFileSync(join(directory, 'settings.json'), JSON.stringify(SETTINGS))
  const env = { ...process.env, ...environment(directory), ...settings }
  const remove = () => rmSync(directory, { recursive: true, force: true })
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [command, 'import', file], {
      env,
      maxBuffer: 1 << 26,
    })
    const { rooms } = JSON.parse(stdout.slice(stdout.indexOf('{'))) as { rooms: Record<string, string> }
    return { directory, rooms, remove }
  } catch (error) {
    remove()
    const { stderr, message } = error as Error & { stderr?: string }
    throw new Error(`conclave import: ${(stderr?.trim() || message).slice(-500)}`)
  }
}

/** Flags of Node with which a server stores no message. */
export const UNSTORED = ['--import', new URL('unstored.ts', import.meta.url).href]

export interface Serving {
  readonly child: Child
  readonly port: number
}

export async function serve(loaded: Loaded, node: string[] = [], settings: NodeJS.ProcessEnv = {}): Promise<Serving> {
  const port = await freePort()
  const child = new Child(COMMAND, ['start'], {
    node,
    env: { ...environment(loaded.directory), CONCLAVE_HOST: '127.0.0.1', CONCLAVE_PORT: String(port), ...settings },
  })
  const until = performance.now() + SERVES_WITHIN
  while (performance.now() < until && child.process.exitCode === null) {
    const ready = await fetch(`http://127.0.0.1:${port}/ready`).then(
      answer => answer.ok,
      () => false,
    )
    if (ready) return { child, port }
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  await child.stop()
  throw new Error(`conclave start: ${child.lastWords || 'it did not become ready'}`)
}

function environment(directory: string): NodeJS.ProcessEnv {
  return { CONCLAVE_DATA: join(directory, 'data'), CONCLAVE_CONFIG: join(directory, 'settings.json') }
}

function freePort(): Promise<number> {
  return new Promise(resolve => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo
      probe.close(() => resolve(port))
    })
  })
}
