// The embedding site hears of everything that happens (dino.md section 13): a real server, real clients, and a webhook of
// the site's own that answers, fails, hangs or is not there.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { base64, DinoClient } from './dino/client.ts'
import { type Site, site } from './dino/http.ts'
import { type Delivery, Receiver, SECRET } from './receiver.ts'
import { Ddp } from './rocketchat/ddp.ts'
import { conclave, type StartOptions, startServer, type TestServer, type World } from './server.ts'
import * as hand from './xchat/hand.ts'
import { ask } from './xchat/http.ts'

const NAMES: Record<string, string> = { 1: 'ann', 2: 'bob', 3: 'cat', 4: 'dan', 9: 'sue' }
const WORLD: World = {
  users: [
    { id: '0', username: 'Admin', roles: ['superuser'] },
    { id: '1', username: 'ann', tokens: ['tok1'] },
    { id: '2', username: 'bob', tokens: ['tok2'] },
    { id: '3', username: 'cat', tokens: ['tok3'] },
    { id: '4', username: 'dan', tokens: ['tok4'], attributes: { age: '30', gender: 'm', token: 'not told' } },
    { id: '5', username: 'eve', tokens: ['tok5'] },
    { id: '9', username: 'sue', tokens: ['tok9'], roles: ['superuser'] },
    ...['1001', '1003'].map(id => ({ id, username: `user${id}`, tokens: [`token-of-${id}`] })),
  ],
  channels: [{ ref: 'c', name: 'channel', owners: ['3'] }],
  rooms: [
    { ref: 'plain', channel: 'c', name: 'plain room', owners: ['3'] },
    { ref: 'other', channel: 'c', name: 'other room', kind: 'public', owners: ['3'] },
    { ref: 'third', channel: 'c', name: 'third room', owners: ['3'] },
    { ref: 'admins', channel: 'c', name: 'Admins', owners: ['0'], admin: true },
  ],
  blacklist: ['badword'],
}
/** In every text that somebody says here. */
const SAID = 'words that stay among us'

const open: DinoClient[] = []

async function start(
  receivers: Readonly<Record<string, Receiver>>,
  outlet: object = {},
  options: StartOptions = {},
): Promise<TestServer> {
  const webhooks = Object.entries(receivers).map(([name, { url }]) => ({ name, url, secrets: [SECRET] }))
  const config = { outlet: { webhooks, ...outlet }, log: { level: 'trace' } }
  return startServer({ ...(options.data ? {} : { world: WORLD }), config, ...options })
}

async function login(server: TestServer, user: string): Promise<DinoClient> {
  const client = await DinoClient.open(server.url)
  open.push(client)
  expect((await client.login(user, NAMES[user])).code).toBe(200)
  return client
}

async function done(client: DinoClient, event: string, body: object): Promise<Delivery['activity']> {
  const answer = await client.request(event, body)
  expect([event, answer.code, answer.data?.error]).toEqual([event, 200, undefined])
  return answer.data.data
}

function join(client: DinoClient, room: string | undefined): Promise<unknown> {
  return done(client, 'join', { verb: 'join', target: { id: room } })
}

async function say(client: DinoClient, room: string | undefined, text: string): Promise<string> {
  const target = { id: room, objectType: 'room' }
  return (await done(client, 'message', { verb: 'send', target, object: { content: base64(text) } })).id
}

async function inside(server: TestServer, user: string, ref = 'plain'): Promise<DinoClient> {
  const client = await login(server, user)
  await join(client, server.rooms[ref])
  return client
}

afterEach(() => {
  for (const client of open.splice(0)) client.close()
})

