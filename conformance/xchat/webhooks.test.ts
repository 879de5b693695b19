// Webhooks of apps (x-chat.md 3.16): challenges, signatures, what becomes of an address that fails, and that nothing that
// is owed gets lost, whatever ends in between.
import { Client } from '@xdevplatform/xdk'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { TestServer } from '../server.ts'
import { type AppAt, attempt, codeOf, exchange } from './browser.ts'
import type { Group, Hand } from './hand.ts'
import { addTo, enroll, leaveBody, makeGroup, messageBody } from './hand.ts'
import { ask } from './http.ts'
import { APP, Hook, Listener, SECRET, signature, subscribe, type Told, until } from './listener.ts'
import { A, B, C, CROWD, D, startXchatServer, tokenOf } from './start.ts'

const CALLBACK = 'http://localhost:8080/callback'
const APPS = [
  { id: 'app1', secret: SECRET, owner: A, tokens: [APP], redirects: [CALLBACK] },
  { id: 'app2', secret: 'a secret of another app', owner: D, tokens: ['app2-token'], redirects: [CALLBACK] },
]
const LAN = { webhooks: { insecure: true, internal: true } }

let server: TestServer
let a: Hand
let b: Hand
let c: Hand
let hook: Hook

beforeAll(async () => {
  server = await startXchatServer({ world: { apps: APPS }, config: { xchat: LAN } })
  ;[a, b, c] = [await enroll(server.url, A), await enroll(server.url, B), await enroll(server.url, C)]
})
afterAll(() => server?.remove())
beforeEach(async () => {
  hook = await Hook.open()
})
afterEach(async () => {
  await hook.close()
  for (const { id } of (await webhooks()).body.data) await ask(server.url, APP, 'DELETE', `/2/webhooks/${id}`)
  for (const { subscription_id: id } of (await ask(server.url, APP, 'GET', '/2/activity/subscriptions')).body.data)
    await ask(server.url, APP, 'DELETE', `/2/activity/subscriptions/${id}`)
  expect(hook.faults).toEqual([])
})

const webhooks = (token = APP) => ask(server.url, token, 'GET', '/2/webhooks')
const create = (url = hook.url, token = APP, at = server.url) =>
  ask(at, token, 'POST', '/2/webhooks', { body: { url } })

async function made(url?: string, at?: string): Promise<string> {
  const answer = await create(url, APP, at)
  expect([answer.status, answer.text]).toEqual([200, answer.text])
  return answer.body.data.id
}

async function say(group: Group, by: Hand, url = server.url): Promise<string> {
  const body = messageBody(by, group.id, group.version)
  const answer = await ask(url, tokenOf(by.id), 'POST', `/2/chat/conversations/${group.id}/messages`, { body })
  expect(answer.status).toBe(201)
  return body.message_id
}

async function consent(app: AppAt, user: string): Promise<{ access_token: string; refresh_token: string }> {
  const trying = attempt(app)
  return (await exchange(app, await codeOf(trying, { token: tokenOf(user) }), trying.verifier)).body
}

const ids = (told: readonly Told[]) => told.map(({ payload }) => payload.id)

