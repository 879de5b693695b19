// The server and its commands on PostgreSQL: what an operator does is the same as with the embedded database, beside a
// running server and without one, and what cannot be opened is one sentence.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestDatabase, testDatabase } from '@conclave/server/postgres/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { conclave, startServer, type TestServer } from './server.ts'

const WORLD = {
  users: [
    { id: '1001', username: 'ann', name: 'Ann', roles: ['superuser'], tokens: ['token-of-ann'] },
    { id: '1002', username: 'bob', name: 'Bob', tokens: ['token-of-bob'] },
  ],
  channels: [{ ref: 'c', name: 'channel', owners: ['1001'] }],
  rooms: [{ ref: 'r', channel: 'c', name: 'room one', kind: 'public', owners: ['1001'], members: ['1002'] }],
  blacklist: ['badword'],
}

/** ms: each sentence is some processes one after the other. */
const TIME = 240_000

let database: TestDatabase
let directory: string
let servers: TestServer[]

beforeEach(async () => {
  database = await testDatabase()
  directory = await mkdtemp(join(tmpdir(), 'conclave-postgres-'))
  servers = []
})
afterEach(async () => {
  for (const server of servers) await server.remove()
  await rm(directory, { recursive: true, force: true })
  await database.drop()
})

const settings = (): Record<string, string> => ({ CONCLAVE_STORE: database.url, CONCLAVE_DATA: directory })

async function started(env: Record<string, string> = {}, data = directory, world?: object): Promise<TestServer> {
  const server = await startServer({
    data,
    env: { ...settings(), CONCLAVE_DATA: data, ...env },
    ...(world && { world }),
  })
  servers.push(server)
  return server
}

