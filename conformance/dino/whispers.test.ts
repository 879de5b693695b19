// Whispers: the event `whisper`, and names behind a dash in a text, which no other user sees on any wire; and who decides
// whether somebody may whisper.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { Ddp } from '../rocketchat/ddp.ts'
import { startServer, type TestServer, type World } from '../server.ts'
import { base64, DinoClient, type Generation, plain, until } from './client.ts'

const FOREIGN = 'c42ebf01-3d50-4f27-a345-4ed213be045d'
const NAMES: Readonly<Record<string, string>> = {
  1: 'anna',
  2: 'ben',
  3: 'carl',
  4: 'dora',
  5: 'root',
  6: 'muted',
  7: 'robin',
  8: 'batman',
}
const MORE: Readonly<Record<string, object>> = { 4: { excluded: ['1'] }, 5: { roles: ['superuser'] } }
const mute = (user: string) => ({
  kind: 'mute',
  user,
  scope: 'room',
  target: 'open',
  until: '2099-01-01T00:00:00Z',
})
const WORLD: World = {
  users: Object.entries(NAMES).map(([id, username]) => ({ id, username, tokens: [`tok${id}`], ...MORE[id] })),
  channels: [
    { ref: 'c', name: 'channel' },
    { ref: 'loud', name: 'loud', acls: [{ action: 'whisper', type: 'disallow', value: '' }] },
  ],
  rooms: [
    { ref: 'open', channel: 'c', name: 'open', kind: 'public', owners: ['5'], members: ['1', '2', '3'] },
    { ref: 'own', channel: 'c', name: 'own', kind: 'private', owners: ['1', '2', '3'] },
    { ref: 'loud', channel: 'loud', name: 'loud room' },
    { ref: 'kept', channel: 'c', name: 'kept', owners: ['5'], moderators: ['2'] },
  ],
  blacklist: ['badword'],
  sanctions: [mute('6')],
}

/** What the site waits for before it answers. */
let held: Promise<void> | null = null
/** The site that says who may whisper to whom: by what is blocked at the moment. */
let site: Server
let asked: string[] = []
let answers: Readonly<Record<string, object>> = {}
let server: TestServer
let asking: TestServer
const clients: DinoClient[] = []
const sockets: Ddp[] = []

