// Live delivery over streams (x-chat.md 3.15): who is told of what, what they can do with it, and who hears nothing.
import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { compareIds, decodeMessageEvent } from '@conclave/wire'
import { Client } from '@xdevplatform/xdk'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { TestServer } from '../server.ts'
import { type AppAt, attempt, codeOf, exchange } from './browser.ts'
import type { Hand } from './hand.ts'
import {
  addTo,
  adminsBody,
  deleteBody,
  enroll,
  leaveBody,
  type MessageFaults,
  makeGroup,
  messageBody,
  removalBody,
  retitleBody,
} from './hand.ts'
import { ask } from './http.ts'
import { APP, Listener, SECRET, subscribe, subscribeToAll, type Told, until } from './listener.ts'
import { Person } from './sdk.ts'
import { A, B, C, CROWD, D, startXchatServer, tokenOf } from './start.ts'

let server: TestServer
let a: Hand
let b: Hand
let c: Hand
let app: AppAt
const open: Listener[] = []

const CALLBACK = 'http://localhost:8080/callback'
const OTHER_SECRET = 'a secret of another app'
/** Owns the first app. */
const OPERATOR = CROWD[25] as string

beforeAll(async () => {
  const apps = [
    { id: 'app1', secret: SECRET, owner: OPERATOR, tokens: [APP], redirects: [CALLBACK] },
    { id: 'app2', secret: OTHER_SECRET, owner: D, tokens: ['app2-token'], redirects: [CALLBACK] },
  ]
  server = await startXchatServer({
    world: { apps },
    config: { limits: { flood: 100_000 }, xchat: { activity: { keepAlive: 1 } } },
  })
  app = { url: server.url, id: 'app1', secret: SECRET, redirect: CALLBACK }
  ;[a, b, c] = [await enroll(server.url, A), await enroll(server.url, B), await enroll(server.url, C)]
  for (const user of [A, B, C]) await subscribeToAll(server.url, user)
})
afterAll(() => server?.remove())
afterEach(() => {
  for (const listener of open.splice(0)) listener.close()
})

async function listen(token: string, query = ''): Promise<Listener> {
  const listener = await Listener.open(server.url, token, query)
  open.push(listener)
  return listener
}

function post(path: string, body: unknown, who: string, method = 'POST') {
  return ask(server.url, tokenOf(who), method, `/2/chat/conversations/${path}`, { body })
}

async function say(group: { id: string; version: string }, by: Hand): Promise<string> {
  const body = messageBody(by, group.id, group.version)
  const answer = await post(`${group.id}/messages`, body, by.id)
  expect(answer.status).toBe(201)
  return body.message_id
}

/** A user lets the app read. */
async function consent(user: string): Promise<{ access_token: string; refresh_token: string }> {
  const trying = attempt(app)
  const answer = await exchange(app, await codeOf(trying, { token: tokenOf(user) }), trying.verifier)
  expect(answer.status).toBe(200)
  return answer.body
}

/** Says something that the listener certainly hears last. */
async function settled(listener: Listener, group: { id: string; version: string }, by: Hand): Promise<Told[]> {
  const last = await say(group, by)
  await until(() => listener.events.some(({ payload }) => payload.id === last))
  return listener.events.filter(({ payload }) => payload.id !== last)
}

