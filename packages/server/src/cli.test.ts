// The command line as an operator types it: a process each, beside a server and without one.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { main } from './cli.ts'

const COMMAND = new URL('../bin/conclave.js', import.meta.url).pathname

let data: string
let server: ChildProcess | undefined

/** A directory that others may read, as an operator may have made it. */
async function freshDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'conclave-cli-'))
  await chmod(directory, 0o755)
  return directory
}

function launch(args: readonly string[], env: Record<string, string> = {}): ChildProcess {
  const settings = { CONCLAVE_DATA: data, CONCLAVE_PORT: '0', ...env }
  return spawn(process.execPath, [COMMAND, ...args], { env: { ...process.env, ...settings }, stdio: 'pipe' })
}

async function conclave(args: readonly string[], input = '', env: Record<string, string> = {}) {
  const child = launch(args, env)
  let [out, err] = ['', '']
  child.stdout?.on('data', chunk => {
    out += chunk
  })
  child.stderr?.on('data', chunk => {
    err += chunk
  })
  child.stdin?.end(input)
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, out, err }
}

/** The same in this process, which is faster: for what ends without a server and a worker. */
async function here(args: readonly string[], env: Record<string, string> = {}) {
  for (const [name, value] of Object.entries({ CONCLAVE_DATA: data, ...env })) vi.stubEnv(name, value)
  const written = { out: '', err: '' }
  const take = (to: 'out' | 'err', text: unknown): boolean => {
    written[to] += String(text)
    return true
  }
  const streams = [
    vi.spyOn(process.stdout, 'write').mockImplementation(text => take('out', text)),
    vi.spyOn(process.stderr, 'write').mockImplementation(text => take('err', text)),
  ]
  try {
    const code = await main([...args])
    return { code, ...written }
  } finally {
    for (const stream of streams) stream.mockRestore()
    vi.unstubAllEnvs()
  }
}

/** Starts a server; gives what it said until it served, the first administrator's token included. */
async function serve(): Promise<string> {
  const child = launch(['start'], { CONCLAVE_LOG_LEVEL: 'warn' })
  server = child
  let said = ''
  return new Promise((resolve, reject) => {
    child.stdout?.on('data', chunk => {
      said += chunk
      if (said.includes('lockstep')) setTimeout(() => resolve(said), 100)
    })
    child.once('exit', code => reject(new Error(`the server ended with ${code}`)))
  })
}

async function stop(signal: NodeJS.Signals): Promise<number | null> {
  const child = server
  server = undefined
  if (!child || child.exitCode !== null) return child?.exitCode ?? null
  const closed = once(child, 'exit') as Promise<[number | null]>
  child.kill(signal)
  return (await closed)[0]
}

describe('without a server', () => {
  beforeAll(async () => {
    data = await freshDirectory()
  })
  afterAll(() => rm(data, { recursive: true, force: true }))

  test('a user, a token, an app and a world are made; output is JSON', async () => {
    const added = await conclave(
      ['user', 'add', 'ann', '--id', '5', '--role', 'superuser', '--password-stdin'],
      'secret\n',
    )
    expect([added.code, added.err]).toEqual([0, ''])
    expect(JSON.parse(added.out)).toEqual({ id: '5', username: 'ann', name: 'ann', active: true, roles: ['superuser'] })
    const token = JSON.parse((await conclave(['token', 'create', '--user', '5', '--seconds', '60'])).out)
    expect(token).toMatchObject({ user: '5', kind: 'user', token: expect.stringMatching(/^[\w-]{43}$/) })
    const listed = await conclave(['token', 'list', '--user', '5'])
    expect(listed.out).toContain(token.id)
    expect(listed.out).not.toContain(token.token)
    expect(JSON.parse((await conclave(['token', 'revoke', token.id])).out)).toMatchObject({ id: token.id })
    expect((await conclave(['token', 'list'])).out).toBe('[]\n')
    expect(JSON.parse((await conclave(['app', 'create', '--owner', '5', '--id', 'shop'])).out)).toMatchObject({
      id: 'shop',
    })
    const world = { channels: [{ ref: 'c', name: 'c' }], rooms: [{ ref: 'r', channel: 'c', name: 'r', owners: ['5'] }] }
    const imported = await conclave(['import', '-'], JSON.stringify(world))
    expect(JSON.parse(imported.out)).toEqual({ channels: { c: expect.any(String) }, rooms: { r: expect.any(String) } })
    expect(JSON.parse((await conclave(['room', 'list'])).out)).toMatchObject([
      { name: 'r', uuid: JSON.parse(imported.out).rooms.r },
    ])
  })

  test('what is written is for the server’s user alone, also in a directory that others may read', async () => {
    const modes = await Promise.all(
      (await readdir(data)).map(async name => (await stat(join(data, name))).mode & 0o077),
    )
    expect(modes.length).toBeGreaterThan(0)
    expect(modes.every(mode => mode === 0)).toBe(true)
  })

  test.each<[string[], string | RegExp]>([
    [['frobnicate'], 'There is no command "frobnicate"'],
    [['user'], 'There is no command "user"'],
    [['__proto__'], 'There is no command'],
    [['user', 'add'], 'needs a username'],
    [['user', 'add', 'bob', '--role', 'god'], '"roles.0"'],
    [['user', 'add', 'ANN'], 'The username "ANN" is taken.'],
    [['user', 'add', 'bob', '--id', '5'], 'There is a user 5 already.'],
    [['user', 'add', 'b b'], 'The username must have'],
    [['user', 'remove', '404'], 'There is no such user.'],
    [['user', 'add', 'bob', '--frob'], "Unknown option '--frob'"],
    [['user', 'list', 'me'], '"me" is one word too many'],
    [['start', 'now'], '"now" is one word too many'],
    [['token', 'create', '--user', '5', '--seconds', '1.5'], '--seconds needs a whole number'],
    [['token', 'create'], 'needs --user'],
    [['token', 'create', '--user', '404'], 'There is no user 404.'],
    [['token', 'revoke', 'none'], 'There is no token none.'],
    [['import'], 'needs the file'],
    [['import', '/nowhere'], 'cannot be read'],
    [['import', COMMAND], 'is not JSON'],
  ])('%j is answered in one sentence on stderr', async (args, sentence) => {
    const { code, out, err } = await here(args)
    expect([code, out, err.trimEnd().split('\n').length]).toEqual([1, '', 1])
    expect(err).toMatch(sentence)
  })

  test('a wrong setting stops every command with its name', async () => {
    for (const args of [['start'], ['user', 'list'], ['config']]) {
      const { code, err } = await here(args, { CONCLAVE_DINO_KICKBAN: '1' })
      expect([code, err]).toEqual([1, 'The setting "CONCLAVE_DINO_KICKBAN" is unknown.\n'])
    }
  })

  test('help, version and settings need no data directory', async () => {
    const env = { CONCLAVE_DATA: '/nowhere/at/all' }
    expect((await here([], env)).out).toContain('conclave import FILE')
    expect((await here(['--version'], env)).out).toMatch(/^\d+\.\d+\.\d+\n$/)
    expect((await here(['config'], env)).out).toContain('data = "/nowhere/at/all"')
  })
})

