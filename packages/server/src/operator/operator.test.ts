// What an operator does, and what somebody does who pretends to be one.
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { UserId } from '@conclave/wire'
import { idOfUuid } from '@conclave/wire'
import { afterEach, describe, expect, test } from 'vitest'
import type { Core } from '../engine/core.ts'
import { openTestCore } from '../engine/testing.ts'
import { askRunning } from './ask-running.ts'
import { openControl } from './control.ts'
import { firstStart } from './first-start.ts'
import { importWorld } from './import-world.ts'
import { runRequest } from './requests.ts'

let open: Core | undefined
afterEach(async () => {
  await open?.close()
  open = undefined
})

async function start(): Promise<Core> {
  open = (await openTestCore()).core
  return open
}

const world = {
  users: [
    { id: '0', username: 'root', roles: ['superuser'], tokens: ['root-token'] },
    {
      id: '1001',
      username: 'ann',
      name: 'Ann',
      password: 'secret of ann',
      tokens: ['t1', 't2'],
      attributes: { age: '30' },
      excluded: ['1002'],
    },
    { id: '1002', username: 'bob', email: 'bob@example.org' },
  ],
  channels: [
    {
      ref: 'c1',
      name: 'one',
      sort: 5,
      tags: ['x'],
      owners: ['1001'],
      acls: [{ action: 'list', type: 'gender', value: 'w' }],
    },
  ],
  rooms: [
    {
      ref: 'r1',
      channel: 'c1',
      name: 'room',
      kind: 'static',
      owners: ['1001'],
      moderators: ['1002'],
      acls: [{ action: 'join', type: 'age', value: '18:' }],
    },
    { ref: 'r2', channel: 'c1', name: 'ROOM', kind: 'private', owners: ['1001'], members: ['1002'] },
  ],
  blacklist: ['BadWord'],
  sanctions: [{ kind: 'mute', user: '1002', scope: 'room', target: 'r1', reason: 'loud' }],
  apps: [{ id: 'app', secret: 'a secret of sixteen', owner: '1001', tokens: ['app-token'] }],
}

/** Everything that an import could have written. */
async function content({ store }: Core): Promise<string> {
  const accounts = await store.accounts(null, 100)
  return JSON.stringify([
    accounts,
    await store.channels(),
    await store.allRooms(null, 100),
    await store.words(),
    await store.tokens(null, 100),
  ])
}

