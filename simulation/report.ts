// What a worker says of a seed, and how workers are asked.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Ran } from './seed.ts'

export type Report = Omit<Ran, 'trace'> & Partial<Pick<Ran, 'trace'>>

export interface Asked {
  readonly first: number
  readonly count: number
  readonly trace?: boolean
  readonly fault?: string
}

const WORKER = new URL('./worker.ts', import.meta.url).pathname
/** Where workers leave what they compiled, for the next: reading the server's text takes as long as five seeds. */
const COMPILED = new URL('../node_modules/.cache/compiled', import.meta.url).pathname

/** Runs seeds in a process of their own. Rejects when that ends otherwise than by having run them. */
export function runSeeds({ first, count, trace, fault }: Asked, each: (report: Report) => void): Promise<void> {
  const options = [...(trace ? ['--trace'] : []), ...(fault === undefined ? [] : ['--fault', fault])]
  const worker = spawn(process.execPath, [WORKER, String(first), String(count), ...options], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_COMPILE_CACHE: COMPILED },
  })
  let said = ''
  worker.stderr.on('data', data => {
    said = `${said}${data}`.slice(-4_000)
  })
  const lines = createInterface({ input: worker.stdout })
  lines.on('line', line => each(JSON.parse(line) as Report))
  const read = new Promise<void>(resolve => lines.on('close', resolve))
  return new Promise((resolve, reject) => {
    worker.on('error', reject)
    worker.on('close', code => {
      if (code === 0) void read.then(resolve)
      else reject(new Error(`a worker ended with ${code}: ${said}`))
    })
  })
}

/** Seeds in several processes at once, in portions so that all are busy to the end. */
export async function runMany(
  first: number,
  count: number,
  processes: number,
  each: (report: Report) => void,
): Promise<void> {
  const portion = Math.max(20, Math.ceil(count / processes / 4))
  let next = first
  const run = async (): Promise<void> => {
    while (next < first + count) {
      const from = next
      next = Math.min(first + count, from + portion)
      await runSeeds({ first: from, count: next - from }, each)
    }
  }
  await Promise.all(Array.from({ length: processes }, run))
}
