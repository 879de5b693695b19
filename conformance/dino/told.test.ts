// Cases that the real server's own tests tell instead of a recording (cases/dino.json, `ts-…`): each has a state of its
// own, which is set up here.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startServer, type TestServer, type World } from '../server.ts'
import { type Case, TOLD_CASES } from './cases.ts'
import { base64, DinoClient, type Generation } from './client.ts'
import { DIFFERENCES, reasonOf } from './differences.ts'

const FULL = { age: '30', gender: 'm', membership: 'normal', country: 'de', city: 'berlin', image: 'y' }
const ATTRIBUTES: Readonly<Record<string, string>> = { ...FULL, has_webcam: 'y', fake_checked: 'y' }
const EVERY_ACL = Object.entries({ ...ATTRIBUTES, age: '18:40' }).map(([type, value]) => ({
  action: 'join',
  type,
  value,
}))

/** The values that `given` names: the channel's rule and the user's languages. */
function languages({ given }: Case): { rule: string; spoken: string | null } {
  const [, rule = '', spoken = ''] = /acl spoken_language=(\S*), session spoken_language=(.*)$/.exec(given) ?? []
  return { rule, spoken: spoken === 'None' ? null : spoken }
}

const SPOKEN = TOLD_CASES.filter(one => one.id.startsWith('ts-spoken-'))
const MISSING = TOLD_CASES.filter(one => one.id.startsWith('ts-login-missing-') && !DIFFERENCES[one.id])

function userOf(one: Case): { id: string; attributes: Record<string, string> } {
  const id = String(5_000 + TOLD_CASES.indexOf(one))
  if (SPOKEN.includes(one)) {
    const { spoken } = languages(one)
    return { id, attributes: spoken === null ? {} : { spoken_language: spoken } }
  }
  const missing = /^ts-login-missing-(\w+)$/.exec(one.id)?.[1]
  return { id, attributes: Object.fromEntries(Object.entries(ATTRIBUTES).filter(([name]) => name !== missing)) }
}

const WORLD: World = {
  users: [
    ...[...SPOKEN, ...MISSING].map(one => {
      const { id, attributes } = userOf(one)
      const tokens = one.id === 'ts-login-missing-token' ? [] : [`tok${id}`]
      return { id, username: `user${id}`, tokens, attributes }
    }),
    { id: '1', username: 'user1', tokens: ['tok1'], attributes: ATTRIBUTES },
    { id: '2', username: 'user2', tokens: ['tok2'], attributes: { ...ATTRIBUTES, city: 'paris', age: '60' } },
    { id: '3', username: 'user3', tokens: ['tok3'], attributes: { age: '30' } },
    { id: '4', username: 'user4', tokens: ['tok4'] },
    { id: '5', username: 'user5', tokens: ['tok5'], roles: ['superuser'] },
    { id: '6', username: 'user6', tokens: ['tok6'] },
    { id: '7', username: 'batman', tokens: ['tok7'] },
    { id: '8', username: 'robin', tokens: ['tok8'] },
    ...['11', '12', '13', '14', '15', '16'].map(id => ({ id, username: `user${id}`, tokens: [`tok${id}`] })),
  ],
  channels: [
    { ref: 'c', name: 'channel' },
    { ref: 'ruled', name: 'ruled channel', owners: ['4'], admins: ['6'] },
    ...SPOKEN.map(one => ({
      ref: one.id,
      name: one.id,
      acls: [{ action: 'list', type: 'spoken_language', value: languages(one).rule }],
    })),
  ],
  rooms: [
    { ref: 'plain', channel: 'c', name: 'plain room', owners: ['4'] },
    { ref: 'other', channel: 'c', name: 'other room', owners: ['4'] },
    {
      ref: 'kick',
      channel: 'c',
      name: 'kick rule',
      owners: ['4'],
      moderators: ['3'],
      acls: [{ action: 'kick', type: 'moderator', value: 'y' }],
    },
    { ref: 'every', channel: 'c', name: 'every acl', acls: EVERY_ACL },
    { ref: 'old', channel: 'c', name: 'old history', acls: [{ action: 'history', type: 'age', value: '50:' }] },
    {
      ref: 'same',
      channel: 'c',
      name: 'same room',
      owners: ['4'],
      acls: [{ action: 'history', type: 'sameroom', value: '' }],
    },
  ],
  sanctions: [
    { kind: 'ban', user: '3', scope: 'global', until: '2020-01-01T00:00:00Z' },
    { kind: 'ban', user: '4', scope: 'room', target: 'plain', until: '2099-01-01T00:00:00Z' },
  ],
}