describe('a webhook', () => {
  test('is made when it answers the challenge, shown, checked again and ended, by X’s own SDK', async () => {
    const client = new Client({ bearerToken: APP, baseUrl: server.url })
    const { data } = (await client.webhooks.create({ url: hook.url } as never)) as { data?: Told }
    expect(data).toEqual({
      id: expect.stringMatching(/^[0-9]{1,19}$/),
      url: hook.url,
      valid: true,
      createdAt: expect.any(String),
    })
    expect(hook.challenges).toBe(1)
    expect(((await client.webhooks.get()) as Told).data).toEqual([data])
    hook.secret = 'another one'
    expect(((await client.webhooks.validate(data.id)) as Told).data).toEqual({ valid: false })
    expect((await webhooks()).body.data).toMatchObject([{ valid: false }])
    hook.secret = SECRET
    expect(((await client.webhooks.validate(data.id)) as Told).data).toEqual({ valid: true })
    expect(((await client.webhooks.delete(data.id)) as Told).data).toEqual({ deleted: true })
    expect((await webhooks()).body).toEqual({ data: [], meta: { result_count: 0 } })
  })

  test('takes what its app’s owner subscribes to with a token of no app, as X’s own SDK does, and nobody else', async () => {
    const client = new Client({ accessToken: tokenOf(A), bearerToken: APP, baseUrl: server.url })
    const { data } = (await client.webhooks.create({ url: hook.url } as never)) as { data?: Told }
    const wanted = (user: string) => ({ event_type: 'chat.received', filter: { user_id: user }, webhook_id: data.id })
    const foreign = await ask(server.url, tokenOf(B), 'POST', '/2/activity/subscriptions', { body: wanted(B) })
    expect(foreign).toMatchObject({ status: 400, body: { parameter: 'webhook_id' } })
    await client.activity.createSubscription(wanted(A) as never)
    const group = await makeGroup(server.url, b, [a, b])
    await say(group, b)
    await hook.has(1)
    expect(hook.told[0]).toMatchObject({ event_type: 'chat.received', filter: { user_id: A } })
  })

  test('is told of an event in one signed call, with what a stream would have', async () => {
    const id = await made()
    await subscribe(server.url, APP, 'chat.received', A, { webhook_id: id, tag: 'hooked' })
    await subscribe(server.url, tokenOf(A), 'chat.received', A)
    const stream = await Listener.open(server.url, tokenOf(A))
    const apps = await Listener.open(server.url, APP)
    const group = await makeGroup(server.url, b, [a, b])
    await say(group, b)
    await hook.has(1)
    await stream.has(1)
    expect(hook.told[0]).toEqual({ ...stream.events[0], tag: 'hooked' })
    // What goes to a webhook goes to no stream of the app.
    expect(apps.events.filter(({ tag }) => tag === 'hooked')).toEqual([])
    stream.close()
    apps.close()
  })

  test('that ends leaves nothing behind that fires: its subscriptions go to streams', async () => {
    const id = await made()
    const subscription = await subscribe(server.url, APP, 'chat.received', A, { webhook_id: id })
    hook.answer = () => 503
    const group = await makeGroup(server.url, b, [a, b])
    await say(group, b)
    await hook.has(1)
    expect((await ask(server.url, APP, 'DELETE', `/2/webhooks/${id}`)).status).toBe(200)
    hook.answer = () => 200
    const path = '/2/activity/subscriptions'
    const [left] = (await ask(server.url, APP, 'GET', path)).body.data
    expect(left).toEqual({ ...subscription, webhook_id: undefined, updated_at: left.updated_at })
    const stream = await Listener.open(server.url, APP)
    const last = await say(group, b)
    await stream.has(1)
    expect(ids(stream.events)).toEqual([last])
    expect(hook.told).toHaveLength(1)
    expect(JSON.parse((await server.command('outlet', 'dead')).out)).toEqual([])
    stream.close()
    const linked = await ask(server.url, APP, 'PUT', `${path}/${left.subscription_id}`, { body: { webhook_id: id } })
    expect(linked).toMatchObject({ status: 400, body: { parameter: 'webhook_id' } })
  })

  test('is one app’s: another one neither sees, links, checks, replays nor ends it', async () => {
    const id = await made()
    expect((await webhooks('app2-token')).body.data).toEqual([])
    const body = { event_type: 'chat.received', filter: { user_id: D }, webhook_id: id }
    const linked = await ask(server.url, 'app2-token', 'POST', '/2/activity/subscriptions', { body })
    expect(linked).toMatchObject({ status: 400, body: { parameter: 'webhook_id' } })
    for (const [method, path, sent] of [
      ['PUT', `/2/webhooks/${id}`, undefined],
      ['DELETE', `/2/webhooks/${id}`, undefined],
      ['POST', '/2/webhooks/replay', { webhook_id: id, from_date: '202601010000', to_date: '202601010001' }],
    ] as const) {
      expect((await ask(server.url, 'app2-token', method, path, { body: sent })).status).toBe(404)
      expect((await ask(server.url, tokenOf(A), method, path, { body: sent })).status).toBe(403)
    }
  })

  test('cannot be had twice, nor by ten at once, nor more than ten of them', async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => create()))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    for (const { status, body } of answers.filter(answer => answer.status !== 200)) {
      expect([status, body.code, body.parameter]).toEqual([400, 'DuplicateUrlFailed', 'url'])
    }
    const more = await Promise.all(Array.from({ length: 12 }, (_, n) => create(`${hook.url}&n=${n}`)))
    expect(more.filter(({ status }) => status === 200)).toHaveLength(9)
    expect(more.filter(({ body }) => body.code === 'WebhookLimitExceeded')).toHaveLength(3)
  })
})

