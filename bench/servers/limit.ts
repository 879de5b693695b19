// The limits in C (fanout.c), compiled on the spot where the machine has a compiler.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Program } from '../child.ts'
import { type Peer, program } from './peers.ts'

const SOURCE = fileURLToPath(new URL('fanout.c', import.meta.url))

/** `batch`: one write per socket and turn. `each`: one per delivery. Null where there is no compiler. */
export async function startLimit(way: 'batch' | 'each'): Promise<Peer | null> {
  const compiler = ['cc', 'gcc', 'clang'].map(program).find(found => found !== undefined)
  if (compiler === undefined) return null
  const folder = mkdtempSync(join(tmpdir(), 'conclave-bench-c-'))
  const binary = join(folder, 'fanout')
  const remove = () => rmSync(folder, { recursive: true, force: true })
  try {
    execFileSync(compiler, ['-O2', '-o', binary, SOURCE], { stdio: 'pipe' })
    const running = new Program(binary, [way])
    const port = await running.until(() => Number(/^\d+/.exec(running.said)?.[0]) || undefined)
    const stop = () => running.stop().finally(remove)
    return { name: way === 'batch' ? 'c-batcher' : 'c-broadcaster', wire: 'raw', pid: running.pid, port, stop }
  } catch (error) {
    remove()
    throw error
  }
}
