// Access rules over real sockets: the table that an operator brings, the actions that the real server leaves open, and
// the same rules on the other wire.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Ddp } from '../rocketchat/ddp.ts'
import { conclave, startServer, type TestServer, type World } from '../server.ts'
import { base64, DinoClient, type Reply } from './client.ts'

/** The rules of a site that knows levels, and rules joining, listing, reading, sending and banning. */
const RULES = `
available: &ALL
  acls: [level, disallow, custom, admin]
validation:
  level: { type: str_in_csv, value: "1,2,3" }
  disallow: { type: disallow }
  custom: { type: custom }
  admin: { type: is_admin }
channel:
  list: { <<: *ALL, exclude: [admin] }
  create: { <<: *ALL }
  whisper: { acls: [disallow] }
  ban: { acls: [admin] }
room:
  join: { <<: *ALL }
  list: { <<: *ALL }
  history: { <<: *ALL }
  message: { <<: *ALL }
`
const level = (action: string, value: string) => ({ action, type: 'level', value })
const WORLD: World = {
  users: [
    { id: '1', username: 'high', tokens: ['tok1', 'token-of-high'], attributes: { level: '3' } },
    { id: '2', username: 'low', tokens: ['tok2', 'token-of-low'], attributes: { level: '1' } },
    { id: '3', username: 'owner', tokens: ['tok3'] },
    { id: '4', username: 'mod', tokens: ['tok4'], roles: ['globalmod'] },
  ],
  channels: [
    { ref: 'c', name: 'open' },
    { ref: 'quiet', name: 'quiet', acls: [{ action: 'ban', type: 'admin', value: '' }] },
  ],
  rooms: [
    { ref: 'joins', channel: 'c', name: 'joins', owners: ['3'], acls: [level('join', '2,3')] },
    {
      ref: 'says',
      channel: 'c',
      name: 'says',
      kind: 'public',
      owners: ['3'],
      members: ['1', '2'],
      acls: [level('message', '3'), level('history', '3'), level('list', '3')],
    },
    { ref: 'quietly', channel: 'quiet', name: 'quietly', owners: ['3'] },
  ],
}

let directory: string
let server: TestServer
const clients: { close(): void }[] = []
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'conclave-acls-'))
  await writeFile(join(directory, 'acl.yaml'), RULES)
  server = await startServer({ world: WORLD, config: { dino: { acl: join(directory, 'acl.yaml') } } })
})
afterAll(async () => {
  for (const client of clients) client.close()
  await server?.remove()
  await rm(directory, { recursive: true, force: true })
})

async function as(user: string, name: string): Promise<DinoClient> {
  const client = await DinoClient.open(server.url)
  clients.push(client)
  expect((await client.login(user, name)).code).toBe(200)
  return client
}
const room = (ref: string) => ({ id: server.rooms[ref], objectType: 'room' })
const say = (client: DinoClient, ref: string): Promise<Reply> =>
  client.request('message', { verb: 'send', target: room(ref), object: { content: base64('hello') } })
const setAcl = (client: DinoClient, ref: string, type: string, content?: string, action = 'join'): Promise<Reply> =>
  client.request('set_acl', {
    verb: 'set',
    target: room(ref),
    object: {
      objectType: 'acl',
      attachments: [{ objectType: type, summary: action, ...(content ? { content } : {}) }],
    },
  })

