import { spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { natsServer, postgresPrograms, skipped } from './engines.js'

const SCRIPT = fileURLToPath(new URL('engines.js', import.meta.url))

/** @param {Record<string, string>} env */
function run(env) {
  return spawnSync(process.execPath, [SCRIPT], { env: { ...process.env, ...env }, encoding: 'utf8' })
}

test('a nats-server that is named and is none is one sentence, and nothing is fetched', () => {
  const { status, stderr } = run({ CONCLAVE_TEST_NATS: '/nowhere/nats-server' })
  expect(stderr).toBe('The tests need nats-server, and CONCLAVE_TEST_NATS names no program: /nowhere/nats-server.\n')
  expect(status).toBe(1)
})

test('what is to be skipped is not looked for', () => {
  const { status, stderr } = run({ CONCLAVE_TEST_NATS: '/nowhere', CONCLAVE_TEST_SKIP: ' nats , postgres,power' })
  expect(stderr).toBe('')
  expect(status).toBe(0)
})

test.skipIf(skipped('postgres') !== undefined)(
  'everybody may run the programs of PostgreSQL # CONCLAVE_TEST_SKIP',
  () => {
    expect(statSync(join(postgresPrograms(), 'postgres')).mode & 0o777).toBe(0o755)
  },
)

test.skipIf(skipped('nats') !== undefined)('there is a nats-server # CONCLAVE_TEST_SKIP', () => {
  const { stdout, stderr } = spawnSync(natsServer(), ['--version'], { encoding: 'utf8' })
  expect(stdout + stderr).toContain('nats-server')
})
