// Messages that are deleted over Dino's wire: who may, who is told, and that nothing is left of them.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startServer, type TestServer, type World } from '../server.ts'
import { base64, DinoClient, type Generation, plain } from './client.ts'

const user = (id: string, more: object = {}) => ({ id, username: `user${id}`, tokens: [`tok${id}`], ...more })
const room = (ref: string, more: object = {}) => ({
  ref,
  channel: 'c',
  name: `${ref} room`,
  owners: ['1'],
  moderators: ['2'],
  ...more,
})

const WORLD: World = {
  users: [
    ...['1', '2', '3', '4', '7', '8'].map(id => user(id)),
    user('5', { roles: ['superuser'] }),
    user('6', { roles: ['globalmod'] }),
  ],
  channels: [{ ref: 'c', name: 'channel', owners: ['7'], admins: ['8'] }],
  rooms: [
    room('plain'),
    room('other', { owners: ['3'] }),
    room('cleared'),
    room('long'),
    room('own', { kind: 'private', owners: ['1', '3'], moderators: [] }),
    room('split', { kind: 'private', owners: ['1', '3', '2'], moderators: [] }),
  ],
}

let server: TestServer
let strict: TestServer
const clients: DinoClient[] = []

beforeAll(async () => {
  server = await startServer({ world: WORLD, config: { limits: { flood: 1_000_000 } } })
  strict = await startServer({ world: WORLD, config: { dino: { senderCanDelete: false } } })
})
afterEach(() => {
  for (const client of clients.splice(0)) client.close()
})
afterAll(async () => {
  await server.remove()
  await strict.remove()
})

async function loggedIn(id: string, generation: Generation = 4, on: TestServer = server): Promise<DinoClient> {
  const client = await DinoClient.open(on.url, { generation })
  clients.push(client)
  expect((await client.login(id)).code).toBe(200)
  return client
}

async function inside(
  id: string,
  ref: string,
  generation: Generation = 4,
  on: TestServer = server,
): Promise<DinoClient> {
  const client = await loggedIn(id, generation, on)
  expect((await client.request('join', { verb: 'join', target: { id: on.rooms[ref] } })).code).toBe(200)
  return client
}

async function said(client: DinoClient, ref: string, text: string, on: TestServer = server): Promise<string> {
  const target = { id: on.rooms[ref], objectType: 'room' }
  const { data } = await client.request('message', { verb: 'send', target, object: { content: base64(text) } })
  return data.data.id
}

async function texts(client: DinoClient, ref: string): Promise<string[]> {
  const { data } = await client.request('history', { verb: 'list', target: { id: server.rooms[ref] } })
  return data.data.object.attachments.map(({ content }: { content: string }) => plain(content))
}

const deletion = (ref: string, object: object, on: TestServer = server) => ({
  verb: 'delete',
  target: { id: on.rooms[ref] },
  object,
})
const NOBODYS = '00000000-0000-4000-8000-000000000000'

describe.each<Generation>([2, 4])('with socket.io-client %i', generation => {
  test('the sender deletes their own message, and everybody inside is told', async () => {
    const [carl, ben, outside] = [
      await inside('3', 'plain', generation),
      await inside('4', 'plain'),
      await loggedIn('2'),
    ]
    const text = `unsaid ${generation}`
    const id = await said(carl, 'plain', text)
    expect(await texts(ben, 'plain')).toContain(text)
    expect((await carl.request('delete', deletion('plain', { id }))).data).toEqual({ status_code: 200, data: null })
    for (const client of [carl, ben])
      expect(await client.next('gn_message_deleted')).toEqual({
        verb: 'delete',
        target: { id: server.rooms.plain },
        object: { id },
        actor: { id: '3', displayName: base64('user3') },
        published: expect.any(String),
        id: expect.any(String),
      })
    await outside.settle()
    expect(outside.named('gn_message_deleted')).toEqual([])
    expect(await texts(ben, 'plain')).not.toContain(text)
  })
})

test('whoever rules the room deletes others’ messages, also from outside; nobody else does', async () => {
  const carl = await inside('3', 'plain')
  for (const id of ['1', '2', '5', '6', '7', '8']) {
    const text = `said to ${id}`
    const message = await said(carl, 'plain', text)
    expect([id, (await (await loggedIn(id)).request('delete', deletion('plain', { id: message }))).code]).toEqual([
      id,
      200,
    ])
    await carl.next('gn_message_deleted', ({ object }) => object.id === message)
    expect(await texts(carl, 'plain')).not.toContain(text)
  }
  const message = await said(carl, 'plain', 'stays')
  const stranger = await loggedIn('4')
  for (const id of [message, NOBODYS]) {
    const { data } = await stranger.request('delete', deletion('plain', { id }))
    expect([data.status_code, data.error]).toEqual([705, `not allowed to remove message in room ${server.rooms.plain}`])
  }
  expect(await texts(carl, 'plain')).toContain('stays')
})

test('a sender may not where the operator says so', async () => {
  const carl = await inside('3', 'plain', 4, strict)
  const id = await said(carl, 'plain', 'for ever', strict)
  expect((await carl.request('delete', deletion('plain', { id }, strict))).code).toBe(705)
  expect((await (await loggedIn('2', 4, strict)).request('delete', deletion('plain', { id }, strict))).code).toBe(200)
})

