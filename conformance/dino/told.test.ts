// Cases that the real server's own tests tell instead of a recording (cases/dino.json, `ts-…`): each has a state of its
// own, which is set up here.
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
  ],
  channels: [
    { ref: 'c', name: 'channel' },
    ...SPOKEN.map(one => ({
      ref: one.id,
      name: one.id,
      acls: [{ action: 'list', type: 'spoken_language', value: languages(one).rule }],
    })),
  ],
  rooms: [
    { ref: 'plain', channel: 'c', name: 'plain room', owners: ['4'] },
    { ref: 'other', channel: 'c', name: 'other room', owners: ['4'] },
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

const CONFIG = { dino: { history: { type: 'unread', limit: 50 } } }

/** Every case by its id; gives the status code, or checks by itself and gives the expected one. */
type Stories = Readonly<Record<string, (server: TestServer, open: () => Promise<DinoClient>) => Promise<number>>>

const inRoom = (server: TestServer, ref: string) => ({ verb: 'x', target: { id: server.rooms[ref] } })
const said = (server: TestServer, ref: string, text: string) => ({
  verb: 'send',
  target: { id: server.rooms[ref], objectType: 'room' },
  object: { content: base64(text) },
})

const STORIES: Stories = {
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

async function joins(server: TestServer, open: () => Promise<DinoClient>, user: string, ref: string): Promise<number> {
  const client = await open()
  await client.login(user)
  return (await client.request('join', inRoom(server, ref))).code
}

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
    server = await startServer({ world: WORLD, config: CONFIG })
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
    } else test(one.id, async () => expect(await codeOf(one)).toBe(one.expect.status_code))
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
