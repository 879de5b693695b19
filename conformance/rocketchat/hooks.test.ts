// Incoming webhooks: who makes them, who may post by them and where, and that no word of theirs gets into an encrypted room.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { TestServer } from '../server.ts'
import { Ddp, rest } from './ddp.ts'
import { IDS, type Name, start, tokenOf } from './start.ts'

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at by each test
type Any = any

let server: TestServer
let channel: string
let rid: string
let made = 0
const clients: Ddp[] = []

beforeAll(async () => {
  server = await start()
})
afterAll(() => server.remove())
beforeEach(async () => {
  for (const client of clients.splice(0)) client.close()
  channel = `hooked-${made++}`
  rid = (await (await as('ada')).call('createChannel', channel, ['alice'])).rid
})

async function as(name: Name): Promise<Ddp> {
  const client = await Ddp.as(server.url, name)
  clients.push(client)
  return client
}
async function api(name: Name, verb: 'GET' | 'POST' | 'PUT', path: string, body?: unknown) {
  if (verb !== 'PUT') return rest(server.url, { id: IDS[name], token: tokenOf(name) }, verb, `v1/${path}`, body)
  const headers = { 'x-user-id': IDS[name], 'x-auth-token': tokenOf(name), 'content-type': 'application/json' }
  const answer = await fetch(`${server.url}/api/v1/${path}`, { method: 'PUT', headers, body: JSON.stringify(body) })
  return { status: answer.status, body: (await answer.json()) as Any }
}
const form = (more: object = {}) => ({
  type: 'webhook-incoming',
  name: 'build',
  enabled: true,
  username: 'rocket.cat',
  channel: `#${channel}`,
  scriptEnabled: false,
  ...more,
})
async function make(more: object = {}, who: Name = 'ada'): Promise<Any> {
  const { status, body } = await api(who, 'POST', 'integrations.create', form(more))
  expect(status, JSON.stringify(body)).toBe(200)
  return body.integration
}
async function call({ _id, token }: Any, body: unknown, type = 'application/json') {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const answer = await fetch(`${server.url}/hooks/${_id}/${token}`, {
    method: 'POST',
    headers: { 'content-type': type },
    body: text,
  })
  return { status: answer.status, body: (await answer.json()) as Any }
}
const newest = async (who: Name = 'alice', room = rid) =>
  (await (await as(who)).call('loadHistory', room)).messages.find((one: Any) => !one.t || one.t === 'e2e')
const grant = (permission: string, roles: string[]) =>
  api('ada', 'POST', 'permissions.update', { permissions: [{ _id: permission, roles }] })