test('a message of another room is not deleted by naming a room that one rules', async () => {
  const [carl, anna] = [await inside('3', 'other'), await inside('1', 'plain')]
  const id = await said(carl, 'other', 'not yours')
  expect((await anna.request('delete', deletion('plain', { id }))).code).toBe(200)
  expect(await texts(carl, 'other')).toContain('not yours')
  const whole = { id: server.rooms.other, objectType: 'room' }
  expect((await anna.request('delete', deletion('plain', whole))).code).toBe(706)
  expect((await anna.request('delete', deletion('other', whole))).code).toBe(705)
  expect(await texts(carl, 'other')).toContain('not yours')
})

test('what is missing has its code, and an unknown message is told as gone to those inside', async () => {
  const anna = await inside('1', 'plain')
  const code = async (data: object): Promise<number> => (await anna.request('delete', data)).code
  expect(await code({ verb: 'delete', target: { id: server.rooms.plain } })).toBe(501)
  expect(await code(deletion('plain', {}))).toBe(501)
  expect(await code({ verb: 'delete', object: { id: NOBODYS } })).toBe(502)
  expect(await code({ verb: 'delete', target: { id: ' ' }, object: { id: NOBODYS } })).toBe(502)
  expect(await code({ verb: 'delete', target: { id: NOBODYS }, object: { id: NOBODYS } })).toBe(802)
  expect(await code(deletion('plain', { id: NOBODYS }))).toBe(200)
  expect((await anna.next('gn_message_deleted')).object).toEqual({ id: NOBODYS })
  const long = 'x'.repeat(100_000)
  expect(await code(deletion('plain', { id: long }))).toBe(200)
  expect((await anna.next('gn_message_deleted', ({ object }) => object.id !== NOBODYS)).object.id.length).toBeLessThan(
    300,
  )
})

describe('a whole room', () => {
  test.each(['objectType', 'object_type'])('is emptied with %s, and told once', async key => {
    const [carl, mod] = [await inside('3', 'cleared'), await inside('2', 'cleared', 2)]
    for (const text of ['one', 'two', 'three']) await said(carl, 'cleared', text)
    const whole = { id: server.rooms.cleared, [key]: 'room' }
    expect((await carl.request('delete', deletion('cleared', whole))).code).toBe(705)
    expect(await texts(carl, 'cleared')).toHaveLength(3)
    expect((await mod.request('delete', deletion('cleared', whole))).code).toBe(200)
    for (const client of [carl, mod]) {
      await client.settle()
      expect(client.named('gn_message_deleted')).toEqual([
        {
          verb: 'delete',
          target: { id: server.rooms.cleared },
          object: { objectType: 'room', ...whole },
          actor: { id: '2', displayName: base64('user2') },
          published: expect.any(String),
          id: expect.any(String),
        },
      ])
    }
    expect(await texts(carl, 'cleared')).toEqual([])
    await said(carl, 'cleared', 'afterwards')
    expect(await texts(carl, 'cleared')).toEqual(['afterwards'])
    expect((await mod.request('delete', deletion('cleared', whole))).code).toBe(200)
    expect((await mod.request('delete', deletion('cleared', whole))).code).toBe(200)
    await carl.settle()
    expect(carl.named('gn_message_deleted')).toHaveLength(3)
  })

  test('is emptied of more messages than one event deletes', async () => {
    const anna = await inside('1', 'long')
    for (let batch = 0; batch < 11; batch++)
      await Promise.all(Array.from({ length: 100 }, (_, n) => said(anna, 'long', `message ${batch} ${n}`)))
    const whole = { id: server.rooms.long, objectType: 'room' }
    expect((await anna.request('delete', deletion('long', whole))).code).toBe(200)
    expect(await texts(anna, 'long')).toEqual([])
    await anna.settle()
    expect(anna.named('gn_message_deleted')).toHaveLength(1)
  })
})

test('in a private room every session of those who belong to it is told, and for others there is no such room', async () => {
  const [anna, carl, stranger, channelOwner] = [
    await loggedIn('1'),
    await loggedIn('3', 2),
    await loggedIn('4'),
    await loggedIn('7'),
  ]
  const target = { id: server.rooms.own, objectType: 'private' }
  const { data } = await anna.request('message', { verb: 'send', target, object: { content: base64('secret') } })
  const { id } = data.data
  expect((await stranger.request('delete', deletion('own', { id }))).code).toBe(802)
  expect((await anna.request('delete', deletion('own', { id }))).code).toBe(200)
  for (const client of [anna, carl]) expect((await client.next('gn_message_deleted')).object).toEqual({ id })
  expect((await anna.request('delete', deletion('own', { id: server.rooms.own, objectType: 'room' }))).code).toBe(200)
  await carl.next('gn_message_deleted', ({ object }) => object.objectType === 'room')
  for (const client of [stranger, channelOwner]) {
    await client.settle()
    expect(client.named('gn_message_deleted')).toEqual([])
  }
})

test('an owner who is banned from a private room hears no more of what is deleted there', async () => {
  const [anna, ben, carl] = [await loggedIn('1'), await loggedIn('2'), await loggedIn('3')]
  const room = server.rooms.split
  const ban = { verb: 'ban', target: { id: room, objectType: 'room' }, object: { id: '3', summary: '5m' } }
  expect((await anna.request('ban', ban)).code).toBe(200)
  await carl.next('gn_banned')
  expect((await anna.request('delete', deletion('split', { id: NOBODYS }))).code).toBe(200)
  expect((await anna.request('delete', deletion('split', { id: room, objectType: 'room' }))).code).toBe(200)
  await ben.next('gn_message_deleted', ({ object }) => object.objectType === 'room')
  await carl.settle()
  expect(carl.named('gn_message_deleted')).toEqual([])
})