describe('an address is refused', () => {
  test.each([
    ['answers with another secret', () => (hook.secret = 'not the secret'), 'CrcValidationFailed'],
    ['answers 500', () => (hook.challenge = 500), 'CrcValidationFailed'],
    ['leads elsewhere', () => (hook.challenge = 302), 'CrcValidationFailed'],
  ])('that %s', async (_, behave, code) => {
    behave()
    const answer = await create()
    expect(answer).toMatchObject({
      status: 400,
      body: { code, parameter: 'url', detail: expect.stringContaining(code) },
    })
    expect((await webhooks()).body.data).toEqual([])
  })

  test('where nobody listens', async () => {
    const { url } = hook
    await hook.close()
    expect(await create(url)).toMatchObject({ status: 400, body: { code: 'CrcValidationFailed' } })
    await hook.listen()
  })

  test.each([
    'ftp://example.com/x',
    'file:///etc/passwd',
    'http://user:secret@127.0.0.1/x',
    'http://127.0.0.1/x#fragment',
    'nothing at all',
    'http://',
    'http://no-such-host.invalid/x',
  ])('that is %s', async url => {
    expect(await create(url)).toMatchObject({ status: 400, body: { code: 'UrlValidationFailed', parameter: 'url' } })
  })

  test.each([
    ['nothing', {}],
    ['a number', { url: 1 }],
    ['an empty text', { url: '' }],
    ['a long one', { url: `https://example.com/${'x'.repeat(200)}` }],
  ])('that is %s, by its name', async (_, body) => {
    const answer = await ask(server.url, APP, 'POST', '/2/webhooks', { body })
    expect(answer).toMatchObject({ status: 400, body: { parameter: 'url' } })
  })

  test('that lies inside, unless the operator says otherwise', async () => {
    const strict = await startXchatServer({ world: { apps: APPS } })
    const half = await startXchatServer({ world: { apps: APPS }, config: { xchat: { webhooks: { insecure: true } } } })
    try {
      for (const url of [hook.url, 'https://example.com:8443/x', 'http://example.com/x']) {
        const answer = await create(url, APP, strict.url)
        expect(answer).toMatchObject({ status: 400, body: { code: 'UrlValidationFailed' } })
      }
      const { port } = new URL(hook.url)
      const hosts = [
        '127.0.0.1',
        'localhost',
        '2130706433',
        '0x7f.1',
        '0.0.0.0',
        '[::1]',
        '[::ffff:127.0.0.1]',
        '[::127.0.0.1]',
        '[64:ff9b::7f00:1]',
        '10.0.0.1',
        '169.254.169.254',
        '[fd00:ec2::254]',
      ]
      const details = new Set<string>()
      for (const host of hosts) {
        const answer = await create(`http://${host}:${port}/hook?of=tests`, APP, half.url)
        expect([host, answer.status, answer.body.code]).toEqual([host, 400, 'UrlValidationFailed'])
        details.add(answer.body.detail)
      }
      // Nor does the answer say what there is inside.
      details.add((await create('http://no-such-host.invalid/x', APP, half.url)).body.detail)
      expect(details.size).toBe(1)
      expect(hook.challenges).toBe(0)
    } finally {
      await strict.remove()
      await half.remove()
    }
  })
})