describe('rules of an operator’s own', () => {
  test('let in whom they name, and say to others what is wanted', async () => {
    const [high, low] = [await as('1', 'high'), await as('2', 'low')]
    expect((await high.request('join', { verb: 'join', target: room('joins') })).code).toBe(200)
    const refused = await low.request('join', { verb: 'join', target: room('joins') })
    expect(refused.data).toMatchObject({
      status_code: 705,
      error: 'acl "level" did not validate for target acl "2,3": session value 1 not in allowed values [2,3]',
    })
  })

  test('are what new ones are checked against, whoever sets them, and what is set holds at once', async () => {
    const [owner, mod, low] = [await as('3', 'owner'), await as('4', 'mod'), await as('2', 'low')]
    for (const client of [owner, mod]) {
      expect((await setAcl(client, 'joins', 'gender', 'w')).code).toBe(601)
      expect((await setAcl(client, 'joins', 'level', '3', 'kick')).code).toBe(602)
      expect((await setAcl(client, 'joins', 'level', '9')).code).toBe(603)
    }
    expect((await setAcl(low, 'joins', 'level', '1')).data).toMatchObject({
      status_code: 705,
      error: 'user is not allowed to change acls on the target',
    })
    expect((await setAcl(owner, 'joins', 'custom', 'level=1|level=3')).code).toBe(200)
    expect((await low.request('join', { verb: 'join', target: room('joins') })).code).toBe(705)
    expect((await setAcl(owner, 'joins', 'level')).code).toBe(200)
    expect((await low.request('join', { verb: 'join', target: room('joins') })).code).toBe(200)
  })

  test('hold for sending, reading and listing, over the other wire too', async () => {
    const [high, low] = [await as('1', 'high'), await as('2', 'low')]
    const seen = async (client: DinoClient): Promise<number> => {
      const { data } = await client.request('users_in_room', { verb: 'list', target: room('says') })
      return data.data.object.attachments.length
    }
    await high.request('join', { verb: 'join', target: room('says') })
    expect([await seen(high), await seen(low)]).toEqual([1, 0])
    await low.request('join', { verb: 'join', target: room('says') })
    // Whoever is inside sees who else is.
    expect([await seen(high), await seen(low)]).toEqual([2, 2])
    expect([(await say(high, 'says')).code, (await say(low, 'says')).code]).toEqual([200, 705])
    const history = { verb: 'history', target: room('says') }
    expect([(await high.request('history', history)).code, (await low.request('history', history)).code]).toEqual([
      200, 705,
    ])
    const listed = async (client: DinoClient): Promise<string[]> => {
      const { data } = await client.request('list_rooms', { verb: 'list', object: { url: server.channels.c } })
      return data.data.object.attachments.map(({ id }: { id: string }) => id)
    }
    expect(await listed(high)).toContain(server.rooms.says)
    expect(await listed(low)).not.toContain(server.rooms.says)

    const rid = server.rooms.says
    const overDdp = async (token: string) => {
      const ddp = await Ddp.connect(server.url)
      clients.push(ddp.ws)
      await ddp.call('login', { resume: token })
      const sent = await ddp.ask('sendMessage', { rid, msg: 'hello' })
      const past = await ddp.ask('loadHistory', rid)
      const rooms = (await ddp.call('rooms/get')) as { _id: string }[]
      return {
        sent: sent.error === undefined,
        past: past.result !== false,
        listed: rooms.some(({ _id }) => _id === rid),
      }
    }
    expect(await overDdp('token-of-high')).toEqual({ sent: true, past: true, listed: true })
    expect(await overDdp('token-of-low')).toEqual({ sent: false, past: false, listed: false })
  })

  test('of a channel keep a room’s owner from banning, and no operator', async () => {
    const [owner, mod] = [await as('3', 'owner'), await as('4', 'mod')]
    const ban = { verb: 'ban', target: room('quietly'), object: { id: '2', summary: '1s' } }
    expect((await owner.request('ban', ban)).code).toBe(705)
    expect((await mod.request('ban', ban)).code).toBe(200)
  })
})

describe('a file of rules that is wrong', () => {
  test('stops the start with one sentence that names the field', async () => {
    const file = join(directory, 'wrong.yaml')
    await writeFile(file, RULES.replace('  message: {', '  mesage: {'))
    const env = { CONCLAVE_DATA: join(directory, 'data'), CONCLAVE_PORT: '0', CONCLAVE_DINO_ACL: file }
    const { code, err } = await conclave(['start'], env)
    expect(code).not.toBe(0)
    expect(err.trim()).toMatch(/^The setting "dino\.acl" is not valid: room\.mesage is no action of a room: [^\n]*$/)
  })

  test('stops an import of rules that it does not know', async () => {
    const world = join(directory, 'other.json')
    await writeFile(
      world,
      JSON.stringify({
        users: [],
        channels: [{ ref: 'x', name: 'x', acls: [{ action: 'list', type: 'gender', value: 'w' }] }],
      }),
    )
    const { code, err } = await server.command('import', world)
    expect(code).not.toBe(0)
    expect(err).toContain('channels[0].acls[0].type')
  })
})