describe('an incoming webhook', () => {
  test('posts with its look, or that of the call, live', async () => {
    const alice = await as('alice')
    await alice.sub('stream-room-messages', rid)
    const hook = await make({ alias: 'Builder', emoji: ':hammer:' })
    expect(hook).toMatchObject({ type: 'webhook-incoming', channel: [`#${channel}`], scriptEnabled: false })
    const attachments = [{ title: 'log', text: 'all green' }]
    expect(await call(hook, { text: 'built', attachments })).toEqual({ status: 200, body: { success: true } })
    const [message] = await alice.event('room-messages', ([one]) => one.msg === 'built')
    expect(message).toMatchObject({ rid, alias: 'Builder', emoji: ':hammer:', attachments, bot: { i: hook._id } })
    expect(message.u.username).toBe('rocket.cat')
    expect((await call(hook, { text: 'again', username: 'Other', icon_url: 'https://x.example/a.png' })).status).toBe(
      200,
    )
    expect(await newest()).toMatchObject({ msg: 'again', alias: 'Other', avatar: 'https://x.example/a.png' })
  })

  test('takes a form with a payload, a form of fields, and the older address', async () => {
    const hook = await make()
    const payload = new URLSearchParams({ payload: JSON.stringify({ text: 'of a payload' }) })
    expect((await call(hook, payload.toString(), 'application/x-www-form-urlencoded')).status).toBe(200)
    expect((await newest()).msg).toBe('of a payload')
    expect((await call(hook, 'text=of+fields', 'application/x-www-form-urlencoded')).status).toBe(200)
    expect((await newest()).msg).toBe('of fields')
    const older = await fetch(`${server.url}/hooks/${hook._id}/rocket.cat/${hook.token}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"text":"of old"}',
    })
    expect(older.status).toBe(200)
  })

  test('posts as a user, under what that user may do', async () => {
    const hook = await make({ username: 'alice' })
    expect((await call(hook, { text: 'as alice' })).status).toBe(200)
    expect((await newest()).u._id).toBe(IDS.alice)
    await (await as('alice')).call('leaveRoom', rid)
    expect((await call(hook, { text: 'gone' })).status).toBe(400)
    expect((await newest('ada')).msg).not.toBe('gone')
    const direct = await make({ username: 'alice', channel: '@bob' })
    expect((await call(direct, { text: 'to bob' })).status).toBe(200)
    const room = (await (await as('bob')).call('createDirectMessage', 'alice')).rid
    expect((await newest('bob', room)).msg).toBe('to bob')
  })

  test('is changed, disabled and removed', async () => {
    const hook = await make()
    const change = { ...form({ name: 'other', alias: 'new', enabled: false }), integrationId: hook._id }
    const { body } = await api('ada', 'PUT', 'integrations.update', change)
    expect(body.integration).toMatchObject({ _id: hook._id, token: hook.token, name: 'other', alias: 'new' })
    expect(await call(hook, { text: 'x' })).toMatchObject({ status: 503 })
    expect((await api('ada', 'GET', `integrations.get?integrationId=${hook._id}`)).body.integration.name).toBe('other')
    const listed = await api('ada', 'GET', `channels.getIntegrations?roomId=${rid}`)
    expect(listed.body).toMatchObject({ total: 1, integrations: [{ _id: hook._id }] })
    const removal = { type: 'webhook-incoming', integrationId: hook._id }
    expect((await api('ada', 'POST', 'integrations.remove', removal)).status).toBe(200)
    expect((await call(hook, { text: 'x' })).status).toBe(404)
    expect((await api('ada', 'POST', 'integrations.remove', removal)).body.error).toBe('No integration found.')
  })
})

describe('what is not taken (attacks)', () => {
  test('a wrong secret, another hook’s and an unknown hook, all alike', async () => {
    const [one, other] = [await make(), await make()]
    const answers = await Promise.all([
      call({ ...one, token: other.token }, { text: 'x' }),
      call({ ...one, token: 'x' }, { text: 'x' }),
      call({ ...one, _id: 'none' }, { text: 'x' }),
      call({ _id: 'none', token: '' }, { text: 'x' }).catch(() => null),
    ])
    for (const answer of answers.slice(0, 3))
      expect(answer).toEqual({
        status: 404,
        body: { success: false, error: 'Invalid integration id or token provided.' },
      })
    expect(answers[3]?.status).not.toBe(200)
    expect(await newest('ada')).toBeUndefined()
  })

  test('plaintext into an encrypted room, configured or named by the call (L3)', async () => {
    const ada = await as('ada')
    const sealed = (await ada.call('createPrivateGroup', `sealed-${made++}`, [], false, {}, { encrypted: true })).rid
    const hook = await make({ channel: `#${sealed}` })
    expect(await call(hook, { text: 'in clear' })).toMatchObject({
      status: 400,
      body: { errorType: 'error-not-allowed' },
    })
    const payload = { text: '', t: 'e2e', content: { algorithm: 'rc.v1.aes-sha2', ciphertext: 'in clear' } }
    expect((await call(hook, payload)).status).toBe(400)
    const any = await make({ overrideDestinationChannelEnabled: true })
    expect((await call(any, { text: 'in clear', channel: sealed })).status).toBe(400)
    const mine = await make({ username: 'ada', overrideDestinationChannelEnabled: true })
    expect((await call(mine, { text: 'in clear', roomId: sealed })).status).toBe(400)
    expect(await newest('ada', sealed)).toBeUndefined()
  })

  test('another room: only where that was allowed, and none that not everybody sees', async () => {
    const other = `other-${made++}`
    const room = (await (await as('ada')).call('createChannel', other, [])).rid
    const hidden = (await (await as('ada')).call('createPrivateGroup', `hidden-${made++}`, [])).rid
    const error = 'overriding destination channel is disabled for this integration'
    const narrow = await make()
    expect(await call(narrow, { text: 'x', channel: `#${other}` })).toMatchObject({ status: 400, body: { error } })
    const wide = await make({ overrideDestinationChannelEnabled: true })
    expect((await call(wide, { text: 'over there', channel: [other] })).status).toBe(200)
    expect((await newest('ada', room)).msg).toBe('over there')
    for (const place of [hidden, 'nowhere', '@bob', '']) {
      const answer = await call(wide, { text: 'x', channel: place })
      expect(answer.status, place).toBe(place === '' ? 200 : 400)
    }
    expect(await newest('ada', hidden)).toBeUndefined()
  })

  test('a user without the permission makes none, and sees none of others’', async () => {
    const hook = await make()
    expect((await api('bob', 'POST', 'integrations.create', form())).body.errorType).toBe('not_authorized')
    expect((await api('bob', 'GET', 'integrations.list')).status).toBe(403)
    expect((await api('bob', 'GET', `integrations.get?integrationId=${hook._id}`)).body.error).toBe('not-authorized')
    const removal = { type: 'webhook-incoming', integrationId: hook._id }
    expect((await api('bob', 'POST', 'integrations.remove', removal)).status).toBe(403)
    expect(JSON.stringify((await api('alice', 'GET', `channels.getIntegrations?roomId=${rid}`)).body)).not.toContain(
      hook.token,
    )
  })

  test('whoever manages only their own posts as nobody else, into no room that is not theirs, and not after they have left', async () => {
    await grant('manage-own-incoming-integrations', ['admin', 'user'])
    try {
      const theirs = await make()
      const create = async (more: object) =>
        (await api('alice', 'POST', 'integrations.create', form(more))).body.errorType
      expect(await create({ username: 'ada' })).toBe('error-invalid-user')
      const hidden = (await (await as('ada')).call('createPrivateGroup', `hidden-${made++}`, [])).rid
      expect(await create({ channel: `#${hidden}` })).toBe('error-invalid-room')
      expect(await create({ channel: '#nowhere-at-all' })).toBe('error-invalid-room')
      expect((await api('alice', 'GET', 'integrations.list')).body.total).toBe(0)
      const own = await make({}, 'alice')
      expect((await api('alice', 'GET', 'integrations.list')).body.integrations).toMatchObject([{ _id: own._id }])
      for (const [path, body] of [
        ['integrations.remove', { type: 'webhook-incoming', integrationId: theirs._id }],
        ['integrations.update', { ...form(), integrationId: theirs._id }],
      ] as const) {
        const answer = await api('alice', path.endsWith('update') ? 'PUT' : 'POST', path, body)
        expect(answer.body.error, path).toBe('No integration found.')
      }
      expect((await call(own, { text: 'while inside' })).status).toBe(200)
      await (await as('alice')).call('leaveRoom', rid)
      expect(await call(own, { text: 'from outside' })).toMatchObject({ status: 400 })
      expect((await newest('ada')).msg).toBe('while inside')
    } finally {
      await grant('manage-own-incoming-integrations', ['admin'])
    }
  })

  test('scripts, outgoing webhooks, forms that are none, empty and too large messages, links that run', async () => {
    const create = async (more: object) => (await api('ada', 'POST', 'integrations.create', form(more))).body
    expect((await create({ scriptEnabled: true, script: 'class Script {}' })).errorType).toBe(
      'error-scripts-not-supported',
    )
    expect((await create({ type: 'webhook-outgoing' })).errorType).toBe('error-not-supported')
    expect((await create({ type: 'else' })).error).toBe('Invalid integration type.')
    expect((await create({ channel: channel })).errorType).toBe('error-invalid-channel-start-with-chars')
    expect((await create({ channel: ' , ' })).errorType).toBe('error-invalid-channel')
    expect((await create({ avatar: 'javascript:alert(1)' })).success).toBe(false)
    const hook = await make()
    for (const body of ['', '{', '[]', 'null', '"x"', {}, { text: 5 }, { text: ' ' }, { text: 'x'.repeat(6_000) }])
      expect((await call(hook, body)).status, JSON.stringify(body).slice(0, 20)).toBe(400)
    expect((await call(hook, { text: 'x', avatar: 'javascript:alert(1)' })).status).toBe(400)
    expect((await call(hook, { text: 'x', attachments: [{ title_link: 'javascript:alert(1)' }] })).status).toBe(400)
    expect((await call(hook, '<x/>', 'text/xml')).status).toBe(415)
    expect(await newest('ada')).toBeUndefined()
  })

  test('one that runs wild is told to wait', async () => {
    const hook = await make()
    const statuses = await Promise.all(
      Array.from({ length: 130 }, async () => (await call(hook, { text: 'x' })).status),
    )
    expect(statuses.filter(status => status === 200)).toHaveLength(100)
    expect(statuses.filter(status => status === 429)).toHaveLength(30)
    expect((await call(await make(), { text: 'another' })).status).toBe(200)
  })
})