const CONFIG = { dino: { history: { type: 'unread', limit: 50 }, validateWhispers: true } }

/** The service that is asked about whispers; it blocks these names. */
const blocked = new Set<string>()
let checker: Server

beforeAll(async () => {
  checker = createServer((request, response) => void judge(request, response))
  checker.listen(0, '127.0.0.1')
  await once(checker, 'listening')
})
afterAll(() => checker.close())

async function judge(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = ''
  for await (const chunk of request) body += String(chunk)
  const { id, params } = JSON.parse(body) as { id: unknown; params: { receiverName: string } }
  const answer = blocked.has(params.receiverName)
    ? { error: { code: 50_001, message: 'no contact' } }
    : { result: true }
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify({ jsonrpc: '2.0', id, ...answer }))
}

/** Every case by its id; gives the status code, or checks by itself and gives the expected one. */
type Stories = Readonly<Record<string, (server: TestServer, open: () => Promise<DinoClient>) => Promise<number>>>

const inRoom = (server: TestServer, ref: string) => ({ verb: 'x', target: { id: server.rooms[ref] } })
const said = (server: TestServer, ref: string, text: string) => ({
  verb: 'send',
  target: { id: server.rooms[ref], objectType: 'room' },
  object: { content: base64(text) },
})

/** Cases of one answer each to requests that need no more than who asks. */
const STORIES: Stories = {
  'ts-kick-acl-ignored': async (server, open) => {
    const client = await open()
    await client.login('3')
    return (await client.request('kick', { ...inRoom(server, 'kick'), object: { id: '1' } })).code
  },
  'ts-ban-global-channel-admin': async (_, open) => {
    const client = await open()
    await client.login('6')
    const ban = { verb: 'ban', target: { objectType: 'global' }, object: { id: '1', summary: '5m' } }
    return (await client.request('ban', ban)).code
  },
  'ts-create-missing-actor': async (server, open) => {
    const client = await open()
    await client.login('1')
    const target = { displayName: base64(`by nobody ${client.socket.io.engine.transport.name} ${Math.random()}`) }
    return (await client.request('create', { verb: 'create', target, object: { url: server.channels.c }, actor: {} }))
      .code
  },
  'ts-status-no-user': async (_, open) => (await (await open()).request('status', { verb: 'online' })).code,
  'ts-status-other-user': async (_, open) => {
    const client = await open()
    await client.login('1')
    return (await client.request('status', { verb: 'online', actor: { id: 'other' } })).code
  },
  'ts-setacl-super-room': (server, open) => setsAcl(open, '5', roomTarget(server), '18:'),
  'ts-setacl-channel-owner': (server, open) => setsAcl(open, '4', channelTarget(server), ':99'),
  'ts-setacl-channel-denied': (server, open) => setsAcl(open, '1', channelTarget(server), '18:'),
  'ts-setacl-remove-nonexisting': (server, open) => setsAcl(open, '5', channelTarget(server), undefined),
  'ts-whisper-ok': (server, open) => whispers(server, open, '11', [], '-batman hi'),
  'ts-whisper-first': (server, open) => whispers(server, open, '12', ['batman'], '-batman -robin hi'),
  'ts-whisper-second': (server, open) => whispers(server, open, '13', ['robin'], '-batman -robin hi'),
  'ts-whisper-both': (server, open) => whispers(server, open, '14', ['batman', 'robin'], '-batman -robin hi'),
  'ts-whisper-dash-name': (server, open) => whispers(server, open, '15', [], '--batman hi'),
  'ts-whisper-nowhisper': (server, open) => whispers(server, open, '16', ['batman'], 'hi batman'),
  'ts-create-private-not-ephemeral': async (server, open) => {
    expect(await makes(server, open, `private ${Math.random()}`, { objectType: 'private' })).toBe('static')
    return Number.NaN
  },
  'ts-create-room-ephemeral': async (server, open) => {
    expect(await makes(server, open, `plain ${Math.random()}`, { objectType: 'room' })).toBe('temporary')
    expect(await makes(server, open, `none ${Math.random()}`, {})).toBe('temporary')
    return Number.NaN
  },
  'ts-login-was-banned': async (_server, open) => (await (await open()).login('3')).code,
  'ts-join-banned-owner': async (server, open) => {
    const client = await open()
    await client.login('4')
    return (await client.request('join', inRoom(server, 'plain'))).code
  },
  'ts-join-all-acls-ok': (server, open) => joins(server, open, '1', 'every'),
  'ts-join-all-acls-one-wrong': (server, open) => joins(server, open, '2', 'every'),
  'ts-join-all-acls-one-missing': (server, open) => joins(server, open, '3', 'every'),
  'ts-join-attachments': async (server, open) => {
    const client = await open()
    await client.login('1')
    const { data, code } = await client.request('join', inRoom(server, 'other'))
    const kinds = data.data.object.attachments.map(({ objectType }: { objectType: string }) => objectType)
    expect(kinds).toEqual(['acl', 'history', 'owner', 'user'])
    return code
  },
  'ts-leave-not-in-room': async (server, open) => {
    const client = await open()
    await client.login('1')
    return (await client.request('leave', inRoom(server, 'plain'))).code
  },
  'ts-leave-other-room': async (server, open) => {
    const client = await open()
    await client.login('1')
    await client.request('join', inRoom(server, 'plain'))
    const { code } = await client.request('leave', inRoom(server, 'other'))
    expect((await client.request('message', said(server, 'plain', 'still here'))).code).toBe(200)
    return code
  },
  'ts-history-age-acl-nonowner': async (server, open) => {
    const client = await open()
    await client.login('1')
    expect((await client.request('history', inRoom(server, 'old'))).code).toBe(705)
    await client.request('join', inRoom(server, 'old'))
    return (await client.request('history', inRoom(server, 'old'))).code
  },
  'ts-history-sameroom-owner': async (server, open) => {
    const client = await open()
    await client.login('4')
    return (await client.request('history', inRoom(server, 'same'))).code
  },
  'ts-history-since': async (server, open) => {
    const client = await open()
    await client.login('1')
    await client.request('join', inRoom(server, 'other'))
    await client.request('message', said(server, 'other', 'before'))
    await new Promise(resolve => setTimeout(resolve, 1_100))
    const { data } = await client.request('message', said(server, 'other', 'after'))
    const asked = { ...inRoom(server, 'other'), updated: data.data.published }
    const { data: read, code } = await client.request('history', asked)
    const contents = read.data.object.attachments.map(({ content }: { content: string }) => content)
    expect(contents).toEqual([base64('after')])
    return code
  },
  'ts-multi-two-leave': async (server, open) => {
    const [first, second, other] = [await open(), await open(), await open()]
    await first.login('1')
    await second.login('1')
    await other.login('2')
    for (const client of [first, second, other]) await client.request('join', inRoom(server, 'plain'))
    const users = async (): Promise<string[]> => {
      const { data } = await other.request('users_in_room', inRoom(server, 'plain'))
      return data.data.object.attachments.map(({ id }: { id: string }) => id).sort()
    }
    await first.request('leave', inRoom(server, 'plain'))
    expect(await users()).toEqual(['1', '2'])
    const { code } = await second.request('leave', inRoom(server, 'plain'))
    expect(await users()).toEqual(['2'])
    return code
  },
}

