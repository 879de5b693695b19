// The whole server as a user starts it: `conclave import` of a world into an empty directory, then `conclave start`.

import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { freePort } from '../../engines/ports.ts'
import { Child } from '../child.ts'
import { Group } from '../group.ts'
import { type Extras, world } from './world.ts'

const COMMAND = '../packages/server/bin/conclave.js'
/** Settings of a server that starts as a user's does: nothing of it was compiled before. */
export const COLD: NodeJS.ProcessEnv = { NODE_COMPILE_CACHE: undefined }
/** ms for a world to be loaded, for a server to be ready, and for an answer whether it is. */
const LOADED_WITHIN = 120_000
const SERVES_WITHIN = 30_000
const ANSWERS_WITHIN = 5_000
/** One sender alone sends more than a session usually may. */
const SETTINGS = { limits: { flood: 1_000_000, groupSize: 20_000 } }

/** A directory with the world in it, and the ids that its rooms got. */
export interface Loaded {
  readonly directory: string
  readonly rooms: Readonly<Record<string, string>>
  /** Of the one channel in which they all are. */
  readonly channel: string
  remove(): void
}

/** `settings`: further variables of the server's, here and where it is served. */
export async function load(
  users: number,
  meetings: readonly { wire: string; sockets: number }[],
  settings: NodeJS.ProcessEnv = {},
  extras: Extras = {},
): Promise<Loaded> {
  const directory = mkdtempSync(join(tmpdir(), 'conclave-bench-'))
  const file = join(directory, 'world.json')
  writeFileSync(file, JSON.stringify(world(users, meetings, extras)))
  const command = fileURLToPath(new URL(COMMAND, new URL('..', import.meta.url)))
  writeFileSync(join(directory, 'settings.json'), JSON.stringify(SETTINGS))
  const env = { ...process.env, ...environment(directory), ...settings }
  const remove = () => rmSync(directory, { recursive: true, force: true })
  try {
    Group.current.goesOn()
    const options = { env, maxBuffer: 1 << 26, timeout: LOADED_WITHIN }
    const importing = promisify(execFile)(process.execPath, [command, 'import', file], options)
    Group.current.ownsProcess(importing.child)
    const { stdout } = await importing
    type Ids = Record<string, string>
    const { channels, rooms } = JSON.parse(stdout.slice(stdout.indexOf('{'))) as { channels: Ids; rooms: Ids }
    return { directory, rooms, channel: channels.bench!, remove }
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
  /** ms from its start until it was ready. */
  readonly startedIn: number
}

export async function serve(loaded: Loaded, node: string[] = [], settings: NodeJS.ProcessEnv = {}): Promise<Serving> {
  const port = await freePort()
  const began = performance.now()
  const child = new Child(COMMAND, ['start'], {
    node,
    env: { ...environment(loaded.directory), CONCLAVE_HOST: '127.0.0.1', CONCLAVE_PORT: String(port), ...settings },
  })
  const until = began + SERVES_WITHIN
  while (performance.now() < until && child.runs) {
    const ready = await fetch(`http://127.0.0.1:${port}/ready`, { signal: AbortSignal.timeout(ANSWERS_WITHIN) }).then(
      answer => answer.ok,
      () => false,
    )
    if (ready) return { child, port, startedIn: performance.now() - began }
    await new Promise(resolve => setTimeout(resolve, 10))
  }
  await child.stop()
  throw new Error(`conclave start: ${child.lastWords || 'it did not become ready'}`)
}

function environment(directory: string): NodeJS.ProcessEnv {
  return {
    CONCLAVE_DATA: join(directory, 'data'),
    CONCLAVE_CONFIG: join(directory, 'settings.json'),
  }
}
