// What is refused says by whom: a permission that the caller lacks, the route itself, or the form of what was asked. And
// what looks the same to somebody who may not know the difference.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TestServer } from '../server.ts'
import { Ddp, type RestAnswer, rest } from './ddp.ts'
import { IDS, type Name, start, tokenOf } from './start.ts'

let server: TestServer
const clients = new Map<Name, Ddp>()
let made = 0

beforeAll(async () => {
  server = await start()
  for (const name of Object.keys(IDS) as Name[]) clients.set(name, await Ddp.as(server.url, name))
})
afterAll(async () => {
  for (const client of clients.values()) client.close()
  await server?.remove()
})

type Answered = RestAnswer['body']
const who = (name: Name) => ({ id: IDS[name], token: tokenOf(name) })
const get = (name: Name, path: string): Promise<RestAnswer> => rest(server.url, who(name), 'GET', `v1/${path}`)
const post = (name: Name, path: string, body: object): Promise<RestAnswer> =>
  rest(server.url, who(name), 'POST', `v1/${path}`, body)
/** The result of a method, or its error. */
const call = async (name: Name, method: string, ...params: unknown[]): Promise<Answered> => {
  const packet = JSON.stringify({ msg: 'method', id: '1', method, params })
  const { status, body } = await post(name, `method.call/${method.replaceAll('/', ':')}`, { message: packet })
  expect(status).toBe(200)
  const { result, error } = JSON.parse(body.message)
  return error ?? result
}
const group = async (name: Name, members: Name[] = [], more: object = {}): Promise<Answered> => {
  const asked = { name: `group-${made++}`, members, ...more }
  const { status, body } = await post(name, 'groups.create', asked)
  expect(status).toBe(200)
  return body.group
}
const say = async (name: Name, rid: string, msg: string): Promise<Answered> => {
  const { status, body } = await post(name, 'chat.sendMessage', { message: { rid, msg } })
  expect(status).toBe(200)
  return body.message
}
const permit = async (permission: string, roles: string[]) =>
  expect(await post('ada', 'permissions.update', { permissions: [{ _id: permission, roles }] })).toMatchObject({
    status: 200,
  })

const LACKS = 'User does not have the permissions required for this action [error-unauthorized]'

describe('403 says who refuses', () => {
  test('the permission that a route asks for', async () => {
    const { _id } = await group('alice')
    for (const path of [
      'groups.listAll',
      'im.list.everyone',
      'integrations.list',
      'integrations.history?id=x',
      `groups.getIntegrations?roomId=${_id}`,
      `im.messages.others?roomId=${_id}`,
    ])
      expect(await get('alice', path)).toMatchObject({ status: 403, body: { success: false, error: LACKS } })
    const removed = await post('alice', 'integrations.remove', { type: 'webhook-incoming', integrationId: 'x' })
    expect(removed).toMatchObject({ status: 403, body: { error: LACKS } })
  })

  test('the route itself, where a room is none of theirs or there is none, alike', async () => {
    const { rid } = await call('alice', 'createDirectMessage', 'bob')
    for (const id of [rid, `${IDS.alice}${IDS.dave}`])
      expect(await get('mallory', `im.messages?roomId=${id}`)).toMatchObject({
        status: 403,
        body: { success: false, error: 'unauthorized' },
      })
  })
})

describe('what a stranger cannot tell apart', () => {
  test('a direct room of others and an id that nobody has', async () => {
    const { rid } = await call('alice', 'createDirectMessage', 'bob')
    const [theirs, ...none] = [
      await call('mallory', 'getRoomByTypeAndName', 'd', rid),
      await call('mallory', 'getRoomByTypeAndName', 'd', `${IDS.alice}${IDS.frank}`),
      await call('mallory', 'getRoomByTypeAndName', 'd', '0b9cc1ad-36b8-4f0c-9f5c-27b1ac0e1ba9'),
    ]
    expect(theirs).toMatchObject({ error: 'error-no-permission' })
    expect(none).toEqual([theirs, theirs])
  })

  test("another's message and one that there is not", async () => {
    const { _id } = await group('alice')
    const { _id: message } = await say('alice', _id, 'mine')
    const theirs = await call('mallory', 'updateMessage', { _id: message, rid: _id, msg: 'yours' })
    expect(theirs).toMatchObject({ error: 'error-action-not-allowed' })
    expect(await call('mallory', 'updateMessage', { _id: 'nothing', rid: _id, msg: 'yours' })).toEqual(theirs)
    expect((await get('alice', `chat.getMessage?msgId=${message}`)).body.message.msg).toBe('mine')
  })

  test('a name or a type that is no text is no room', async () => {
    for (const params of [
      ['d', null],
      [null, 'general'],
      ['c', { $ne: '' }],
      ['d', 'nobody-of-this-name'],
    ])
      expect(await call('alice', 'getRoomByTypeAndName', ...params)).toMatchObject({ error: 'error-invalid-room' })
  })
})

