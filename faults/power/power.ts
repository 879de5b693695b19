// A server that loses its power: a library that is compiled here and preloaded into it keeps a second copy of the data
// directory, with only what was synced (unsynced.c). Pulling the plug kills the process and goes on with that copy.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, realpathSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startServer, type TestServer, type World } from '../../conformance/server.ts'
import { cCompiler } from '../../scripts/engines.js'

const SOURCE = join(import.meta.dirname, 'unsynced.c')
/** The library, in a folder of its own. */
export function compiled(): { readonly path: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'conclave-power-'))
  const path = join(folder, 'unsynced.so')
  const remove = (): void => rmSync(folder, { recursive: true, force: true })
  try {
    const [compiler = '', ...options] = cCompiler()
    const { status, stderr } = spawnSync(compiler, [SOURCE, '-o', path, ...options], { encoding: 'utf8' })
    if (status !== 0) throw new Error(`${compiler} does not compile unsynced.c: ${stderr}`)
    return { path, remove }
  } catch (error) {
    remove()
    throw error
  }
}

export interface Powered {
  readonly server: TestServer
  /** Kills the process; what was not synced is gone. */
  unplug(): Promise<void>
  /** Starts again on what is left. */
  plug(): Promise<void>
  remove(): Promise<void>
}

export interface PowerOptions {
  readonly library: string
  readonly world: World
  readonly config: Record<string, unknown>
  /** Options of the process under test, as NODE_OPTIONS has them. */
  readonly node?: string
}

export async function startPowered({ library, world, config, node = '' }: PowerOptions): Promise<Powered> {
  const first = await startServer({ world, config })
  await first.stop()
  const data = realpathSync(first.data)
  const kept = `${data}.kept`
  const start = (): Promise<TestServer> => {
    cpSync(data, kept, { recursive: true })
    const env = {
      LD_PRELOAD: library,
      UNSYNCED_DIR: data,
      UNSYNCED_KEPT: kept,
      UV_USE_IO_URING: '0',
      NODE_OPTIONS: node,
    }
    return startServer({ data, config, env })
  }
  let server = await start()
  return {
    get server() {
      return { ...server, rooms: first.rooms }
    },
    unplug: async () => {
      await server.kill()
      rmSync(data, { recursive: true })
      renameSync(kept, data)
    },
    plug: async () => {
      server = await start()
    },
    remove: async () => {
      await server.kill()
      for (const path of [data, kept, `${data}.config.json`]) rmSync(path, { recursive: true, force: true })
    },
  }
}