describe('a receiver', () => {
  test('that is down gets everything when it is back, in the room’s order', async () => {
    await subscribe(server.url, APP, 'chat.received', A, { webhook_id: await made() })
    const group = await makeGroup(server.url, b, [a, b])
    await hook.close()
    const said = [await say(group, b), await say(group, b), await say(group, b)]
    await hook.listen()
    await hook.has(3)
    expect(ids(hook.told)).toEqual(said)
  })

  test('that hangs or refuses holds up no other', async () => {
    const other = await Hook.open()
    try {
      hook.answer = () => 'silence'
      const [dead, good] = [await made(), await made(other.url)]
      await subscribe(server.url, APP, 'chat.received', A, { webhook_id: dead })
      await subscribe(server.url, APP, 'chat.received', A, { webhook_id: good })
      const group = await makeGroup(server.url, b, [a, b])
      await say(group, b)
      await hook.has(1)
      const said = [await say(group, b), await say(group, b)]
      await other.has(3)
      expect(ids(other.told).slice(1)).toEqual(said)
      expect(hook.told).toHaveLength(1)
    } finally {
      await other.close()
    }
  })

  test('that says no to one event is told of the next', async () => {
    await subscribe(server.url, APP, 'chat.received', A, { webhook_id: await made() })
    const group = await makeGroup(server.url, b, [a, b])
    const refused = await say(group, b)
    hook.answer = ({ payload }) => (payload.id === refused ? 400 : 200)
    const next = await say(group, b)
    await until(() => ids(hook.told).includes(next))
    // It comes again by itself, under the same id.
    hook.answer = () => 200
    await until(() => ids(hook.told).filter(id => id === refused).length >= 2)
    const [one, two] = hook.told.filter(({ payload }) => payload.id === refused)
    expect(two).toEqual(one)
  })

  test('that leads elsewhere is told nothing more until it is checked again; what it missed is a dead letter', async () => {
    const id = await made()
    await subscribe(server.url, APP, 'chat.received', A, { webhook_id: id })
    const group = await makeGroup(server.url, b, [a, b])
    hook.answer = () => 302
    const missed = await say(group, b)
    await until(async () => (await webhooks()).body.data[0].valid === false)
    await say(group, b)
    const dead = async () => JSON.parse((await server.command('outlet', 'dead')).out) as Told[]
    await until(async () => (await dead()).length === 1)
    expect(await dead()).toMatchObject([{ destination: `xchat/${id}`, verb: 'chat.received', error: 'answered 302' }])
    hook.answer = () => 200
    expect((await ask(server.url, APP, 'PUT', `/2/webhooks/${id}`)).body.data).toEqual({ valid: true })
    const next = await say(group, b)
    await until(() => ids(hook.told).includes(next))
    expect(JSON.parse((await server.command('outlet', 'retry', 'all')).out)).toEqual({ retried: 1 })
    await until(() => ids(hook.told).filter(each => each === missed).length === 2)
    expect(await dead()).toEqual([])
  })

  test('gets everything after the server was killed, and tells repetitions by their id', async () => {
    const own = await startXchatServer({ world: { apps: APPS }, config: { xchat: LAN } })
    let again: TestServer | undefined
    try {
      const [ada, bob] = [await enroll(own.url, A), await enroll(own.url, B)]
      const hooked = await made(hook.url, own.url)
      await subscribe(own.url, APP, 'chat.received', A, { webhook_id: hooked })
      const group = await makeGroup(own.url, bob, [ada, bob])
      hook.answer = () => 'silence'
      const said: string[] = []
      for (let n = 0; n < 20; n++) said.push(await say(group, bob, own.url))
      await own.kill()
      expect(hook.told.length).toBeLessThan(20)
      hook.answer = () => 200
      again = await startXchatServer({ data: own.data, config: { xchat: LAN } })
      const told = () => new Map(hook.told.map(each => [each.event_uuid, each.payload.id]))
      await until(() => told().size === 20)
      expect(new Set(told().values())).toEqual(new Set(said))
    } finally {
      await again?.stop()
      await own.remove()
    }
  })
})