describe('a world', () => {
  test('is there after its import, and a second import changes nothing', async () => {
    const core = await start()
    const first = await importWorld(core, world)
    const before = await content(core)
    const heads = await core.store.heads(await core.store.allRooms(null, 10))
    expect(await importWorld(core, world)).toEqual(first)
    expect(await content(core)).toBe(before)
    expect(await core.store.heads(await core.store.allRooms(null, 10))).toEqual(heads)
    const room = await core.rooms.load(idOfUuid(first.rooms.r2 as string) as never)
    expect([...(room?.members.keys() ?? [])].sort()).toEqual(['1001', '1002'])
    expect(await core.identity.tokens.authenticate('t2')).toMatchObject({
      account: { id: '1001', attributes: { age: '30' } },
    })
    expect(await core.store.words()).toEqual(['badword'])
  })

  test('adds and updates what it names and removes nothing', async () => {
    const core = await start()
    await importWorld(core, world)
    await importWorld(core, {
      users: [{ id: '1001', username: 'ann', name: 'Anna', tokens: ['t3'] }],
      rooms: [{ ref: 'r1', channel: 'c1', name: 'renamed', owners: ['1002'] }],
    })
    const ann = await core.store.account('1001' as UserId)
    expect([ann?.name, ann?.attributes, (await core.store.tokensOf('1001' as UserId)).length]).toEqual([
      'Anna',
      { age: '30' },
      3,
    ])
    const [room] = await core.reading.named('renamed')
    expect([room?.roles.get('1001' as UserId), room?.roles.get('1002' as UserId)?.includes('owner')]).toEqual([
      ['owner'],
      true,
    ])
    expect(room?.acls.length).toBe(1)
  })

  test('that gives an app another secret ends what it was given for the one before, and nothing else', async () => {
    const core = await start()
    await importWorld(core, world)
    const { tokens } = core.identity
    const app = { kind: 'app', user: null, scopes: [], issuer: 'xchat', lifetime: null } as const
    for (const [name, text] of [
      ['app', 'for the secret'],
      ['another', 'of another'],
    ] as const)
      await tokens.mint({ ...app, app: name, text })
    const good = (text: string) => tokens.authenticate(text).then(found => !('refused' in found))
    const all = () => Promise.all(['for the secret', 'of another', 'app-token'].map(good))
    await importWorld(core, world)
    expect(await all()).toEqual([true, true, true])
    await importWorld(core, { apps: [{ id: 'app', secret: 'another secret of it', owner: '1001' }] })
    expect(await all()).toEqual([false, true, true])
  })

  const user = { id: '7', username: 'seven' }
  const proto = JSON.parse(
    '{ "users": [{ "id": "7", "username": "seven", "__proto__": { "roles": ["superuser"] } }] }',
  ) as object
  test.each<[string, unknown, string]>([
    ['an unknown field', { users: [{ ...user, admin: true }] }, 'users[0].admin'],
    ['an unknown list', { people: [] }, 'people'],
    ['a dangling channel', { rooms: [{ ref: 'r', channel: 'none', name: 'r' }] }, 'rooms[0].channel'],
    ['a dangling user', { users: [user], channels: [{ ref: 'c', name: 'c', owners: ['8'] }] }, 'channels[0].owners[0]'],
    ['a user twice', { users: [user, user] }, 'users[1].id'],
    ['a name twice', { users: [user, { id: '8', username: 'SEVEN' }] }, 'users[1].username'],
    ['a token twice', { users: [{ ...user, tokens: ['t', 't'] }] }, 'users[0].tokens[1]'],
    ['a number as id', { users: [{ ...user, id: 7 }] }, 'users[0].id'],
    ['an id with a leading zero', { users: [{ ...user, id: '07' }] }, 'users[0].id'],
    ['a role that there is not', { users: [{ ...user, roles: ['god'] }] }, 'users[0].roles[0]'],
    [
      'a rule that cannot be',
      { channels: [{ ref: 'c', name: 'c', acls: [{ action: 'list', type: 'age', value: 'old' }] }] },
      'channels[0].acls[0].value',
    ],
    ['a prototype', proto, 'users[0]'],
    ['no object', [], 'the world'],
    ['null', null, 'the world'],
  ])('with %s is refused with its path and changes nothing', async (_what, wrong, path) => {
    const core = await start()
    await importWorld(core, { users: [{ id: '1', username: 'one', tokens: ['taken'] }] })
    const before = await content(core)
    await expect(importWorld(core, wrong)).rejects.toThrow(path)
    expect(await content(core)).toBe(before)
  })

  test('cannot take another user’s token or name', async () => {
    const core = await start()
    await importWorld(core, { users: [{ id: '1', username: 'one', tokens: ['taken'] }] })
    const before = await content(core)
    await expect(importWorld(core, { users: [{ id: '2', username: 'two', tokens: ['taken'] }] })).rejects.toThrow(
      'users[0].tokens[0]',
    )
    await expect(importWorld(core, { users: [{ id: '2', username: 'One' }] })).rejects.toThrow('users[0].username')
    expect(await content(core)).toBe(before)
  })

  test('of ten thousand users takes seconds', async () => {
    const core = await start()
    const users = Array.from({ length: 10_000 }, (_, n) => ({
      id: String(10_000 + n),
      username: `many${n}`,
      tokens: [`many-token-${n}`],
    }))
    const started = process.cpuUsage()
    await importWorld(core, { users })
    expect(process.cpuUsage(started).user / 1_000).toBeLessThan(15_000)
    expect(await core.identity.tokens.authenticate('many-token-9999')).toMatchObject({
      account: { username: 'many9999' },
    })
  })
})

