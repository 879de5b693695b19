// The README's own programs, run as a newcomer runs them, against the server that they are written for.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startServer, type TestServer } from './server.ts'

const folder = new URL('../examples/', import.meta.url).pathname
let server: TestServer

beforeAll(async () => {
  server = await startServer({ world: JSON.parse(readFileSync(`${folder}world.json`, 'utf8')) })
})
afterAll(() => server.remove())

function run(name: string): {
  lines(): string[]
  said(line: string): Promise<void>
  end(): void
  ended: Promise<unknown>
} {
  const child = spawn(process.execPath, [`${folder}${name}`, server.url], { stdio: ['ignore', 'pipe', 'inherit'] })
  let out = ''
  child.stdout.setEncoding('utf8').on('data', text => {
    out += text
  })
  const lines = (): string[] => out.trim().split('\n')
  return {
    lines,
    said: async line => {
      await expect.poll(lines).toContain(line)
    },
    end: () => void child.kill(),
    ended: once(child, 'exit'),
  }
}

test('Ann on Dino and Bob on Rocket.Chat hear each other in one room', async () => {
  const ann = run('dino.js')
  await ann.said('1001 hello from Dino')
  const bob = run('rocketchat.js')
  await bob.said('bob hello from Rocket.Chat')
  await ann.said('1002 hello from Rocket.Chat')
  ann.end()
  bob.end()
})

test('Ann lets Cat into an encrypted group with a new key, on X Chat', async () => {
  const all = run('xchat.js')
  await all.ended
  expect(all.lines()).toEqual([
    "bob reads [ 'before Cat' ]",
    "cat reads [ 'welcome, Cat' ]",
    "bob reads [ 'before Cat', 'welcome, Cat' ]",
    expect.stringContaining('NON_LATEST_CKEY_VERSION'),
  ])
})
