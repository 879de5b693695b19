// The command itself, as short as it gets: what it prints and writes, what it says of a group that breaks or takes too long, and
// that nothing of it is left when it is interrupted.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const COMMAND = fileURLToPath(new URL('run.ts', import.meta.url))
/** ms; a machine that runs other tests beside may take its time. */
const WITHIN = 120_000

/** What the runs write goes here, so that what one leaves is seen. */
let folder: string
let file: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'conclave-bench-test-'))
  // PostgreSQL, which is another user's where this is root, has to get through.
  chmodSync(folder, 0o711)
  file = join(folder, 'rows.json')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Running {
  readonly child: ChildProcess
  readonly said: { out: string; err: string }
}

function start(...args: string[]): Running {
  const child = spawn(process.execPath, [COMMAND, '--quick', ...args], {
    env: { ...process.env, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said = { out: '', err: '' }
  child.stdout.on('data', text => {
    said.out += text
  })
  child.stderr.on('data', text => {
    said.err += text
  })
  return { child, said }
}

async function bench(...args: string[]): Promise<{ code: number | null; out: string }> {
  const { child, said } = start(...args)
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, out: said.out }
}

function written(): { machine: object; rows: Record<string, unknown>[] } {
  return JSON.parse(readFileSync(file, 'utf8'))
}

function nameOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim()
  } catch {
    return ''
  }
}

/** Processes that know the folder. */
function left(): string[] {
  return readdirSync('/proc').filter(pid => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return false
    const of = (what: string): string => {
      try {
        return readFileSync(`/proc/${pid}/${what}`, 'latin1')
      } catch {
        return ''
      }
    }
    return of('environ').includes(folder) || of('cmdline').includes(folder)
  })
}

describe('npm run bench', () => {
  it('prints each row with its ratio, writes it, and names a group that breaks', { timeout: WITHIN }, async () => {
    const { code, out } = await bench('storm', 'requests', '--node=--no-such-flag', '--json', file)
    expect(out).toMatch(/^not run: storm: conclave start: .*--no-such-flag/m)
    expect(out.match(/^not run/gm)).toHaveLength(1)
    expect(code).toBe(1)
    const { machine, rows, ...rest } = written()
    expect(rest).toEqual({})
    expect(machine).toMatchObject({ cores: expect.any(Number), node: process.version })
    expect(rows.map(({ id }) => id)).toEqual(['requests/node-http', 'requests/post'])
    const [bare, post] = rows as [Record<string, number>, Record<string, number>]
    expect(Object.keys(post)).toEqual(['id', 'value', 'unit', 'reference', 'ratio', 'accept', 'aim'])
    for (const row of rows) {
      expect(row.value).toBeGreaterThan(0)
      expect(row.unit).toBe('POSTs/CPU-s')
      expect(out).toContain(row.id)
    }
    expect(bare).toMatchObject({ reference: null, ratio: null, accept: null, aim: null })
    expect(post).toMatchObject({ reference: bare.value, accept: 0.5, aim: 0.8 })
    expect(post.ratio).toBe((post.value as number) / (post.reference as number))
  })

  it('ends a group that takes too long, and goes on', { timeout: WITHIN }, async () => {
    const { code, out } = await bench('wires', 'load', '--limit', '1', '--json', file)
    expect(out).toContain('not run: wires: not done after 1 s')
    expect(out).toContain('not run: load: not done after 1 s')
    expect(out).toMatch(/^no row of the target table: fan-out, 100 sockets \(wires.*see what was not run/m)
    expect(out).toMatch(/^no row of the target table: fan-out, 1,000 sockets \(wires.*not by --quick/m)
    expect(code).toBe(1)
    expect(written().rows).toEqual([])
    expect(left()).toEqual([])
  })

  it('that is interrupted prints and writes what it has, and leaves nothing', { timeout: WITHIN }, async () => {
    const { child, said } = start('load', 'nodes', '--json', file)
    // PostgreSQL serves by now, or is about to.
    const isUp = () => child.exitCode !== null || left().some(pid => nameOf(pid) === 'postgres')
    await expect.poll(isUp, { timeout: WITHIN, interval: 100 }).toBe(true)
    child.kill('SIGINT')
    const [code] = (await once(child, 'close')) as [number | null]
    expect(code).toBe(130)
    expect(said.out).toContain('not run: nodes: interrupted')
    expect(written().rows.map(({ id }) => id)).toEqual(['load/ceiling/100', 'load/ceiling/1000'])
    for (const { id } of written().rows) expect(said.out).toContain(id)
    expect(left()).toEqual([])
    expect(readdirSync(folder)).toEqual(['rows.json'])
  })

  it('knows no other groups, and says at once where it cannot write', { timeout: WITHIN }, async () => {
    expect((await bench('nothing')).code).toBe(2)
    expect((await bench('load', '--json', join(folder, 'nowhere', 'rows.json'))).code).toBe(2)
  })
})