describe('an account’s end', () => {
  test('takes it out of every room, its tokens with it, and leaves its id and keys', async () => {
    const core = await start()
    const { rooms } = await importWorld(core, world)
    const ended: (string | null)[] = []
    core.bus.subscribe('all', message => {
      if (message.kind === 'end') ended.push(message.user)
    })
    expect(await runRequest(core, 'user.remove', { id: '1002' })).toMatchObject({ active: false, rooms: 1 })
    expect(await core.store.roomsOf('1002' as UserId)).toEqual([])
    expect((await core.rooms.load(idOfUuid(rooms.r2 as string) as never))?.members.has('1002' as UserId)).toBe(false)
    expect(ended).toContain('1002')
    expect(await core.store.account('1002' as UserId)).toMatchObject({ id: '1002', active: false, roles: [] })
  })
})

describe('the first start', () => {
  test('makes one administrator and shows the token once', async () => {
    const core = await start()
    const first = await firstStart(core)
    expect(first?.username).toBe('admin')
    expect(await core.identity.tokens.authenticate(first?.token ?? '')).toMatchObject({
      account: { roles: ['superuser'] },
    })
    expect(await firstStart(core)).toBe(null)
  })

  test('that ended before the token was there is made good by the next', async () => {
    const core = await start()
    await core.identity.users.create({ username: 'admin', name: 'Admin', roles: ['superuser'] })
    const first = await firstStart(core)
    expect(first?.username).toBe('admin')
    expect(await core.identity.tokens.authenticate(first?.token ?? '')).toHaveProperty('account')
    expect(await core.store.accounts(null, 10)).toHaveLength(1)
  })

  test('makes none where a world brought a superuser, and finds a free name where it took "admin"', async () => {
    const core = await start()
    await importWorld(core, world)
    expect(await firstStart(core)).toBe(null)
    await core.close()
    const other = await start()
    await importWorld(other, { users: [{ id: '5', username: 'admin' }] })
    expect((await firstStart(other))?.username).toBe('conclave-admin')
  })
})

