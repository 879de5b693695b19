// The command itself, as short as it gets: what it prints and writes, and what it says of a group that cannot run.
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const COMMAND = fileURLToPath(new URL('run.ts', import.meta.url))
/** ms; a machine that runs other tests beside may take its time. */
const WITHIN = 120_000

function bench(...args: string[]): Promise<{ code: number; out: string }> {
  return new Promise(resolve => {
    execFile(process.execPath, [COMMAND, '--quick', ...args], { timeout: WITHIN }, (error, out) =>
      resolve({ code: error === null ? 0 : Number(error.code), out }),
    )
  })
}

describe('npm run bench', () => {
  it('prints each row with its ratio, and writes it', { timeout: WITHIN }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'conclave-bench-test-'))
    try {
      const file = join(folder, 'rows.json')
      const { code, out } = await bench('load', 'requests', '--json', file)
      expect(out).not.toContain('not run')
      expect(code).toBe(0)
      const { machine, rows } = JSON.parse(readFileSync(file, 'utf8'))
      expect(machine).toMatchObject({ cores: expect.any(Number), node: process.version })
      expect(rows.map(({ id }: { id: string }) => id)).toEqual([
        'load/ceiling/100',
        'load/ceiling/1000',
        'requests/node-http',
        'requests/post',
      ])
      for (const row of rows) {
        expect(row.value).toBeGreaterThan(0)
        expect(row.unit).toMatch(/\/CPU-s$/)
        expect(out).toContain(row.id)
      }
      const { value, reference, ratio, accept, aim } = rows.at(-1)
      expect(reference).toBe(rows.at(-2).value)
      expect(ratio).toBe(value / reference)
      expect([accept, aim]).toEqual([0.5, 0.8])
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  it('names a group that breaks, and goes on', { timeout: WITHIN }, async () => {
    const { code, out } = await bench('storm', 'load', '--node=--no-such-flag')
    expect(out).toMatch(/^not run: storm: conclave start: .*--no-such-flag/m)
    expect(out).toContain('load/ceiling/100')
    expect(code).toBe(1)
  })

  it('knows no other groups', async () => {
    expect((await bench('nothing')).code).toBe(2)
  })
})