/** Whether the room that somebody makes so is listed as temporary to them. */
async function makes(
  server: TestServer,
  open: () => Promise<DinoClient>,
  name: string,
  target: object,
): Promise<string> {
  const client = await open()
  await client.login('1')
  const object = { url: server.channels.c }
  const made = await client.request('create', {
    verb: 'create',
    object,
    target: { displayName: base64(name), ...target },
  })
  const { data } = await client.request('list_rooms', { verb: 'list', object })
  return data.data.object.attachments.find(({ id }: { id: string }) => id === made.data.data.target.id).objectType
}

/** The code of a message with that text while the service blocks those names. Each has a sender of its own, for what the
 * service said is remembered. */
async function whispers(
  server: TestServer,
  open: () => Promise<DinoClient>,
  sender: string,
  block: string[],
  text: string,
): Promise<number> {
  blocked.clear()
  for (const name of block) blocked.add(name)
  const [batman, robin, client] = [await open(), await open(), await open()]
  await batman.login('7', 'batman')
  await robin.login('8', 'robin')
  await client.login(sender)
  for (const each of [batman, robin, client]) await each.request('join', inRoom(server, 'other'))
  return (await client.request('message', said(server, 'other', JSON.stringify({ text })))).code
}

async function setsAcl(
  open: () => Promise<DinoClient>,
  user: string,
  target: object,
  content: string | undefined,
): Promise<number> {
  const client = await open()
  await client.login(user)
  const attachments = [{ objectType: 'age', summary: 'list', ...(content === undefined ? {} : { content }) }]
  return (await client.request('set_acl', { verb: 'set', target, object: { objectType: 'acl', attachments } })).code
}