describe('a user’s own stream', () => {
  test('tells the members of a message, each in their own way, and nobody else', async () => {
    const [as, bs, cs] = [await listen(tokenOf(A)), await listen(tokenOf(B)), await listen(tokenOf(C))]
    const group = await makeGroup(server.url, a, [a, b])
    const id = await say(group, a)
    await as.has(1)
    await bs.has(2)
    expect(as.types()).toEqual(['chat.sent'])
    expect(bs.types()).toEqual(['chat.conversation.join', 'chat.received'])
    expect(bs.events[1]).toEqual({
      event_uuid: expect.stringMatching(/^[0-9]{1,19}$/),
      filter: { user_id: B },
      event_type: 'chat.received',
      payload: {
        id,
        conversation_id: group.id,
        sender_id: A,
        created_at_msec: expect.stringMatching(/^[0-9]+$/),
        sequence_id: expect.stringMatching(/^[0-9]+$/),
        encoded_event: expect.any(String),
        message_event_signature: {
          signature: expect.any(String),
          public_key_version: a.version,
          signature_version: '7',
          signing_public_key: a.signingKey,
        },
        conversation_key_version: group.version,
        conversation_key_change_event: expect.any(String),
      },
    })
    const own = await makeGroup(server.url, c, [c, a])
    expect((await settled(cs, own, c)).map(({ event_type }) => event_type)).toEqual([])
  })

  test('has one JSON object a line, blank lines in between, and is not compressed', async () => {
    const stream = await listen(tokenOf(A))
    expect(stream.headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect(stream.headers.get('content-encoding')).toBeNull()
    await until(() => stream.beats >= 3)
    expect(stream.events).toEqual([])
  })

  test('tells of joins, additions, removals, admins and names in the order of the room', async () => {
    const group = await makeGroup(server.url, a, [a, b])
    const [as, bs, cs] = [await listen(tokenOf(A)), await listen(tokenOf(B)), await listen(tokenOf(C))]
    await addTo(server.url, group, a, [c])
    await post(`${group.id}/admins`, adminsBody(group, a, 'adminAdd', [B]), A)
    await post(`${group.id}/admins`, adminsBody(group, a, 'adminRemove', [B]), A, 'DELETE')
    await post(`${group.id}/title`, retitleBody(group, a, 'title'), A, 'PUT')
    // An avatar is no name.
    const avatar = await post(`${group.id}/avatar`, retitleBody(group, a, 'avatar'), A, 'PUT')
    expect(avatar.status).toBe(200)
    const removal = removalBody(group, a, [c])
    expect((await post(`${group.id}/members`, removal, A, 'DELETE')).status).toBe(200)
    group.version = removal.conversation_key_version
    const rest = [
      'chat.conversation.admin_added',
      'chat.conversation.admin_removed',
      'chat.update.group_name',
      'chat.conversation.member_removed',
    ]
    const types = (told: Told[]) => told.map(({ event_type }) => event_type)
    await settled(as, group, a)
    await bs.has(6)
    expect(types(as.events)).toEqual(['chat.conversation.member_added', ...rest, 'chat.sent'])
    expect(types(bs.events)).toEqual(['chat.conversation.member_added', ...rest, 'chat.received'])
    await cs.has(5)
    expect(cs.types()).toEqual(['chat.conversation.join', ...rest])
    // Who was put out reads no key of those who stay.
    const [join, , , , removed] = cs.events
    expect(join.payload.conversation_key_version).not.toBe(group.version)
    expect(removed.payload.conversation_key_change_event).toBeUndefined()
    expect(as.events.at(-2).payload.conversation_key_version).toBe(group.version)
  })

  test('carries that user’s own subscriptions alone', async () => {
    const stream = await listen(tokenOf(D))
    const group = await makeGroup(server.url, a, [a, b])
    const bs = await listen(tokenOf(B))
    await say(group, a)
    await bs.has(1)
    await until(() => stream.beats >= 2)
    expect(stream.events).toEqual([])
    const foreign = await ask(server.url, tokenOf(A), 'POST', '/2/activity/subscriptions', {
      body: { event_type: 'chat.received', filter: { user_id: B } },
    })
    expect(foreign).toMatchObject({ status: 403, body: { resource_id: B } })
  })

  test('a subscription that is made, changed and ended while it is open counts at once', async () => {
    const who = CROWD[10] as string
    const hand = await enroll(server.url, who)
    const stream = await listen(tokenOf(who))
    const group = await makeGroup(server.url, a, [a, hand])
    await say(group, a)
    const { subscription_id: id } = await subscribe(server.url, tokenOf(who), 'chat.received', who, { tag: 'one' })
    const first = await say(group, a)
    await stream.has(1)
    const path = `/2/activity/subscriptions/${id}`
    await ask(server.url, tokenOf(who), 'PUT', path, { body: { tag: 'two' } })
    const second = await say(group, a)
    await stream.has(2)
    expect(stream.events.map(({ tag, payload }) => [tag, payload.id])).toEqual([
      ['one', first],
      ['two', second],
    ])
    await ask(server.url, tokenOf(who), 'DELETE', path)
    await say(group, a)
    await subscribe(server.url, tokenOf(who), 'chat.received', who, { tag: 'three' })
    const third = await say(group, a)
    await stream.has(3)
    expect(stream.events[2]).toMatchObject({ tag: 'three', payload: { id: third } })
  })
})

describe('a payload alone', () => {
  test('is decrypted and verified by X’s own engine, which has nothing else', async () => {
    const [ada, bob] = [new Person(server.url, CROWD[0] as string), new Person(server.url, CROWD[1] as string)]
    await ada.register()
    await bob.register()
    await subscribe(server.url, tokenOf(bob.id), 'chat.received', bob.id)
    const client = new Client({ bearerToken: tokenOf(bob.id), baseUrl: server.url })
    const stream = await client.stream.activity()
    const told: Told[] = []
    stream.on('data', (event: Told) => {
      if (event.data) told.push(event.data)
    })
    try {
      const group = await ada.createGroup([bob.id])
      await ada.say(group.id, group.version, 'first')
      const version = await ada.rotate(group.id, [ada.id, bob.id])
      await ada.say(group.id, version, 'second')
      const pair = await ada.begin(bob.id)
      await ada.say(pair.id, pair.version, 'third')
      await until(() => told.length >= 3)
      const texts: string[] = []
      for (const { payload } of told) {
        const fresh = new Person(server.url, bob.id)
        fresh.engine.importKeys(bob.engine.exportKeys(), bob.version)
        fresh.engine.setIdentity(bob.id, bob.version)
        const events = [payload.conversation_key_change_event, payload.encoded_event]
        const read = fresh.engine.decryptEvents(events, await bob.signingKeys([ada.id]))
        expect(read.errors).toEqual({})
        expect(read.messages.every(({ event }) => event.verified)).toBe(true)
        const message = read.messages.find(({ event }) => event.type === 'message')
        texts.push(String(message?.event.content?.text))
      }
      expect([...texts].sort()).toEqual(['first', 'second', 'third'])
      expect(told.find(({ payload }) => payload.conversation_id.includes(':'))?.payload.conversation_id).toBe(
        `${ada.id}:${bob.id}`,
      )
    } finally {
      stream.close()
    }
  })
})

describe('an app', () => {
  test('hears of who let it read, until they no longer do', async () => {
    const who = CROWD[2] as string
    const hand = await enroll(server.url, who)
    const group = await makeGroup(server.url, a, [a, hand])
    const refused = () =>
      ask(server.url, APP, 'POST', '/2/activity/subscriptions', {
        body: { event_type: 'chat.received', filter: { user_id: who } },
      })
    expect(await refused()).toMatchObject({ status: 403, body: { resource_id: who } })
    const tokens = await consent(who)
    const { subscription_id: id } = await subscribe(server.url, APP, 'chat.received', who)
    const [ours, theirs] = [await listen(APP), await listen('app2-token')]
    const heard = await say(group, a)
    await until(() => ours.events.some(({ payload }) => payload.id === heard))
    expect(theirs.events).toEqual([])
    const fields = new URLSearchParams({ token: tokens.refresh_token, client_id: app.id, client_secret: SECRET })
    const revoked = await fetch(`${server.url}/2/oauth2/revoke`, { method: 'POST', body: fields })
    expect(revoked.status).toBe(200)
    const unheard = await say(group, a)
    const bot = await enroll(server.url, OPERATOR)
    await subscribe(server.url, APP, 'chat.sent', OPERATOR)
    const last = await say(await makeGroup(server.url, bot, [bot, a]), bot)
    await until(() => ours.events.some(({ payload }) => payload.id === last))
    expect(ours.events.map(({ payload }) => payload.id)).not.toContain(unheard)
    expect(ours.events.filter(({ payload }) => payload.id === last)).toHaveLength(1)
    expect(await refused()).toMatchObject({ status: 403 })
    await ask(server.url, APP, 'DELETE', `/2/activity/subscriptions/${id}`)
  })

  test('hears of its owner, the operator’s own bot, without a log-in, and another app does not', async () => {
    const stream = await listen(APP)
    const bot = await enroll(server.url, OPERATOR)
    await subscribe(server.url, APP, 'chat.received', OPERATOR, { tag: 'bot' })
    const group = await makeGroup(server.url, b, [bot, b])
    const id = await say(group, b)
    await until(() => stream.events.some(({ payload }) => payload.id === id))
    expect(stream.events.find(({ payload }) => payload.id === id)).toMatchObject({
      tag: 'bot',
      filter: { user_id: OPERATOR },
    })
    const other = await ask(server.url, 'app2-token', 'POST', '/2/activity/subscriptions', {
      body: { event_type: 'chat.received', filter: { user_id: OPERATOR } },
    })
    expect(other.status).toBe(403)
  })

  test('hears what its owner subscribed to with a token of no app, as X’s own SDK does with both tokens', async () => {
    const client = new Client({ accessToken: tokenOf(D), bearerToken: 'app2-token', baseUrl: server.url })
    const hand = await enroll(server.url, D)
    const wanted = { event_type: 'chat.received', filter: { user_id: D }, tag: 'mine' }
    const { data } = (await client.activity.createSubscription(wanted as never)) as Told
    const id = data.subscription.subscriptionId
    const [stream, foreign] = [await listen('app2-token'), await listen(APP)]
    const group = await makeGroup(server.url, b, [b, hand])
    const said = await say(group, b)
    await stream.has(1)
    expect(stream.events).toMatchObject([{ tag: 'mine', payload: { id: said } }])
    const again = await listen('app2-token', '?backfill_minutes=1')
    await again.has(1)
    expect(again.events).toEqual(stream.events)
    expect(foreign.events.filter(({ tag }) => tag === 'mine')).toEqual([])
    const listed = ((await client.activity.getSubscriptions()) as Told).data
    expect(listed.map((each: Told) => each.subscriptionId)).toEqual([id])
    // What somebody else subscribes to with a token of no app is theirs alone.
    await subscribe(server.url, tokenOf(B), 'chat.sent', B, { tag: 'theirs' })
    await say(group, b)
    await stream.has(2)
    expect(stream.events.filter(({ tag }) => tag === 'theirs')).toEqual([])
    expect(((await client.activity.deleteSubscription(id)) as Told).data).toEqual({ deleted: true })
    await say(group, b)
    const mine = await listen(tokenOf(D))
    expect(mine.status).toBe(200)
    expect(stream.events).toHaveLength(2)
  })

  test('sees and hears what a user subscribed to with its token, and the user what is their own', async () => {
    const who = CROWD[3] as string
    const hand = await enroll(server.url, who)
    const { access_token: token } = await consent(who)
    const made = await subscribe(server.url, token, 'chat.received', who, { tag: 'by the user' })
    const listed = await ask(server.url, APP, 'GET', '/2/activity/subscriptions')
    expect(listed.body.data).toContainEqual(made)
    expect((await ask(server.url, token, 'GET', '/2/activity/subscriptions')).body.data).toEqual([made])
    // Without the app it is another owner.
    expect((await ask(server.url, tokenOf(who), 'GET', '/2/activity/subscriptions')).body.data).toEqual([])
    expect((await ask(server.url, 'app2-token', 'GET', '/2/activity/subscriptions')).body.data).toEqual([])
    const [apps, users] = [await listen(APP), await listen(token)]
    const group = await makeGroup(server.url, b, [b, hand])
    await say(group, b)
    await users.has(1)
    await until(() => apps.events.some(({ tag }) => tag === 'by the user'))
    expect(users.events[0].event_uuid).toBe(apps.events.find(({ tag }) => tag === 'by the user').event_uuid)
  })
})

describe('nobody hears', () => {
  test('of a room that they left, or of what was before them', async () => {
    const who = CROWD[4] as string
    const hand = await enroll(server.url, who)
    await subscribeToAll(server.url, who)
    const group = await makeGroup(server.url, a, [a, b])
    const stream = await listen(tokenOf(who))
    await say(group, a)
    await addTo(server.url, group, a, [hand])
    const heard = await say(group, a)
    await stream.has(2)
    expect((await post(`${group.id}/leave`, leaveBody(group, hand), who)).status).toBe(200)
    await stream.has(3)
    expect(stream.types()).toEqual(['chat.conversation.join', 'chat.received', 'chat.conversation.member_removed'])
    expect(stream.events[1].payload.id).toBe(heard)
    const own = await makeGroup(server.url, hand, [hand, b])
    expect(await settled(stream, own, hand)).toHaveLength(3)
    const again = await listen(tokenOf(who), '?backfill_minutes=5')
    const last = await say(own, hand)
    await until(() => again.events.some(({ payload }) => payload.id === last))
    expect(again.events.filter(({ payload }) => payload.conversation_id === group.id)).toEqual([])
  })

  test('whose account is ended, and their stream ends at once', async () => {
    const who = CROWD[5] as string
    const hand = await enroll(server.url, who)
    await subscribeToAll(server.url, who)
    const stream = await listen(tokenOf(who))
    await makeGroup(server.url, a, [a, hand])
    await stream.has(1)
    expect((await server.command('user', 'disable', who)).code).toBe(0)
    await stream.over()
    expect(stream.ended).toBe('whole')
    expect((await listen(tokenOf(who))).status).toBe(401)
  })
})

describe('a token', () => {
  test('that is revoked ends its streams at once, and one that runs out at its time', async () => {
    const make = async (...more: string[]) =>
      JSON.parse((await server.command('token', 'create', '--user', C, ...more)).out) as { token: string; id: string }
    const [revoked, short] = [await make(), await make('--seconds', '2')]
    const [one, two, three] = [await listen(revoked.token), await listen(short.token), await listen(tokenOf(C))]
    expect((await server.command('token', 'revoke', revoked.id)).code).toBe(0)
    await one.over()
    await two.over()
    expect([one.ended, two.ended, three.ended]).toEqual(['whole', 'whole', null])
    expect((await listen(revoked.token)).status).toBe(401)
  })
})

describe('what happened meanwhile', () => {
  test('is read from the logs, without a gap and without anything twice', async () => {
    const who = CROWD[6] as string
    const hand = await enroll(server.url, who)
    await subscribeToAll(server.url, who)
    const groups = [await makeGroup(server.url, a, [a, hand]), await makeGroup(server.url, hand, [hand, b])]
    const said: string[] = []
    const talk = async (times: number): Promise<void> => {
      for (let n = 0; n < times; n++) for (const group of groups) said.push(await say(group, hand))
    }
    await talk(70)
    // The stream is opened in the middle of it.
    const [stream] = await Promise.all([listen(tokenOf(who), '?backfill_minutes=2'), talk(30)])
    await talk(5)
    await stream.has(said.length + 1)
    const messages = stream.events.filter(({ event_type }) => event_type === 'chat.sent')
    expect(new Set(messages.map(({ event_uuid }) => event_uuid)).size).toBe(messages.length)
    for (const { id } of groups) {
      const told = messages.filter(({ payload }) => payload.conversation_id === id)
      const sequences = told.map(({ payload }) => BigInt(payload.sequence_id))
      expect(sequences).toEqual([...sequences].sort((x, y) => (x < y ? -1 : 1)))
    }
    expect(messages).toHaveLength(said.length)
    expect(new Set(messages.map(({ payload }) => payload.id))).toEqual(new Set(said))
  })

  test('comes under the ids under which it came, and ends where it is to end', async () => {
    const who = CROWD[7] as string
    const hand = await enroll(server.url, who)
    await subscribeToAll(server.url, who)
    const live = await listen(tokenOf(who))
    const start = new Date(Date.now() - 1).toISOString()
    const group = await makeGroup(server.url, a, [a, hand])
    await say(group, a)
    await say(group, hand)
    await live.has(3)
    await new Promise(resolve => setTimeout(resolve, 5))
    const end = new Date().toISOString()
    await new Promise(resolve => setTimeout(resolve, 5))
    await say(group, a)
    const past = await listen(tokenOf(who), `?start_time=${start}&end_time=${end}`)
    await past.over()
    expect([past.ended, past.events]).toEqual(['whole', live.events.slice(0, 3)])
  })

  test('before somebody was let in is not theirs, whatever the time', async () => {
    const who = CROWD[8] as string
    const hand = await enroll(server.url, who)
    await subscribeToAll(server.url, who)
    const group = await makeGroup(server.url, a, [a, b])
    await say(group, a)
    await addTo(server.url, group, a, [hand])
    const stream = await listen(tokenOf(who), '?backfill_minutes=5')
    await stream.has(1)
    const last = await say(group, a)
    await stream.has(2)
    expect(stream.types()).toEqual(['chat.conversation.join', 'chat.received'])
    expect(stream.events[1].payload.id).toBe(last)
  })
})

describe('what waits for a reader', () => {
  test('is not told any more when it was deleted or has run out meanwhile', async () => {
    const who = CROWD[23] as string
    const hand = await enroll(server.url, who)
    await subscribeToAll(server.url, who)
    const group = await makeGroup(server.url, a, [a, hand])
    const send = async (faults: MessageFaults = {}) => {
      const body = messageBody(a, group.id, group.version, faults)
      const sent = await post(`${group.id}/messages`, body, A)
      const event = decodeMessageEvent(sent.body.data.encoded_message_event)
      if (!event.ok) throw new Error(event.error)
      return { message: body.message_id, sequence: event.value.sequenceId }
    }
    // More than the sockets between the two take.
    const before = await Promise.all(Array.from({ length: 60 }, () => send({ contents: randomBytes(250_000) })))
    before.sort((one, other) => compareIds(one.sequence, other.sequence))
    const socket = connect(server.port, '127.0.0.1')
    socket.pause()
    socket.write(
      `GET /2/activity/stream?backfill_minutes=5 HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${tokenOf(who)}\r\n\r\n`,
    )
    await pause(1_000)
    const [late, gone, fading, kept] = [before.at(-1)!, await send(), await send({ ttlMsec: '1000' }), await send()]
    const deleted = deleteBody(a, group.id, [late.sequence, gone.sequence], 'all')
    expect((await post(`${group.id}/messages/delete`, deleted, A)).status).toBe(200)
    await pause(1_100)

    let text = ''
    socket.setEncoding('latin1').on('data', chunk => {
      text += chunk
    })
    socket.resume()
    await until(() => text.includes(kept.message))
    expect(before.filter(({ message }) => !text.includes(message))).toEqual([late])
    expect([gone, fading].filter(({ message }) => text.includes(message))).toEqual([])
    socket.destroy()
  })
})

describe('bounds', () => {
  test('five streams of one owner, and a place when one ends', async () => {
    const who = tokenOf(CROWD[9] as string)
    const streams: Listener[] = []
    for (let n = 0; n < 5; n++) streams.push(await listen(who))
    expect(streams.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
    const sixth = await listen(who)
    expect([sixth.status, sixth.problem.title]).toEqual([429, 'ConnectionException'])
    streams[0]?.close()
    await until(async () => (await listen(who)).status === 200)
  })

  test('a thousand subscriptions of one owner, in pages, and no more', async () => {
    const who = CROWD[11] as string
    const token = tokenOf(who)
    const hand = await enroll(server.url, who)
    const body = { event_type: 'chat.received', filter: { user_id: who } }
    const make = () => ask(server.url, token, 'POST', '/2/activity/subscriptions', { body })
    const ids: string[] = []
    while (ids.length < 1_000) {
      const answers = await Promise.all(Array.from({ length: 100 }, make))
      for (const answer of answers) ids.push(answer.body.data.subscription.subscription_id)
    }
    const more = await Promise.all([make(), make()])
    expect(more.map(({ status, body: { code } }) => [status, code])).toEqual([
      [403, 'SubscriptionLimitExceeded'],
      [403, 'SubscriptionLimitExceeded'],
    ])
    const seen: string[] = []
    let next = ''
    do {
      const path = `/2/activity/subscriptions?max_results=300${next}`
      const { body: page } = await ask(server.url, token, 'GET', path)
      seen.push(...page.data.map((one: Told) => one.subscription_id))
      expect(page.meta.result_count).toBe(page.data.length)
      next = page.meta.next_token === undefined ? '' : `&pagination_token=${page.meta.next_token}`
    } while (next !== '')
    expect(seen).toEqual([...new Set(ids)].sort())
    const group = await makeGroup(server.url, a, [a, hand])
    const stream = await listen(token)
    await say(group, a)
    await stream.has(1_000)
    expect(new Set(stream.events.map(({ event_uuid }) => event_uuid)).size).toBe(1)
    for (let at = 0; at < 1_000; at += 100) {
      const list = ids.slice(at, at + 100).join(',')
      const dropped = await ask(server.url, token, 'DELETE', `/2/activity/subscriptions?ids=${list}`)
      expect(dropped.body.data.every(({ deleted }: Told) => deleted)).toBe(true)
    }
    expect((await ask(server.url, token, 'GET', '/2/activity/subscriptions')).body.data).toEqual([])
  })

  test('a reader who does not read is cut, and the others are told', async () => {
    const who = CROWD[12] as string
    const hand = await enroll(server.url, who)
    await subscribe(server.url, tokenOf(who), 'chat.received', who)
    const socket = connect(server.port, '127.0.0.1')
    socket.on('error', () => {})
    socket.write(
      `GET /2/activity/stream HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${tokenOf(who)}\r\nconnection: keep-alive\r\n\r\n`,
    )
    await new Promise(resolve => socket.once('data', resolve))
    socket.pause()
    const other = await listen(tokenOf(who))
    const group = await makeGroup(server.url, a, [a, hand])
    const contents = Buffer.alloc(256 * 1024, 7)
    const many = 60
    for (let n = 0; n < many; n++) {
      const body = messageBody(a, group.id, group.version, { contents })
      expect((await post(`${group.id}/messages`, body, A)).status).toBe(201)
    }
    await other.has(many)
    let bytes = 0
    const closed = new Promise(resolve => socket.once('close', resolve))
    socket.on('data', chunk => {
      bytes += chunk.length
    })
    socket.resume()
    await closed
    expect(bytes).toBeLessThan(many * 350_000 - 8 * 1024 * 1024 + 1024 * 1024)
  })
})

describe('garbage', () => {
  const subscriptions = '/2/activity/subscriptions'
  const good = { event_type: 'chat.received', filter: { user_id: A } }
  const refusals: [string, unknown, string][] = [
    ['no body', undefined, 'event_type'],
    ['a list', [], ''],
    ['no type', { filter: good.filter }, 'event_type'],
    ['a type of nobody', { ...good, event_type: 'chat.typing' }, 'event_type'],
    ['a type of all objects', { ...good, event_type: 'constructor' }, 'event_type'],
    ['a type that is no text', { ...good, event_type: { $ne: 1 } }, 'event_type'],
    ['no filter', { event_type: 'chat.sent' }, 'filter'],
    ['an empty filter', { ...good, filter: {} }, 'filter.user_id'],
    ['a filter of another type, empty', { event_type: 'post.create', filter: {} }, 'filter'],
    ['a user that is no id', { ...good, filter: { user_id: '1 OR 1' } }, 'filter.user_id'],
    ['a number as user', { ...good, filter: { user_id: 1 } }, 'filter.user_id'],
    ['a keyword', { ...good, filter: { user_id: A, keyword: 'x' } }, 'filter.keyword'],
    ['a direction', { ...good, filter: { user_id: A, direction: 'inbound' } }, 'filter.direction'],
    ['no direction at all', { ...good, filter: { user_id: A, direction: 'up' } }, 'filter.direction'],
    ['an unknown member', { ...good, filter: { user_id: A, wish: 1 } }, 'filter.wish'],
    ['an unknown wish', { ...good, wish: 1 }, 'wish'],
    ['an empty tag', { ...good, tag: '' }, 'tag'],
    ['a long tag', { ...good, tag: 'x'.repeat(201) }, 'tag'],
    ['a webhook of nobody', { ...good, webhook_id: '9' }, 'webhook_id'],
    ['a webhook that is no id', { ...good, webhook_id: 'g9' }, 'webhook_id'],
  ]
  test.each(refusals)('%s is refused by its name', async (_, body, parameter) => {
    const answer = await ask(server.url, tokenOf(A), 'POST', subscriptions, { body })
    expect(answer).toMatchObject({ status: 400, body: { parameter, title: 'Invalid Request' } })
    expect(answer.headers.get('content-type')).toContain('application/problem+json')
  })

  const paths: [string, string, string][] = [
    ['GET', '/2/activity/stream?backfill_minutes=6', 'backfill_minutes'],
    ['GET', '/2/activity/stream?backfill_minutes=-1', 'backfill_minutes'],
    ['GET', '/2/activity/stream?backfill_minutes=1.5', 'backfill_minutes'],
    ['GET', '/2/activity/stream?backfill_minutes=', 'backfill_minutes'],
    ['GET', '/2/activity/stream?start_time=yesterday', 'start_time'],
    ['GET', '/2/activity/stream?start_time=2999-01-01T00:00:00Z', 'start_time'],
    ['GET', '/2/activity/stream?start_time=2000-01-01T00:00:00Z', 'start_time'],
    ['GET', '/2/activity/stream?end_time=2000-01-01T00:00:00Z', 'end_time'],
    ['GET', '/2/activity/stream?end_time=2026-13-01T00:00:00Z', 'end_time'],
    ['GET', `${subscriptions}?max_results=0`, 'max_results'],
    ['GET', `${subscriptions}?max_results=1001`, 'max_results'],
    ['GET', `${subscriptions}?pagination_token=aaaaaaaaaaaaaaaaaaaa`, 'pagination_token'],
    ['DELETE', subscriptions, 'ids'],
    ['DELETE', `${subscriptions}?ids=`, 'ids'],
    ['DELETE', `${subscriptions}?ids=1,x`, 'ids'],
    ['DELETE', `${subscriptions}?ids=${Array.from({ length: 101 }, (_, n) => n + 1).join(',')}`, 'ids'],
    ['DELETE', `${subscriptions}/x`, 'subscription_id'],
    ['PUT', `${subscriptions}/x`, 'subscription_id'],
  ]
  test.each(paths)('%s %s is refused by its name', async (method, path, parameter) => {
    const answer = await ask(server.url, tokenOf(A), method, path)
    expect(answer).toMatchObject({ status: 400, body: { parameter } })
  })

  test('of a foreign subscription there is nothing to see, to change or to end', async () => {
    const { subscription_id: id } = await subscribe(server.url, tokenOf(B), 'chat.sent', B)
    for (const who of [tokenOf(A), APP, 'app2-token']) {
      expect((await ask(server.url, who, 'PUT', `${subscriptions}/${id}`, { body: { tag: 'x' } })).status).toBe(404)
      expect((await ask(server.url, who, 'DELETE', `${subscriptions}/${id}`)).status).toBe(404)
      const several = await ask(server.url, who, 'DELETE', `${subscriptions}?ids=${id}`)
      expect(several.body).toMatchObject({
        data: [{ subscription_id: id, deleted: false }],
        errors: [{ subscription_id: id, reason: 'NotFound' }],
      })
    }
    const theirs = await ask(server.url, tokenOf(B), 'GET', subscriptions)
    expect(theirs.body.data.map((one: Told) => one.subscription_id)).toContain(id)
    const empty = await ask(server.url, tokenOf(B), 'PUT', `${subscriptions}/${id}`, { body: {} })
    expect(empty).toMatchObject({ status: 400, body: { parameter: 'tag' } })
  })

  test('a token without the scope is told which', async () => {
    const scopes = ['--scope', 'users.read', '--scope', 'tweet.read']
    const { token } = JSON.parse((await server.command('token', 'create', '--user', A, ...scopes)).out)
    for (const [method, path] of [
      ['POST', subscriptions],
      ['GET', subscriptions],
      ['GET', '/2/activity/stream'],
    ] as const) {
      expect(await ask(server.url, token, method, path)).toMatchObject({
        status: 403,
        body: { detail: expect.stringContaining('dm.read') },
      })
    }
  })
})

test('a stop of the server ends streams whole, and subscriptions are there after it', async () => {
  const own = await startXchatServer({ config: { limits: { flood: 100_000 }, xchat: { activity: { keepAlive: 1 } } } })
  try {
    const made = await subscribe(own.url, tokenOf(A), 'chat.received', A)
    const stream = await Listener.open(own.url, tokenOf(A))
    expect(await own.stop()).toBe(0)
    await stream.over()
    expect(stream.ended).toBe('whole')
    const again = await startXchatServer({ data: own.data })
    try {
      const listed = await ask(again.url, tokenOf(A), 'GET', '/2/activity/subscriptions')
      expect(listed.body.data).toEqual([made])
    } finally {
      await again.stop()
    }
  } finally {
    await own.remove()
  }
})