describe('form', () => {
  test('a word that no message has is a mistake; what clients send along is not', async () => {
    const { _id: rid } = await group('alice')
    const refused = await call('alice', 'sendMessage', { rid, msg: 'a', _unheardOf: '1' })
    expect(refused.sanitizedError ?? refused).toMatchObject({ error: 400, reason: 'Match failed' })
    const sent = await call('alice', 'sendMessage', {
      rid,
      msg: 'b',
      bot: { i: 'js.SDK' },
      u: { _id: IDS.bob, username: 'bob' },
      mentions: [],
      urls: [],
      groupable: false,
    })
    expect(sent).toMatchObject({ msg: 'b', bot: { i: 'js.SDK' }, u: { _id: IDS.alice } })
    expect((await get('alice', `groups.messages?roomId=${rid}`)).body.total).toBe(1)
  })

  test('a setting is no number that JSON cannot say', async () => {
    for (const [$InfNaN, word] of [
      [0, 'NaN'],
      [1, 'Infinity'],
      [-1, '-Infinity'],
    ]) {
      const change = [{ _id: 'Message_AllowEditing_BlockEditInMinutes', value: { $InfNaN } }]
      expect(await call('ada', 'saveSettings', change)).toMatchObject({ error: `Invalid setting value ${word}` })
    }
  })

  test('settings for nobody, and for whoever may see them from the beginning of time', async () => {
    const beginning = { $date: 0 }
    for (const params of [[], [beginning]]) expect(await call('alice', 'private-settings/get', ...params)).toEqual([])
    const { update, remove } = await call('ada', 'private-settings/get', beginning)
    expect([update.length > 10, remove]).toEqual([true, []])
    expect(await call('ada', 'private-settings/get', { $date: Date.now() + 60_000 })).toEqual({
      update: [],
      remove: [],
    })
  })
})

describe('direct rooms with somebody who was switched off', () => {
  const kept = async (name: Name, rid: string) => (await call(name, 'getRoomByTypeAndName', 'd', rid)).ro
  const set = (name: Name, active: boolean) => call('ada', 'setUserActiveStatus', IDS[name], active, true)

  test('are read-only until they are back, but for administrators', async () => {
    const { rid } = await call('erin', 'createDirectMessage', 'frank')
    const { rid: ofAda } = await call('ada', 'createDirectMessage', 'frank')
    await say('erin', rid, 'before')
    expect(await kept('erin', rid)).toBe(false)
    expect(await set('frank', false)).toBe(true)
    expect([await kept('erin', rid), await kept('ada', ofAda)]).toEqual([true, true])
    const shown = (await get('erin', 'im.list')).body.ims.find((im: Answered) => im._id === rid)
    expect(shown.ro).toBe(true)
    const told = { success: false, error: "You can't send messages because the room is readonly." }
    expect(await post('erin', 'chat.sendMessage', { message: { rid, msg: 'during' } })).toMatchObject({
      status: 400,
      body: told,
    })
    expect(await post('erin', 'chat.postMessage', { roomId: rid, text: 'during' })).toMatchObject({ status: 400 })
    await say('ada', ofAda, 'for later')
    expect(await set('frank', true)).toBe(true)
    expect(await kept('erin', rid)).toBe(false)
    await say('erin', rid, 'after')
    const { messages } = (await get('erin', `im.messages?roomId=${rid}`)).body
    expect(messages.map((message: Answered) => message.msg)).toEqual(['after', 'before'])
  })

  test('rooms of more are not', async () => {
    const { rid } = await call('erin', 'createDirectMessage', 'frank', 'dave')
    await set('frank', false)
    expect(await kept('erin', rid)).toBe(false)
    await say('erin', rid, 'dave hears it')
    await set('frank', true)
  })
})