const roomTarget = (server: TestServer) => ({ id: server.rooms.other, objectType: 'room' })
const channelTarget = (server: TestServer) => ({ id: server.channels.ruled, objectType: 'channel' })

async function joins(server: TestServer, open: () => Promise<DinoClient>, user: string, ref: string): Promise<number> {
  const client = await open()
  await client.login(user)
  return (await client.request('join', inRoom(server, ref))).code
}

/** What "not 200 (720..724 by source)" means. */
const REFUSED_WHISPERS = [720, 721, 722, 723, 724]

describe.each<Generation>([2, 4])('as the real server tests itself, with socket.io-client %i', generation => {
  let server: TestServer
  const clients: DinoClient[] = []
  afterEach(() => {
    for (const client of clients.splice(0)) client.close()
  })
  const open = async (): Promise<DinoClient> => {
    const client = await DinoClient.open(server.url, { generation })
    clients.push(client)
    return client
  }

  beforeAll(async () => {
    const { port } = checker.address() as AddressInfo
    const whisperCheck = { url: `http://127.0.0.1:${port}/check`, key: 'k' }
    server = await startServer({ world: WORLD, config: { dino: { ...CONFIG.dino, whisperCheck } } })
  })
  afterAll(() => server.remove())

  for (const one of TOLD_CASES) {
    const difference = DIFFERENCES[one.id]
    if (difference) test.skip(`${one.id} # ${reasonOf(difference)}`, () => {})
    else if (one.id === 'ts-formatter-default') {
      test(one.id, async () => {
        const client = await open()
        expect(Object.keys((await client.request('list_channels', { verb: 'list' })).data)).toEqual([
          'status_code',
          'error',
          'message',
        ])
        expect(Object.keys((await client.login('1')).data)).toEqual(['status_code', 'data'])
      })
    } else
      test(one.id, async () => {
        const code = await codeOf(one)
        const { status_code: wanted } = one.expect as { status_code?: number | string }
        if (typeof wanted === 'string') expect(REFUSED_WHISPERS).toContain(code)
        else if (wanted !== undefined) expect(code).toBe(wanted)
      })
  }

  async function codeOf(one: Case): Promise<number> {
    const story = STORIES[one.id]
    if (story) return story(server, open)
    const client = await open()
    const logged = await client.login(userOf(one).id)
    if (MISSING.includes(one)) return logged.code
    if (!SPOKEN.includes(one)) throw new Error(`${one.id} has no story`)
    return (await client.request('list_rooms', { verb: 'list', object: { url: server.channels[one.id] } })).code
  }
})
