import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { printConfig, readConfig } from './config.ts'

function file(content: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'conclave-config-')), 'config.json')
  writeFileSync(path, content)
  return path
}

describe('configuration', () => {
  test('has a default for every field', () => {
    const config = readConfig({})
    expect([config.host, config.port, config.dino.kickBan, config.dino.history.limit]).toEqual([
      '127.0.0.1',
      4200,
      0,
      50,
    ])
  })

  test('is read from the file, and the environment wins', () => {
    const path = file('{ "port": 1, "dino": { "kickBan": 600, "autojoin": false } }')
    const config = readConfig({
      CONCLAVE_CONFIG: path,
      CONCLAVE_PORT: '2',
      CONCLAVE_ORIGINS: 'https://a.example, https://b.example',
    })
    expect([config.port, config.dino.kickBan, config.dino.autojoin]).toEqual([2, 600, false])
    expect(config.origins).toEqual(['https://a.example', 'https://b.example'])
  })

  test.each([
    [{ CONCLAVE_PROT: '1' }, 'CONCLAVE_PROT'],
    [{ CONCLAVE_PORT: 'many' }, '"port"'],
    [{ CONCLAVE_PORT: '70000' }, '"port"'],
    [{ CONCLAVE_DINO_HISTORY: '{"type":"top","limit":0}' }, '"dino.history.limit"'],
    [{ CONCLAVE_STORE: 'postgres://localhost/x' }, '"store"'],
    [{ CONCLAVE_CONFIG: '/nowhere/config.json' }, 'CONCLAVE_CONFIG'],
  ])('a wrong setting %j is one sentence that names it', (env, name) => {
    expect(() => readConfig(env)).toThrow(name)
  })

  test('an unknown field of the file is named with its path', () => {
    expect(() => readConfig({ CONCLAVE_CONFIG: file('{ "dino": { "kickban": 1 } }') })).toThrow(
      '"dino.kickban" is unknown',
    )
    expect(() => readConfig({ CONCLAVE_CONFIG: file('[]') })).toThrow('not a JSON object')
  })

  test('prints every field with a sentence', () => {
    const lines = printConfig(readConfig({})).split('\n')
    expect(lines.length % 2).toBe(0)
    for (let n = 1; n < lines.length; n += 2) expect(lines[n]?.trim()).toMatch(/^[A-Zg].*\.$/)
  })
})