describe('beside a server', () => {
  beforeEach(async () => {
    data = await freshDirectory()
  })
  afterEach(async () => {
    await stop('SIGKILL')
    await rm(data, { recursive: true, force: true })
  })

  test('commands go through it; a revoked token is dead there at once', async () => {
    const said = await serve()
    const url = /http:\/\/\S+/.exec(said)?.[0]
    await conclave(['user', 'add', 'ann', '--id', '5'])
    const { token, id } = JSON.parse((await conclave(['token', 'create', '--user', '5'])).out)
    const me = async () => (await fetch(`${url}/2/users/me`, { headers: { authorization: `Bearer ${token}` } })).status
    expect(await me()).toBe(200)
    await conclave(['token', 'revoke', id])
    expect(await me()).toBe(401)
    const refused = await conclave(['user', 'add', 'ANN'])
    expect([refused.code, refused.err]).toEqual([1, 'The username "ANN" is taken.\n'])
    const second = await conclave(['start'])
    expect([second.code, second.err.trimEnd().split('\n').length]).toEqual([1, 1])
    expect(await stop('SIGTERM')).toBe(0)
    expect(await readdir(data)).not.toContain('control.json')
  })

  test('the administrator’s token is shown on the first start alone, and works after a kill', async () => {
    const token = /this once: (\S+)/.exec(await serve())?.[1]
    await stop('SIGKILL')
    expect(await readdir(data)).toContain('control.json')
    expect(JSON.parse((await conclave(['user', 'list'])).out)).toMatchObject([
      { username: 'admin', roles: ['superuser'] },
    ])
    const again = await serve()
    const url = /http:\/\/\S+/.exec(again)?.[0]
    const me = await fetch(`${url}/2/users/me`, { headers: { authorization: `Bearer ${token}` } })
    expect([me.status, again.includes('this once')]).toEqual([200, false])
  })

  test('the server goes on when nobody reads its output any more', async () => {
    await serve()
    server?.stdout?.destroy()
    server?.stderr?.destroy()
    expect((await conclave(['user', 'add', 'ann'])).code).toBe(0)
    expect(await stop('SIGTERM')).toBe(0)
  })

  test('a world that is wrong is refused through it with its path', async () => {
    await serve()
    const file = join(data, 'world.json')
    await writeFile(file, '{"users":[{"id":"1","username":"one","admin":true}]}')
    expect(await conclave(['import', file])).toEqual({ code: 1, out: '', err: 'users[0].admin: is unknown\n' })
    await writeFile(file, JSON.stringify({ users: [{ id: '1', username: 'one', tokens: ['one'] }] }))
    expect(await conclave(['import', file])).toEqual({ code: 0, out: '{"channels":{},"rooms":{}}\n', err: '' })
  })
})