describe('a site that answers', () => {
  let receiver: Receiver
  let server: TestServer
  let service: Site
  beforeAll(async () => {
    receiver = await Receiver.open()
    server = await start({ site: receiver }, { titlePrefix: 'chat.' })
    const made = await server.command('token', 'create', '--service')
    service = site(server.url, (JSON.parse(made.out) as { token: string }).token)
  })
  beforeEach(async () => {
    await receiver.next('restart')
    receiver.deliveries.splice(1)
  })
  afterEach(() => expect(receiver.faults).toEqual([]))
  afterAll(async () => {
    await server.remove()
    await receiver.close()
  })

  const call = async (method: 'POST' | 'DELETE', path: string, body: object): Promise<void> => {
    const answer = await service.call(method, path, body)
    expect([path, answer.http, answer.code, answer.data?.status ?? 'OK']).toEqual([path, 200, 200, 'OK'])
  }

  test('hears of everything in a room, once and in order, and never of what was said', async () => {
    const room = server.rooms.plain as string
    const ann = await inside(server, '1')
    const cat = await login(server, '3')
    const sent = await say(ann, room, SAID)
    const withheld = await say(ann, room, `badword, ${SAID}`)
    await call('POST', '/mute', { 1: { room_id: room, duration: '5m', reason: base64('noise') } })
    await call('DELETE', '/mute', { user_id: '1', room_id: room })
    const target = { id: room, displayName: base64('plainer room'), objectType: 'room' }
    await done(cat, 'rename_room', { verb: 'rename', target })
    const bob = await inside(server, '2')
    await done(cat, 'kick', { verb: 'kick', target: { id: room }, object: { id: '2', content: base64('go') } })
    const ban = { id: '2', summary: '5m', content: base64('stay away') }
    await done(cat, 'ban', { verb: 'ban', target: { id: room, objectType: 'room' }, object: ban })
    await call('DELETE', '/ban', { user_id: '2', room_id: room })
    await join(bob, room)
    const last = await say(bob, room, SAID)

    await receiver.next('send', ({ id }) => id === last)
    const told = receiver.deliveries.filter(({ activity }) => activity.target?.id === room)
    expect(told.map(({ verb, activity }) => [verb, activity.actor.id, activity.object?.id ?? null])).toEqual([
      ['join', '1', null],
      ['send', '1', null],
      ['blacklisted', '1', withheld],
      ['mute', '0', '1'],
      ['unmute', '0', '1'],
      ['rename', '3', null],
      ['join', '2', null],
      ['kick', '3', '2'],
      ['ban', '3', '2'],
      ['unban', '0', '2'],
      ['join', '2', null],
      ['send', '2', null],
    ])
    expect(told[1]?.activity).toEqual({
      id: sent,
      published: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      actor: { id: '1', displayName: base64('ann') },
      object: { url: server.channels.c },
      target: { id: room, displayName: base64('plain room'), objectType: 'room' },
      verb: 'send',
      title: 'chat.send',
      provider: { id: 'conclave' },
    })
    const find = (verb: string): Delivery['activity'] => told.find(each => each.verb === verb)?.activity
    expect(find('mute').object).toMatchObject({ id: '1', summary: '5m', content: base64('noise') })
    expect(find('rename').target).toMatchObject({ displayName: base64('plainer room'), summary: base64('plain room') })
    expect(find('kick').object).toEqual({ id: '2', displayName: base64('bob'), content: base64('go') })
    expect(find('ban')).toMatchObject({ object: ban, target: { id: room, objectType: 'room' } })
    for (const { body } of receiver.deliveries) {
      expect(body).not.toContain(SAID)
      expect(body).not.toContain(base64(SAID).slice(0, 20))
      expect(body).not.toContain('badword')
      expect(body).not.toContain(base64('badword').slice(0, 8))
    }
  })

  test('hears of who comes, goes and hides', async () => {
    const dan = await login(server, '4')
    for (const verb of ['invisible', 'online', 'offline', 'online']) await done(dan, 'status', { verb })
    for (const status of ['away', 'back', 'invisible', 'visible']) await call('POST', '/status', { id: '4', status })
    const second = await login(server, '4')
    const [first, other] = [dan, second].map(({ socket }) => (socket as unknown as { id: string }).id)
    second.close()
    await receiver.next('ended', ({ actor }) => actor.id === '4')
    dan.close()
    await receiver.next('disconnect', ({ actor }) => actor.id === '4')

    const told = receiver.deliveries.filter(({ activity }) => activity.actor?.id === '4')
    expect(told.map(({ verb }) => verb)).toEqual([
      'login',
      'invisible',
      'online',
      'offline',
      'online',
      'away',
      'back',
      'invisible',
      'visible',
      'login',
      'ended',
      'ended',
      'disconnect',
    ])
    const { actor } = told[0]?.activity ?? {}
    expect(actor).toEqual({
      id: '4',
      displayName: base64('dan'),
      attachments: [
        { objectType: 'user_name', content: 'dan' },
        { objectType: 'age', content: '30' },
        { objectType: 'gender', content: 'm' },
      ],
    })
    const ends = told.filter(({ verb }) => verb === 'ended').map(({ activity }) => activity.actor.content)
    expect(ends).toEqual([other, first])
  })

  test('hears of who comes and goes over another wire', async () => {
    const client = await Ddp.connect(server.url)
    await client.call('login', { resume: 'tok5' })
    const { activity } = await receiver.next('login', ({ actor }) => actor.id === '5')
    expect(activity.actor.displayName).toBe(base64('eve'))
    await client.sub('stream-room-messages', server.rooms.other as string)
    await receiver.next('join', ({ actor, target }) => actor.id === '5' && target.id === server.rooms.other)
    client.close()
    await receiver.next('disconnect', ({ actor }) => actor.id === '5')
  })

  test('hears of rooms that are made and removed, on whatever wire', async () => {
    const ann = await login(server, '1')
    const made = await done(ann, 'create', {
      verb: 'create',
      target: { displayName: base64('short lived') },
      object: { url: server.channels.c },
    })
    const { id } = made.target
    await done(ann, 'remove_room', { verb: 'remove', target: { id }, object: { content: base64('over') } })
    await receiver.next('remove')
    const told = receiver.deliveries.filter(({ activity }) => activity.target?.id === id)
    expect(told.map(({ verb, activity }) => [verb, activity.target.displayName, activity.object])).toEqual([
      ['create', base64('short lived'), { url: server.channels.c }],
      ['remove', base64('short lived'), { content: base64('over'), objectType: 'reason' }],
    ])

    const response = await fetch(`${server.url}/api/v1/method.call/createPrivateGroup`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-auth-token': 'tok1', 'x-user-id': '1' },
      body: JSON.stringify({
        message: JSON.stringify({ msg: 'method', id: '1', method: 'createPrivateGroup', params: ['from rocket', []] }),
      }),
    })
    expect(response.status).toBe(200)
    const { activity } = await receiver.next('create', ({ target }) => target.displayName === base64('from rocket'))
    expect(activity).toMatchObject({ actor: { id: '1' }, target: { objectType: 'private' } })
  })

  test('hears of messages in encrypted rooms by ids alone, without title and without ciphertext', async () => {
    const [a, c] = [await hand.enroll(server.url, '1001'), await hand.enroll(server.url, '1003')]
    const group = await hand.makeGroup(server.url, a, [a, c])
    const body = hand.messageBody(c, group.id, group.version)
    const sent = await ask(server.url, 'token-of-1003', 'POST', `/2/chat/conversations/${group.id}/messages`, { body })
    expect(sent.status).toBe(201)
    const { activity } = await receiver.next('send', ({ actor }) => actor.id === '1003')
    expect(activity).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      published: expect.any(String),
      actor: { id: '1003', displayName: base64('user1003') },
      object: { url: expect.any(String) },
      target: { id: expect.any(String), displayName: base64(group.id), objectType: 'private' },
      verb: 'send',
      title: 'chat.send',
      provider: { id: 'conclave' },
    })
    for (const delivery of receiver.deliveries)
      expect(delivery.body).not.toContain(body.encoded_message_create_event.slice(0, 24))
  })

  test('hears of bans from the channel and from the server, which stand in no log', async () => {
    const sue = await login(server, '9')
    const cat = await login(server, '3')
    await inside(server, '2', 'third')
    const object = { id: '2', summary: '1h' }
    const target = { id: server.channels.c, objectType: 'channel' }
    await done(cat, 'ban', { verb: 'ban', target, object })
    await done(sue, 'ban', { verb: 'ban', target: { objectType: 'global' }, object })
    await call('DELETE', '/ban', { user_id: '2', channel_id: server.channels.c as string })
    await call('DELETE', '/ban', { user_id: '2', global: true })
    await receiver.next('unban', activity => activity.target.objectType === 'global')
    await receiver.next('disconnect', ({ actor }) => actor.id === '2')
    const told = receiver.deliveries.filter(({ verb }) => verb === 'ban' || verb === 'unban')
    expect(told.map(({ verb, activity }) => [verb, activity.actor.id, activity.object.id, activity.target])).toEqual([
      ['ban', '3', '2', { ...target, displayName: base64('channel') }],
      ['ban', '9', '2', { id: '', objectType: 'global', displayName: '' }],
      ['unban', '0', '2', { ...target, displayName: base64('channel') }],
      ['unban', '0', '2', { id: '', objectType: 'global', displayName: '' }],
    ])
  })

  test('gets what a report discloses, marked as what it is, once', async () => {
    const room = server.rooms.other as string
    const ann = await inside(server, '1', 'other')
    const cat = await inside(server, '3', 'other')
    const id = await say(ann, room, SAID)
    const object = { id, content: base64('she said something else'), summary: base64('rude') }
    await done(cat, 'report', { verb: 'report', target: { id: '1' }, object })
    const { activity } = await receiver.next('report')
    expect(activity).toMatchObject({
      actor: { id: '3', displayName: base64('cat') },
      object: { ...object, objectType: 'unproven' },
      target: { id: '1' },
      generator: { id: room },
    })
  })

  test('is shown in the metrics, and neither its secret nor its address stands in the log', async () => {
    await login(server, '1')
    await receiver.next('login')
    const metrics = await (await fetch(`${server.url}/metrics`)).text()
    expect(metrics).toMatch(/^conclave_outgoing_tries_total\{destination="site",result="taken"\} [1-9]\d*$/m)
    expect(metrics).toMatch(/^conclave_outgoing_lost 0$/m)
    const { out } = await server.command('config')
    for (const printed of [server.output(), metrics, out]) {
      expect(printed).not.toContain(SECRET.slice('whsec_'.length))
      expect(printed).not.toContain('in-the-query')
      expect(printed).not.toContain(SAID)
    }
  })
})