describe('the control listener', () => {
  async function listening(): Promise<{ core: Core; directory: string; close(): Promise<void> }> {
    const core = await start()
    const directory = await mkdtemp(join(tmpdir(), 'conclave-control-'))
    const control = await openControl(core, directory)
    return {
      core,
      directory,
      close: async () => {
        await control.close()
        await rm(directory, { recursive: true, force: true })
      },
    }
  }

  test('is reached by who can read its file, which only the server’s user can', async () => {
    const { directory, close } = await listening()
    expect((await stat(join(directory, 'control.json'))).mode & 0o777).toBe(0o600)
    expect(await askRunning(directory, 'user.add', { username: 'new' })).toMatchObject({ value: { username: 'new' } })
    expect(await askRunning(directory, 'user.add', { username: 'new' })).toHaveProperty('error')
    expect(await askRunning(directory, 'user.list', {})).toMatchObject({ value: [{ username: 'new' }] })
    await close()
    expect(await askRunning(directory, 'user.list', {})).toBe(undefined)
  })

  test('tells a stranger nothing and does nothing for one', async () => {
    const { core, directory, close } = await listening()
    const { port, secret } = JSON.parse(await readFile(join(directory, 'control.json'), 'utf8')) as {
      port: number
      secret: string
    }
    const url = `http://127.0.0.1:${port}/user.add`
    for (const authorization of [
      '',
      'Bearer',
      `Bearer ${secret}x`,
      `Bearer ${secret.slice(0, -1)}`,
      `bearer ${secret}`,
      'Basic x',
    ]) {
      const response = await fetch(url, { method: 'POST', headers: { authorization }, body: '{"username":"intruder"}' })
      expect([response.status, await response.text()]).toEqual([401, '{"error":"not allowed"}'])
    }
    expect(await core.store.accounts(null, 10)).toEqual([])
    await close()
  })

  test.each([
    ['constructor', '{}'],
    ['__proto__', '{}'],
    ['no.such', '{}'],
    ['user.add', 'not json'],
    ['user.add', '[]'],
    ['user.add', '{"username":1}'],
    ['user.add', '{"username":"a","__proto__":{"roles":["superuser"]}}'],
    ['token.create', '{"user":"404"}'],
    ['token.revoke', '{"id":"none"}'],
  ])('answers %s with %j in one sentence', async (name, body) => {
    const { directory, close } = await listening()
    const { port, secret } = JSON.parse(await readFile(join(directory, 'control.json'), 'utf8')) as {
      port: number
      secret: string
    }
    const response = await fetch(`http://127.0.0.1:${port}/${name}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}` },
      body,
    })
    expect(response.status).toBe(400)
    expect(((await response.json()) as { error: string }).error.length).toBeGreaterThan(5)
    await close()
  })

  test('survives a client that goes away in the middle of a request', async () => {
    const { directory, close } = await listening()
    const { port, secret } = JSON.parse(await readFile(join(directory, 'control.json'), 'utf8')) as {
      port: number
      secret: string
    }
    const sent = request({
      port,
      host: '127.0.0.1',
      method: 'POST',
      path: '/import',
      headers: { authorization: `Bearer ${secret}` },
    })
    sent.on('error', () => {})
    sent.write('{"users":[')
    await new Promise(resolve => setTimeout(resolve, 20))
    sent.destroy()
    expect(await askRunning(directory, 'user.list', {})).toMatchObject({ value: [] })
    await close()
  })

  test('says so when it fails, is asked too much or goes away, and nobody takes the store instead', async () => {
    const { core, directory, close } = await listening()
    core.store.accounts = () => Promise.reject(new Error('a bug'))
    expect(await askRunning(directory, 'user.list', {})).toEqual({
      error: 'The server failed at this; its log says where.',
    })
    expect(await askRunning(directory, 'import', 'x'.repeat(260 * 1024 * 1024))).toEqual({
      error: expect.stringContaining('too large'),
    })
    core.store.accounts = () => close().then(() => [])
    expect(await askRunning(directory, 'user.list', {})).toEqual({ error: expect.stringContaining('went away') })
  })

  test('is not taken for another program that took over its port: it gets no secret and no world', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'conclave-control-'))
    const heard: string[] = []
    const impostor = createServer((asked, response) => {
      heard.push(`${asked.method} ${asked.headers.authorization ?? ''}`)
      if (heard.length === 1) response.end('{"proof":"00","value":[]}')
      else {
        // Without an end, as fast as it can.
        const chunk = Buffer.alloc(65_536, 'x')
        const pour = () => {
          while (!response.destroyed && response.write(chunk)) {}
        }
        response.on('drain', pour)
        pour()
      }
    })
    await new Promise<void>(resolve => impostor.listen(0, '127.0.0.1', resolve))
    const { port } = impostor.address() as AddressInfo
    await writeFile(join(directory, 'control.json'), JSON.stringify({ port, secret: 'left over' }))
    expect(await askRunning(directory, 'import', { users: [{ password: 'secret' }] })).toBe(undefined)
    expect(await askRunning(directory, 'import', { users: [{ password: 'secret' }] })).toBe(undefined)
    expect(heard).toEqual(['GET ', 'GET '])
    impostor.close()
    impostor.closeAllConnections()
    await rm(directory, { recursive: true, force: true })
  })

  test.each([
    '',
    '{',
    'null',
    '[]',
    '{"port":"1","secret":"x"}',
    '{"port":1.5,"secret":"x"}',
    '{"port":99999,"secret":"x"}',
  ])('whose file holds %j is not there', async content => {
    const directory = await mkdtemp(join(tmpdir(), 'conclave-control-'))
    await writeFile(join(directory, 'control.json'), content)
    expect(await askRunning(directory, 'user.list', {})).toBe(undefined)
    await rm(directory, { recursive: true, force: true })
  })

  test('whose file is left over from a killed server is not believed', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'conclave-control-'))
    await writeFile(join(directory, 'control.json'), '{"port":1,"secret":"x"}')
    expect(await askRunning(directory, 'user.list', {})).toBe(undefined)
    await rm(directory, { recursive: true, force: true })
  })
})