async function rest(server: TestServer, user: string, path: string, body?: object): Promise<Record<string, unknown>> {
  const who = user === 'ann' ? '1001' : '1002'
  const answer = await fetch(`${server.url}/api/v1/${path}`, {
    method: body ? 'POST' : 'GET',
    headers: { 'x-user-id': who, 'x-auth-token': `token-of-${user}`, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  })
  return (await answer.json()) as Record<string, unknown>
}

test(
  'commands do the same beside a running server and without one',
  async () => {
    const server = await started({}, directory, WORLD)
    const file = join(directory, 'export.jsonl')
    const done = async (...args: string[]): Promise<string> => {
      const { code, out, err } = await server.command(...args)
      expect([args[0], code, err.replace(/^Exported.*\n/, '')]).toEqual([args[0], 0, ''])
      return out.trim()
    }
    const users = async (): Promise<string[]> =>
      (JSON.parse(await done('user', 'list')) as { username: string }[]).map(({ username }) => username)
    await done('user', 'add', 'eve', '--id', '1003')
    const { id } = JSON.parse(await done('token', 'create', '--user', '1003')) as { id: string }
    await done('token', 'revoke', id)
    await done('export', file)
    expect(await server.stop()).toBe(0)

    expect(await users()).toEqual(['ann', 'bob', 'eve'])
    await done('user', 'add', 'dan')
    expect(await done('outlet', 'dead')).toBe('[]')
    const again = join(directory, 'again.jsonl')
    await done('export', again)
    expect(await done('verify', again, '--against', file)).toContain('Nothing is wrong.')

    const next = await started({}, directory, WORLD)
    expect([next.channels, next.rooms]).toEqual([server.channels, server.rooms])
    expect(await rest(next, 'bob', 'rooms.get')).toMatchObject({ success: true })
    expect(await users()).toEqual(['ann', 'bob', 'eve', 'dan'])
  },
  TIME,
)

test(
  'what is acked is there after the process was killed, and the node comes back',
  async () => {
    const server = await started({}, directory, WORLD)
    const { channel } = (await rest(server, 'bob', 'channels.info?roomName=room%20one')) as { channel: { _id: string } }
    const sent: string[] = []
    for (let n = 0; n < 20; n++) {
      const answer = await rest(server, 'bob', 'chat.sendMessage', {
        message: { rid: channel._id, msg: `${n}`, _id: `id${n}` },
      })
      expect(answer).toMatchObject({ success: true })
      sent.push(`${n}`)
    }
    await server.kill()
    const next = await started()
    const { messages } = (await rest(next, 'bob', `channels.history?roomId=${channel._id}&count=50`)) as {
      messages: { msg: string }[]
    }
    expect(
      messages
        .map(({ msg }) => msg)
        .filter(msg => /^\d+$/.test(msg))
        .reverse(),
    ).toEqual(sent)
  },
  TIME,
)

test(
  'whatever stands in a text is taken and comes back (attack: NUL, halves of pairs)',
  async () => {
    const server = await started({}, directory, WORLD)
    const { channel } = (await rest(server, 'bob', 'channels.info?roomName=room%20one')) as { channel: { _id: string } }
    const texts = ['a\0b', '\u0001', '\ud800', 'x\udc00', '\\u0000 \u0000']
    for (const msg of texts) {
      const answer = await rest(server, 'bob', 'chat.sendMessage', {
        message: { rid: channel._id, msg },
      })
      expect([msg, answer]).toMatchObject([msg, { success: true }])
    }
    const { messages } = (await rest(server, 'ann', `channels.history?roomId=${channel._id}`)) as {
      messages: { msg: string }[]
    }
    for (const text of texts) expect(messages.map(({ msg }) => msg)).toContain(text)
    for (const name of ['a\0b', '\0']) {
      const answer = await rest(server, 'bob', 'users.updateOwnBasicInfo', { data: { name } })
      expect(typeof answer.success).toBe('boolean')
      for (const path of [
        `users.info?username=${encodeURIComponent(name)}`,
        `channels.info?roomName=${encodeURIComponent(name)}`,
        `chat.getMessage?msgId=${encodeURIComponent(name)}`,
      ])
        expect(typeof (await rest(server, 'ann', path)).success).toBe('boolean')
    }
    expect(server.output()).not.toMatch(/"level":(?:50|60)|bug/)
    expect((await fetch(`${server.url}/ready`)).status).toBe(200)
  },
  TIME,
)

test.each([
  ['no database of that name', (url: URL) => (url.pathname = '/nowhere')],
  ['no server', (url: URL) => (url.port = '1')],
])('%s: neither the server nor a command opens, in one sentence without the password', async (_, change) => {
  const url = new URL(database.url)
  url.password = 'hidden-word'
  change(url)
  for (const args of [['start'], ['user', 'list']]) {
    const { code, out, err } = await conclave(args, { ...settings(), CONCLAVE_STORE: url.href, CONCLAVE_PORT: '0' })
    expect([code, out]).toEqual([1, ''])
    expect(err).toMatch(/^[A-Z][^\n]*\.\n$/)
    expect(err).toContain('PostgreSQL at 127.0.0.1')
    expect(err).not.toContain('hidden-word')
  }
})

test(
  'a database of a newer Conclave is refused in one sentence',
  async () => {
    await conclave(['user', 'list'], settings())
    await database.query('UPDATE conclave.self SET version = version + 1')
    const { code, err } = await conclave(['start'], { ...settings(), CONCLAVE_PORT: '0' })
    expect([code, err]).toEqual([
      1,
      expect.stringMatching(/^The database has schema version \d+, .*newer Conclave\.\n$/),
    ])
  },
  TIME,
)

test(
  'a second server without a bus is refused in one sentence, whatever its number; the first goes on',
  async () => {
    const server = await started({}, directory, WORLD)
    const elsewhere = `${directory}.other`
    for (const node of ['0', '7']) {
      const env = { ...settings(), CONCLAVE_DATA: elsewhere, CONCLAVE_NODE: node, CONCLAVE_PORT: '0' }
      const { code, out, err } = await conclave(['start'], env)
      expect([code, out]).toEqual([1, ''])
      expect(err).toMatch(/^[A-Z][^\n]*\.\n$/)
    }
    await rm(elsewhere, { recursive: true, force: true })
    expect(await rest(server, 'bob', 'rooms.get')).toMatchObject({ success: true })
  },
  TIME,
)