beforeAll(async () => {
  site = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', text => {
      body += text
    })
    request.on('end', () => {
      const { senderId, receiverName } = JSON.parse(body).params
      asked.push(`${senderId} ${receiverName}`)
      void Promise.resolve(held).then(() => {
        const result = answers[receiverName] ?? { success: 1 }
        response.end(JSON.stringify({ jsonrpc: '2.0', id: 1, result }))
      })
    })
  })
  await new Promise<void>(resolve => site.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(site.address() as AddressInfo).port}/`
  const dino = { validateWhispers: true, whisperCheck: { url, key: 'key' }, limitMessageLength: { max: 60 } }
  const checked = { ...dino, validateMutes: false }
  ;[server, asking] = await Promise.all([
    startServer({ world: WORLD }),
    startServer({ world: WORLD, config: { dino: checked } }),
  ])
})
afterEach(() => {
  for (const client of clients.splice(0)) client.close()
  for (const socket of sockets.splice(0)) socket.ws.close()
})
afterAll(async () => {
  await Promise.all([server.remove(), asking.remove()])
  site.closeAllConnections()
  site.close()
})

async function loggedIn(id: string, at = server, generation: Generation = 4): Promise<DinoClient> {
  const client = await DinoClient.open(at.url, { generation })
  clients.push(client)
  expect((await client.login(id, NAMES[id])).code).toBe(200)
  return client
}

async function inside(id: string, ref = 'open', at = server, generation: Generation = 4): Promise<DinoClient> {
  const client = await loggedIn(id, at, generation)
  expect((await client.request('join', { verb: 'join', target: { id: at.rooms[ref] } })).code).toBe(200)
  return client
}

const textOf = (text: string, ref = 'open', at = server, objectType = 'room') => ({
  verb: 'send',
  target: { id: at.rooms[ref], objectType },
  object: { content: base64(JSON.stringify({ text })) },
})
const say = (client: DinoClient, text: string, ref = 'open', at = server) =>
  client.request('message', textOf(text, ref, at))

/** What a content says: JSON with a text, or a text. */
function spoken(content: string): string {
  const text = plain(content)
  return text.startsWith('{') ? JSON.parse(text).text : text
}

const heard = (client: DinoClient): string[] => client.named('message').map(({ object }) => spoken(object.content))
const hears = (client: DinoClient, text: string) =>
  client.next('message', ({ object }) => spoken(object.content) === text)

async function history(client: DinoClient, ref = 'open', at = server): Promise<string[]> {
  const { data } = await client.request('history', { verb: 'list', target: { id: at.rooms[ref] } })
  return data.data.object.attachments.map(({ content }: { content: string }) => spoken(content))
}

describe('names behind a dash', () => {
  test.each([2, 4] as const)('are heard by the named and the sender alone (client %i)', async generation => {
    const [anna, ben, carl, root] = [
      await inside('1', 'open', server, generation),
      await inside('2', 'open', server, generation),
      await inside('3'),
      await inside('5'),
    ]
    const second = await inside('1')
    const text = `-ben secret ${generation}`
    const sent = await say(anna, text)
    expect(sent.code).toBe(200)
    expect(await ben.next('message')).toEqual(sent.data.data)
    expect(await anna.next('message')).toEqual(sent.data.data)
    expect(await second.next('message')).toEqual(sent.data.data)
    await say(carl, `all of you ${generation}`)
    // What comes after it has come to everybody: the whisper will not.
    for (const client of [carl, root]) {
      await client.next('message')
      await client.settle()
      expect(heard(client)).toEqual([`all of you ${generation}`])
      expect(await history(client)).not.toContain(text)
    }
    for (const client of [anna, ben]) expect(await history(client)).toContain(text)
    const joined = await carl.request('join', { verb: 'join', target: { id: server.rooms.open } })
    expect(JSON.stringify(joined.data)).not.toContain(sent.data.data.object.content)
    expect(JSON.stringify(joined.data)).toContain(base64(JSON.stringify({ text: `all of you ${generation}` })))
  })

  test('wait for whom is not there, and are never shown to all', async () => {
    const [anna, carl] = [await inside('1'), await inside('3')]
    const text = '-ben when you are back'
    await say(anna, text)
    await say(anna, 'end')
    await hears(carl, 'end')
    expect(heard(carl)).toEqual(['end'])
    expect(await history(await inside('2'))).toContain(text)
  })

  test('that nobody has make no whisper, and neither does any other content', async () => {
    const [anna, carl] = [await inside('1'), await inside('3')]
    const texts = ['it has -5 degrees', '- a point', '-nobody here']
    for (const text of texts) await say(anna, text)
    const content = base64('-ben this is no JSON')
    await anna.request('message', { ...textOf(''), object: { content } })
    await hears(carl, '-ben this is no JSON')
    expect(heard(carl)).toEqual([...texts, '-ben this is no JSON'])
  })

  test('in a talk everybody who belongs to it hears everything', async () => {
    const [anna, carl] = [await loggedIn('1'), await loggedIn('3')]
    expect((await anna.request('message', textOf('-ben is late', 'own', server, 'private'))).code).toBe(200)
    await hears(carl, '-ben is late')
    // Sent as to a room it is a whisper there too.
    await anna.request('message', textOf('-ben just for you', 'own'))
    await anna.request('message', textOf('for all', 'own'))
    await hears(carl, 'for all')
    expect(heard(carl)).not.toContain('-ben just for you')
    const private_ = { verb: 'send', target: { id: '3', objectType: 'private' } }
    await anna.request('message', { ...private_, object: { content: base64('{"text":"-ben is late"}') } })
    expect(await until(() => heard(carl).filter(text => text === '-ben is late').length === 2 || undefined)).toBe(true)
  })

  test('do not go round an access rule of the channel', async () => {
    const anna = await inside('1', 'loud')
    const answer = await say(anna, '-ben hi', 'loud')
    expect(answer).toMatchObject({ code: 720, data: { error: 'not allowed to whisper in channel' } })
    expect((await say(anna, 'hi', 'loud')).code).toBe(200)
    expect((await say(anna, '-nobody hi', 'loud')).code).toBe(200)
  })

  test('are not counted where there are too many of them', async () => {
    const anna = await inside('1')
    const names = Array.from({ length: 101 }, (_, at) => `-nobody${at}`).join(' ')
    expect((await say(anna, names)).code).toBe(705)
  })

  test('with a word that is not let through are heard by their sender alone', async () => {
    const [anna, ben] = [await inside('1'), await inside('2')]
    expect((await say(anna, '-ben BadWord')).code).toBe(200)
    await anna.next('message')
    await ben.settle()
    expect(ben.named('message')).toEqual([])
    expect(await history(ben)).not.toContain('-ben BadWord')
  })

  test('do not hide such a word in the way in which JSON writes letters', async () => {
    const [anna, ben] = [await inside('1'), await inside('2')]
    const target = { id: server.rooms.open, objectType: 'room' }
    for (const text of [String.raw`{"text":"a \u0062adword"}`, String.raw`{"text":"-ben b\u0061dword"}`])
      expect((await anna.request('message', { verb: 'send', target, object: { content: base64(text) } })).code).toBe(
        200,
      )
    await ben.settle()
    expect(heard(ben)).toEqual([])
  })
})

describe('over Rocket.Chat', () => {
  async function ddp(id: string): Promise<Ddp> {
    const client = await Ddp.connect(server.url)
    sockets.push(client)
    await client.call('login', { resume: `tok${id}` })
    return client
  }

  test('a whisper is shown to whom it is for and to its sender, live, in histories and in documents', async () => {
    const rid = server.rooms.open as string
    const [ben, carl] = [await ddp('2'), await ddp('3')]
    for (const [client, own] of [
      [ben, '2'],
      [carl, '3'],
    ] as const) {
      await client.sub('stream-room-messages', rid)
      await client.sub('stream-room-messages', '__my_messages__')
      await client.sub('stream-notify-user', `${own}/rooms-changed`)
      await client.sub('stream-notify-user', `${own}/subscriptions-changed`)
    }
    const anna = await inside('1')
    const secret = '-ben a secret over there'
    await say(anna, secret)
    const shows = (text: string) => (args: readonly { readonly msg?: string }[]) => args[0]?.msg === text
    await ben.event('room-messages', shows(secret))
    await say(anna, 'in the open')
    for (const client of [ben, carl]) await client.event('room-messages', shows('in the open'))
    // The room's document follows a moment later, with its last message.
    await carl.event('notify-user', (_, name) => name === '3/rooms-changed')
    const loaded = (client: Ddp) => client.call('loadHistory', rid, null, 50)
    expect(JSON.stringify(await loaded(ben))).toContain(secret)
    expect(JSON.stringify(await loaded(carl))).toContain('in the open')
    for (const method of ['rooms/get', 'subscriptions/get']) await carl.call(method)
    expect(carl.texts.join('\n')).not.toContain('a secret over there')
    const mine = ben.events('room-messages', '__my_messages__').map(([{ msg }]) => msg)
    expect(mine).toEqual([secret, 'in the open'])
  })

  test('a whisper is no last message of the room, also where it is the newest', async () => {
    const carl = await ddp('3')
    await carl.sub('stream-notify-user', '3/rooms-changed')
    const anna = await inside('1')
    await say(anna, 'spoken aloud')
    await say(anna, '-ben and then in silence')
    const [, document] = await carl.event('notify-user', ([, room]) => room?.lastMessage !== undefined)
    expect(document.lastMessage.msg).toBe('spoken aloud')
  })
})

describe('the event whisper', () => {
  const whisper = (client: DinoClient, to: string | undefined, more: object = {}, at = server) =>
    client.request('whisper', {
      verb: 'whisper',
      target: { id: to },
      actor: { url: at.rooms.open },
      object: { content: base64('psst') },
      ...more,
    })

  test('reaches every session of one user who is there, and nobody else', async () => {
    const [anna, ben, second, carl] = [
      await inside('1'),
      await inside('2'),
      await loggedIn('2', server, 2),
      await inside('3'),
    ]
    expect(await whisper(anna, '2')).toMatchObject({ code: 200, data: { status_code: 200, data: null } })
    const told = await ben.next('gn_whisper')
    expect(told).toEqual({
      actor: { id: '1', displayName: base64('anna') },
      verb: 'whisper',
      object: { content: base64('psst'), url: server.channels.c, displayName: base64('channel') },
      target: { id: server.rooms.open, displayName: base64('open') },
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      published: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      provider: { id: 'conclave' },
    })
    expect(await second.next('gn_whisper')).toEqual(told)
    await carl.settle()
    // The answer has the same name as the push.
    for (const client of [anna, carl]) expect(client.named('gn_whisper').filter(({ verb }) => verb)).toEqual([])
    expect(await history(ben)).not.toContain('psst')
  })

  const bad: [name: string, change: object, code: number, text: string | null][] = [
    ['no target', { target: undefined }, 502, 'no target.id (user uuid to whisper to)'],
    ['a blank target', { target: { id: '' } }, 502, null],
    ['no room', { actor: undefined }, 505, 'no actor.url (room uuid to whisper in)'],
    ['no object', { object: undefined }, 506, 'no object.content (message to whisper)'],
    ['no content', { object: {} }, 506, null],
    ['content that is no base64', { object: { content: 'a b!' } }, 701, 'object.content needs to be base64 encoded'],
    ['content that is too long', { object: { content: base64('x'.repeat(70_000)) } }, 714, null],
    ['an unknown room', { actor: { url: FOREIGN } }, 802, null],
    ['an unknown user', { target: { id: '98765' } }, 800, null],
    ['a name for a user', { target: { id: 'ben' } }, 800, null],
  ]
  test.each(bad)('%s', async (_, change, code, text) => {
    const anna = await inside('1')
    const answer = await whisper(anna, '2', change)
    expect(answer.code).toBe(code)
    if (text !== null) expect(answer.data.error).toBe(text)
  })

  test('needs the channel’s leave before everything else', async () => {
    const anna = await loggedIn('1')
    const answer = await whisper(anna, '2', {
      actor: { url: server.rooms.loud },
      target: { id: '2', objectType: 'channel' },
    })
    expect(answer).toMatchObject({
      code: 705,
      data: { error: 'acl "disallow" did not validate for target acl "": not allowed' },
    })
  })

  test('is for people in one room: neither from outside, nor to somebody outside', async () => {
    const [batman, robin, anna] = [await loggedIn('8'), await loggedIn('7'), await inside('1')]
    expect((await whisper(batman, '1')).code).toBe(702)
    expect((await whisper(anna, '8')).code).toBe(702)
    await batman.request('join', { verb: 'x', target: { id: server.rooms.open } })
    expect((await whisper(anna, '8')).code).toBe(200)
    await batman.next('gn_whisper', ({ verb }) => verb)
    // A private room is as unknown to strangers as one that is not there.
    expect((await whisper(robin, '1', { actor: { url: server.rooms.own } })).code).toBe(802)
  })

  test('does not reach who is banned from the room, whatever they were in it', async () => {
    const [anna, ben, root] = [await inside('1', 'kept'), await loggedIn('2'), await loggedIn('5')]
    const kept = { actor: { url: server.rooms.kept } }
    expect((await whisper(anna, '2', kept)).code).toBe(200)
    await ben.next('gn_whisper')
    const target = { id: server.rooms.kept, objectType: 'room' }
    expect((await root.request('ban', { verb: 'ban', target, object: { id: '2', summary: '5m' } })).code).toBe(200)
    expect((await whisper(anna, '2', kept)).code).toBe(702)
    await ben.settle()
    expect(ben.named('gn_whisper')).toHaveLength(1)
  })

  test('does not tell whether an invisible user is there, but to operators', async () => {
    const [anna, root, robin] = [await inside('1'), await inside('5'), await inside('7')]
    expect((await whisper(anna, '7')).code).toBe(200)
    expect((await robin.request('status', { verb: 'invisible' })).code).toBe(200)
    expect((await whisper(anna, '7')).code).toBe(702)
    expect((await whisper(root, '7')).code).toBe(200)
    await robin.request('status', { verb: 'online' })
    expect((await whisper(anna, '7')).code).toBe(200)
    expect(await until(() => robin.named('gn_whisper').length === 3 || undefined)).toBe(true)
  })

  test('does not reach who ignores the sender, nor with a word that is not let through; the sender sees no difference', async () => {
    const [anna, ben, dora] = [await inside('1'), await inside('2'), await inside('4')]
    expect((await whisper(anna, '4')).code).toBe(200)
    expect((await whisper(anna, '2', { object: { content: base64('a BADWORD') } })).code).toBe(200)
    expect((await whisper(ben, '4')).code).toBe(200)
    expect((await dora.next('gn_whisper')).actor.id).toBe('2')
    await ben.settle()
    expect(dora.named('gn_whisper')).toHaveLength(1)
    expect(ben.named('gn_whisper').filter(({ verb }) => verb)).toEqual([])
  })

  test('is silenced with its sender', async () => {
    const muted = await inside('6')
    const answer = await whisper(muted, '1')
    expect(answer).toMatchObject({ code: 703, data: { error: { verb: 'mute' }, data: { verb: 'mute' } } })
    expect((await say(muted, '-anna hi')).code).toBe(703)
    expect((await say(muted, 'hi')).code).toBe(703)
    // And is not where mutes do not count on this wire.
    const free = await inside('6', 'open', asking)
    await inside('1', 'open', asking)
    expect((await whisper(free, '1', {}, asking)).code).toBe(200)
    expect((await say(free, 'hi', 'open', asking)).code).toBe(200)
  })
})

describe('a site that is asked about whispers', () => {
  test('hears of each named user, and what it refuses is not sent', async () => {
    asked = []
    answers = { robin: { success: 0, error: 50_001 }, batman: { success: 0, error: 50_002 } }
    const [anna, ben] = [await inside('1', 'open', asking), await inside('2', 'open', asking)]
    expect((await say(anna, '-ben -nobody --ben hi', 'open', asking)).code).toBe(200)
    expect(asked).toEqual(['1 ben'])
    expect(await say(anna, '-ben -robin hi', 'open', asking)).toMatchObject({
      code: 721,
      data: { error: 'not allowed to whisper this user' },
    })
    expect((await say(anna, '-batman hi', 'open', asking)).code).toBe(722)
    expect((await say(anna, 'hi batman', 'open', asking)).code).toBe(200)
    // Answers are kept.
    expect([...asked].sort()).toEqual(['1 batman', '1 ben', '1 robin'])
    await hears(ben, 'hi batman')
    expect(heard(ben)).toEqual(['-ben -nobody --ben hi', 'hi batman'])
  })

  test('is asked before the text is judged, and not at all for who may not send', async () => {
    answers = { robin: { success: 0, error: 50_000, error_msg: 'whisper self' }, batman: { success: 0, error: 50_000 } }
    const carl = await inside('3', 'open', asking)
    const long = 'x'.repeat(60)
    expect((await say(carl, `-robin ${long}`, 'open', asking)).code).toBe(723)
    expect((await say(carl, `-batman ${long}`, 'open', asking)).code).toBe(724)
    expect((await say(carl, `-dora ${long}`, 'open', asking)).code).toBe(714)
    asked = []
    const stranger = await loggedIn('7', asking)
    expect((await say(stranger, `-batman ${long}`, 'open', asking)).code).toBe(702)
    expect(
      (await stranger.request('message', { ...textOf('', 'open', asking), object: { content: base64(' ') } })).code,
    ).toBe(702)
    const loud = await inside('3', 'loud', asking)
    expect((await say(loud, '-batman hi', 'loud', asking)).code).toBe(720)
    expect(asked).toEqual([])
  })

  test('is asked about the event whisper too', async () => {
    asked = []
    answers = { robin: { success: 0, error: 50_001 } }
    const [carl, robin, ben] = [
      await inside('3', 'open', asking),
      await inside('7', 'open', asking),
      await inside('2', 'open', asking),
    ]
    const whisper = (to: string) => ({
      verb: 'whisper',
      target: { id: to },
      actor: { url: asking.rooms.open },
      object: { content: base64('psst') },
    })
    expect((await ben.request('whisper', whisper('7'))).code).toBe(721)
    expect((await carl.request('whisper', whisper('2'))).code).toBe(200)
    await ben.next('gn_whisper', ({ verb }) => verb)
    await robin.settle()
    expect(robin.named('gn_whisper')).toEqual([])
    expect(asked.sort()).toEqual(['2 robin', '3 ben'])
  })

  test('may take its time: who is put out meanwhile says nothing more', async () => {
    asked = []
    answers = {}
    const [batman, anna, root] = [
      await inside('8', 'open', asking),
      await inside('1', 'open', asking),
      await loggedIn('5', asking),
    ]
    let answer = (): void => {}
    held = new Promise(resolve => {
      answer = resolve
    })
    const said = say(batman, '-anna hi', 'open', asking)
    expect(await until(() => asked.length > 0)).toBe(true)
    const kick = { verb: 'kick', target: { id: asking.rooms.open }, object: { id: '8' } }
    expect((await root.request('kick', kick)).code).toBe(200)
    answer()
    held = null
    expect((await said).code).toBe(702)
    await anna.settle()
    expect(heard(anna)).toEqual([])
  })

  test('that fails is an error of its own, and nothing is sent', async () => {
    answers = {}
    const [dora, anna] = [await inside('4', 'open', asking), await inside('1', 'open', asking)]
    expect((await say(dora, '-carl hi', 'open', asking)).code).toBe(200)
    const listening = (site.address() as AddressInfo).port
    site.closeAllConnections()
    await new Promise(resolve => site.close(resolve))
    expect((await say(dora, '-anna hi', 'open', asking)).code).toBe(725)
    // What it said before still counts.
    expect((await say(dora, '-carl hi', 'open', asking)).code).toBe(200)
    await new Promise<void>(resolve => site.listen(listening, '127.0.0.1', resolve))
    expect((await say(dora, '-anna hi', 'open', asking)).code).toBe(200)
    await anna.next('message')
    expect(heard(anna)).toEqual(['-anna hi'])
    expect(asking.output()).toMatch(/gives no answer/)
    expect(asking.output()).not.toMatch(/-anna hi|"key"/)
  })
})