async function shownInMetrics(server: TestServer, line: string): Promise<void> {
  for (let look = 0; look < 500; look++) {
    if ((await (await fetch(`${server.url}/metrics`)).text()).split('\n').includes(line)) return
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  throw new Error(`the metrics never had ${line}`)
}

// A server is started several times, and the command line each time anew.
describe('a site that fails', { timeout: 180_000 }, () => {
  let receiver: Receiver
  let server: TestServer
  beforeEach(async () => {
    receiver = await Receiver.open()
  })
  afterEach(async () => {
    await server.remove()
    await receiver.close()
    expect(receiver.faults).toEqual([])
  })

  test('gets an event again under its id, and what comes after it only then', async () => {
    server = await start({ site: receiver })
    await receiver.next('restart')
    const ann = await inside(server, '1')
    await receiver.next('join')
    let failures = 2
    receiver.answer = ({ verb }) => (verb === 'send' && failures-- > 0 ? 500 : 204)
    const ids = [await say(ann, server.rooms.plain, SAID), await say(ann, server.rooms.plain, SAID)]
    await receiver.next('send', ({ id }) => id === ids[1])
    const told = receiver.deliveries.filter(({ verb }) => verb === 'send')
    expect(told.map(({ id }) => id)).toEqual([ids[0], ids[0], ids[0], ids[1]])
    expect(new Set(told.slice(0, 3).map(({ body }) => body)).size).toBe(1)
  })

  test('is told of everything that was acked, also when the server is killed meanwhile', async () => {
    server = await start({ site: receiver })
    await receiver.next('restart')
    await receiver.close()
    const room = server.rooms.plain as string
    const acked: string[] = []
    const ann = await inside(server, '1')
    const storm = (): void => {
      const target = { id: room, objectType: 'room' }
      const body = { verb: 'send', target, object: { content: base64(`${SAID} ${acked.length}`) } }
      ann.socket.emit('message', body, (answer: { status_code: number; data: { id: string } }) => {
        if (answer.status_code !== 200) return
        acked.push(answer.data.id)
        storm()
      })
    }
    for (let n = 0; n < 8; n++) storm()
    while (acked.length < 300) await new Promise(resolve => setTimeout(resolve, 5))
    await server.kill()
    const { data } = server
    await receiver.listen()
    // Half of what it is told at first it does not answer in time, for it is killed again.
    receiver.answer = (_delivery, n) => (n % 2 === 0 ? 'silence' : 200)
    server = await start({ site: receiver }, {}, { data })
    await receiver.until(deliveries => deliveries.length > 20 || receiver.hanging > 0)
    await server.kill()
    receiver.answer = () => 200
    server = await start({ site: receiver }, {}, { data })
    const wanted = new Set(acked)
    await receiver.until(deliveries => {
      for (const { id } of deliveries.slice(-500)) wanted.delete(id)
      return wanted.size === 0
    })
    const first = [...new Set(receiver.deliveries.filter(({ verb }) => verb === 'send').map(({ id }) => id))]
    expect(acked.filter(id => !first.includes(id))).toEqual([])
    expect(first).toEqual([...first].sort())
    expect(receiver.verbs().filter(verb => verb === 'restart').length).toBeGreaterThanOrEqual(3)
  })

  test('keeps nobody from talking while it takes calls and does not answer', async () => {
    receiver.answer = () => 'silence'
    server = await start({ site: receiver }, { timeout: 60 })
    const ann = await inside(server, '1')
    const cat = await inside(server, '3', 'other')
    for (let n = 0; n < 200; n++) {
      await say(ann, server.rooms.plain, `${SAID} ${n}`)
      await say(cat, server.rooms.other, `${SAID} ${n}`)
    }
    expect(receiver.hanging).toBeGreaterThan(0)
    expect(receiver.deliveries.length).toBe(receiver.hanging)
    // And a stop does not wait for it.
    expect(await server.stop()).toBe(0)
  })

  test('keeps no other from hearing', async () => {
    const dead = await Receiver.open()
    dead.answer = () => 503
    server = await start({ dead, site: receiver })
    const ann = await inside(server, '1')
    const ids: string[] = []
    for (let n = 0; n < 50; n++) ids.push(await say(ann, server.rooms.plain, SAID))
    await receiver.next('send', ({ id }) => id === ids.at(-1))
    expect(receiver.deliveries.filter(({ verb }) => verb === 'send').map(({ id }) => id)).toEqual(ids)
    await dead.close()
  })

  test('may leave out verbs, and then they are not kept for it', async () => {
    const some = await Receiver.open()
    const webhooks = [
      { name: 'all', url: receiver.url, secrets: [SECRET] },
      { name: 'some', url: some.url, secrets: [SECRET], verbs: ['login', 'ended'] },
    ]
    server = await start({}, { webhooks })
    const ann = await inside(server, '1')
    const id = await say(ann, server.rooms.plain, SAID)
    ann.close()
    await receiver.next('send', activity => activity.id === id)
    await receiver.next('disconnect')
    await some.next('ended')
    expect(some.verbs()).toEqual(['login', 'ended'])
    expect(some.faults).toEqual([])
    await some.close()
  })

  test('leaves dead letters, which the operator sees, sends again and drops, with and without a server', async () => {
    server = await start({ site: receiver }, { hours: 0 })
    await receiver.next('restart')
    receiver.answer = ({ verb }) => (verb === 'send' ? 422 : 200)
    const ann = await inside(server, '1')
    const ids = [await say(ann, server.rooms.plain, SAID), await say(ann, server.rooms.plain, SAID)]
    await receiver.next('send', ({ id }) => id === ids[1])
    const dead = async (): Promise<Record<string, unknown>[]> =>
      JSON.parse((await server.command('outlet', 'dead')).out)
    await shownInMetrics(server, 'conclave_outgoing{destination="site",state="dead"} 2')
    const letters = await dead()
    const known = { destination: 'site', verb: 'send', room: server.rooms.plain, attempts: 1, error: 'answered 422' }
    expect(letters).toMatchObject(ids.map(event => ({ ...known, event })))

    const before = receiver.deliveries.length
    receiver.answer = () => 200
    const [first, second] = letters.map(({ id }) => String(id)) as [string, string]
    expect(JSON.parse((await server.command('outlet', 'retry', first)).out)).toEqual({ retried: 1 })
    await receiver.until(deliveries => deliveries.slice(before).some(({ id }) => id === ids[0]))
    expect(await dead()).toMatchObject([{ id: second }])

    for (const args of [
      ['retry', first],
      ['drop', 'everything'],
    ]) {
      const refused = await server.command('outlet', ...args)
      expect([refused.code, refused.err.trim().split('\n').length]).toEqual([1, 1])
    }
    await server.stop()
    expect(await dead()).toMatchObject([{ id: second, event: ids[1] }])
    expect(JSON.parse((await server.command('outlet', 'drop', 'all')).out)).toEqual({ dropped: 1 })
    expect(await dead()).toEqual([])
  })
})

test('a webhook that cannot be right stops the start with one sentence, without the secret', async () => {
  const webhooks = [{ url: 'http://127.0.0.1:1/', secrets: [`${SECRET}!`] }]
  const { code, err } = await conclave(['start'], { CONCLAVE_OUTLET_WEBHOOKS: JSON.stringify(webhooks) })
  expect([code, err.trim().split('\n').length]).toEqual([1, 1])
  expect(err).toContain('"outlet.webhooks.0.secrets.0"')
  expect(err).not.toContain(SECRET)
})