describe('lists of messages', () => {
  test('name any of several users, each message once', async () => {
    const { _id: rid } = await group('alice', ['bob', 'carol'])
    for (const text of ['@bob', 'nobody', '@carol', '@bob @carol', '@alice']) await say('alice', rid, text)
    const of = async (...names: Name[]) => {
      const ids = names.map(name => IDS[name]).join(',')
      return (await get('alice', `groups.messages?roomId=${rid}&mentionIds=${ids}`)).body
    }
    const { messages, count, total } = await of('bob', 'carol')
    expect(messages.map((message: Answered) => message.msg)).toEqual(['@bob @carol', '@carol', '@bob'])
    expect([count, total, (await of('bob')).total, (await of('dave')).total]).toEqual([3, 3, 2, 0])
    const path = `groups.messages?roomId=${rid}&mentionIds=${IDS.bob},${IDS.carol}`
    expect((await get('alice', `${path}&offset=1&count=1`)).body).toMatchObject({
      messages: [{ msg: '@carol' }],
      total: 3,
    })
    expect(await get('mallory', path)).toMatchObject({ status: 400 })
  })

  test('sort by time or by user', async () => {
    const { rid } = await call('alice', 'createDirectMessage', 'carol')
    for (const [name, text] of [
      ['carol', '1'],
      ['alice', '2'],
      ['carol', '3'],
    ] as const)
      await say(name, rid, text)
    const sorted = async (sort: object, more = '') => {
      const path = `im.messages?roomId=${rid}&sort=${encodeURIComponent(JSON.stringify(sort))}${more}`
      return (await get('alice', path)).body.messages.map((message: Answered) => message.msg)
    }
    expect(await sorted({ ts: -1 })).toEqual(['3', '2', '1'])
    expect(await sorted({ ts: 1 })).toEqual(['1', '2', '3'])
    expect(await sorted({ ts: 1 }, '&offset=1&count=1')).toEqual(['2'])
    expect(await sorted({ 'u.username': 1 })).toEqual(['2', '3', '1'])
    expect(await sorted({ 'u.username': -1 }, '&count=2')).toEqual(['3', '1'])
  })

  test('a direct room that is named by a user is made where there is none, and of nobody there is none', async () => {
    const own = await get('dave', 'im.messages?username=dave')
    expect(own).toMatchObject({ status: 200, body: { messages: [], total: 0 } })
    expect(await get('dave', 'im.history?username=erin')).toMatchObject({ status: 200, body: { messages: [] } })
    expect(await get('dave', 'im.messages?username=nobody')).toMatchObject({
      status: 403,
      body: { error: 'unauthorized' },
    })
    await permit('create-d', [])
    expect(await get('dave', 'im.messages?username=frank')).toMatchObject({ status: 403 })
    await permit('create-d', ['admin', 'user', 'bot', 'app'])
  })

  test("the last message of a room has the reader's own star and nobody else's", async () => {
    const { _id: rid } = await group('alice', ['bob'])
    const { _id: messageId } = await say('alice', rid, 'last')
    expect(await post('alice', 'chat.starMessage', { messageId })).toMatchObject({ status: 200 })
    const last = async (name: Name) => (await get(name, `groups.info?roomId=${rid}`)).body.group.lastMessage
    expect((await last('alice')).starred).toEqual([{ _id: IDS.alice }])
    expect(await last('bob')).not.toHaveProperty('starred')
  })
})

describe("a team's groups", () => {
  test('end by whoever may end them in the room and in the team', async () => {
    const { body } = await post('alice', 'teams.create', { name: `team-${made++}`, type: 1, members: ['bob', 'carol'] })
    const { _id: teamId, roomId } = body.team
    await permit('create-team-group', ['admin', 'owner', 'moderator', 'user'])
    const theirs = await group('bob', [], { extraData: { teamId } })
    const other = await group('carol', [], { extraData: { teamId } })
    const erase = (name: Name, id: string) => post(name, 'groups.delete', { roomId: id })
    expect(await erase('bob', theirs._id)).toMatchObject({ status: 400, body: { errorType: 'error-not-allowed' } })
    expect(await post('alice', 'groups.addModerator', { roomId, userId: IDS.carol })).toMatchObject({ status: 200 })
    expect(await erase('carol', theirs._id)).toMatchObject({ status: 400, body: { errorType: 'error-room-not-found' } })
    expect(await erase('carol', other._id)).toMatchObject({ status: 200 })
    expect(await get('bob', `groups.info?roomId=${theirs._id}`)).toMatchObject({ status: 200 })
    await permit('create-team-group', ['admin', 'owner', 'moderator'])
  })
})