describe('at the moment of delivery counts', () => {
  test('that the message is there, the user a member, and the app allowed', async () => {
    const app: AppAt = { url: server.url, id: 'app1', secret: SECRET, redirect: CALLBACK }
    const [gone, stays, quits] = await Promise.all(
      [CROWD[0], CROWD[1], CROWD[2]].map(id => enroll(server.url, id as string)),
    )
    if (!gone || !stays || !quits) throw new Error('nobody there')
    const webhook_id = await made()
    const tokens = new Map<string, { refresh_token: string }>()
    for (const { id } of [gone, stays, quits]) {
      tokens.set(id, await consent(app, id))
      await subscribe(server.url, APP, 'chat.received', id, { webhook_id })
      await subscribe(server.url, APP, 'chat.conversation.member_removed', id, { webhook_id })
    }
    const group = await makeGroup(server.url, b, [b, gone, stays, quits])
    hook.answer = () => 503
    const secret = await say(group, b)
    await hook.has(1)
    const before = hook.told.length
    const leave = leaveBody(group, gone)
    const path = `/2/chat/conversations/${group.id}/leave`
    expect((await ask(server.url, tokenOf(gone.id), 'POST', path, { body: leave })).status).toBe(200)
    const { refresh_token } = tokens.get(quits.id) as { refresh_token: string }
    const fields = new URLSearchParams({ token: refresh_token, client_id: app.id, client_secret: SECRET })
    expect((await fetch(`${server.url}/2/oauth2/revoke`, { method: 'POST', body: fields })).status).toBe(200)
    hook.answer = () => 200
    const has = (user: string, type: string) => () =>
      hook.told.slice(before).some(each => each.filter.user_id === user && each.event_type === type)
    await until(has(stays.id, 'chat.conversation.member_removed'))
    // Their own removal they may hear of; of the message before it nothing any more.
    await until(has(gone.id, 'chat.conversation.member_removed'))
    const late = hook.told.slice(before).filter(({ payload }) => payload.id === secret)
    expect(late.map(({ filter }) => filter.user_id)).not.toContain(gone.id)
    expect(hook.told.slice(before).map(({ filter }) => filter.user_id)).not.toContain(quits.id)
  })
})

describe('a replay', () => {
  const minute = (time: number) =>
    new Date(time)
      .toISOString()
      .replace(/[^0-9]/g, '')
      .slice(0, 12)
  const replay = (webhook_id: string, from: number, to: number) => {
    const body = { webhook_id, from_date: minute(from), to_date: minute(to) }
    return ask(server.url, APP, 'POST', '/2/webhooks/replay', { body })
  }

  test('brings what the logs hold once more, under the same ids, as far as it may be read', async () => {
    const id = await made()
    await subscribe(server.url, APP, 'chat.received', A, { webhook_id: id })
    const group = await makeGroup(server.url, b, [b, c])
    await say(group, b)
    await addTo(server.url, group, b, [a])
    const said: string[] = []
    for (let n = 0; n < 120; n++) said.push(await say(group, b))
    await hook.has(120)
    const first = hook.told.splice(0)
    const now = Date.now()
    const answer = await replay(id, now - 120_000, now + 60_000)
    expect(answer.body).toEqual({ data: { job_id: expect.stringMatching(/^[0-9]+$/), created_at: expect.any(String) } })
    // Other tests of this minute have said something to A too.
    const here = () => hook.told.filter(({ payload }) => payload.conversation_id === group.id)
    await until(() => here().length === 120)
    expect(here()).toEqual(first)
    expect(ids(here())).toEqual(said)
    await until(async () => (await replay(id, now - 120_000, now - 60_000)).status === 200)
  })

  test.each([
    ['a webhook of nobody', { webhook_id: '9' }, 404, 'webhook_id'],
    ['a webhook that is no id', { webhook_id: 'x' }, 400, 'webhook_id'],
    ['no webhook', { webhook_id: undefined }, 400, 'webhook_id'],
    ['a day that is none', { from_date: '202602300000' }, 400, 'from_date'],
    ['a time that is none', { to_date: '202601012400' }, 400, 'to_date'],
    ['a short date', { from_date: '20260101' }, 400, 'from_date'],
    ['a date that is a number', { from_date: 202601010000 }, 400, 'from_date'],
    ['no end', { to_date: undefined }, 400, 'to_date'],
    ['an end before the beginning', { from_date: '202601020000' }, 400, 'to_date'],
    ['a long span', { from_date: '202512300000' }, 400, 'to_date'],
    ['what lies ahead', { from_date: '299901010000', to_date: '299901010001' }, 400, 'from_date'],
  ])('of %s is refused by its name', async (_, change, status, parameter) => {
    const body = { webhook_id: await made(), from_date: '202601010000', to_date: '202601010100', ...change }
    const answer = await ask(server.url, APP, 'POST', '/2/webhooks/replay', { body })
    expect(answer).toMatchObject({ status, body: { parameter } })
  })
})

test('a signature is that of the raw body', () => {
  // x-chat.md 3.16: base64(HMAC-SHA256(consumer_secret, text)).
  expect(signature('key', 'The quick brown fox jumps over the lazy dog')).toBe(
    'sha256=97yD9DBThCSxMpjmqm+xQ+9NWaFJRhdZl0edvC0aPNg=',
  )
})
