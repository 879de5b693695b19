// Bans from a room, a channel and the whole server, imposed over Dino, over HTTP and by the operator, against the real
// server with real clients of all three wires: in force everywhere at once, and nothing comes back by itself (design 6).
import { writeFile } from 'node:fs/promises'
import { decodeDetailBytes, decodeMessageEvent } from '@conclave/wire'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { base64, DinoClient, loginOf, type Reply, until } from './dino/client.ts'
import { Ddp, rest } from './rocketchat/ddp.ts'
import { startServer, type TestServer } from './server.ts'
import * as hand from './xchat/hand.ts'
import { type Answered, ask } from './xchat/http.ts'

const SU = '1'
const OWNER = '2'
const ANN = '3'
const BEN = '4'
const CAT = '5'
/** Who race against their bans. */
const CROWD = Array.from({ length: 12 }, (_, n) => String(100 + n))

const tokenOf = (user: string): string => `token-of-${user}`
const world = {
  users: [SU, OWNER, ANN, BEN, CAT, ...CROWD].map(id => ({
    id,
    username: `user${id}`,
    tokens: [tokenOf(id)],
    ...(id === SU ? { roles: ['superuser'] } : {}),
  })),
  channels: [
    { ref: 'c', name: 'channel', owners: [OWNER] },
    { ref: 'd', name: 'other channel' },
  ],
  rooms: [
    { ref: 'open', channel: 'c', name: 'open', kind: 'public', members: [ANN, BEN] },
    { ref: 'hall', channel: 'c', name: 'hall', kind: 'public' },
    { ref: 'own', channel: 'c', name: 'own', kind: 'private', owners: [BEN], members: [ANN, BEN] },
    { ref: 'far', channel: 'd', name: 'far', kind: 'public' },
  ],
}

let server: TestServer
const opened: { close(): void }[] = []
beforeAll(async () => {
  server = await startServer({ world })
})
afterEach(() => {
  for (const client of opened.splice(0)) client.close()
})
afterAll(() => server?.remove())

async function dino(user: string): Promise<DinoClient> {
  const client = await DinoClient.open(server.url)
  opened.push(client)
  expect((await client.login(user, `user${user}`, tokenOf(user))).code).toBe(200)
  return client
}

async function rocketchat(user: string): Promise<Ddp> {
  const client = await Ddp.connect(server.url)
  opened.push(client)
  await client.call('login', { resume: tokenOf(user) })
  return client
}

const x = (user: string, method: string, path: string, body?: unknown): Promise<Answered> =>
  ask(server.url, tokenOf(user), method, path, { body })

const roomId = (ref: string): string => server.rooms[ref] as string
const inRoom = (ref: string) => ({ verb: 'x', target: { id: roomId(ref) } })
const join = (client: DinoClient, ref: string): Promise<Reply> => client.request('join', inRoom(ref))
const say = (client: DinoClient, ref: string, text: string): Promise<Reply> =>
  client.request('message', {
    verb: 'send',
    target: { id: roomId(ref), objectType: ref === 'own' ? 'private' : 'room' },
    object: { content: base64(text) },
  })

type Where = { objectType: 'room' | 'channel' | 'global'; id?: string }
const inChannel = (ref = 'c'): Where => ({ objectType: 'channel', id: server.channels[ref] as string })
const EVERYWHERE: Where = { objectType: 'global' }

const ban = (by: DinoClient, user: string, target: Where, summary = '1h'): Promise<Reply> =>
  by.request('ban', { verb: 'ban', target, object: { id: user, summary, content: base64('spam') } })

/** Over the HTTP API, as the embedding site does it. */
async function lift(user: string, where: object): Promise<void> {
  const answer = await ask(server.url, tokenOf(SU), 'DELETE', '/dino/ban', { body: { user_id: user, ...where } })
  expect(answer.body).toMatchObject({ status_code: 200, data: { status: 'OK' } })
}

/** What the operator sees. */
async function sanctions(): Promise<readonly string[]> {
  const { out } = await server.command('sanction', 'list')
  const list = JSON.parse(out) as { scope: string; kind: string; user: string }[]
  return list.map(({ scope, kind, user }) => `${scope} ${kind} ${user}`).sort()
}

describe('a ban from a channel, while its user is inside with Dino and reads with Rocket.Chat', () => {
  test('ends everything that they hear of it at once; others go on; lifted, nothing comes back by itself', async () => {
    const [owner, ann, ben] = [await dino(OWNER), await dino(ANN), await dino(BEN)]
    for (const ref of ['open', 'hall', 'far']) expect((await join(ann, ref)).code).toBe(200)
    for (const ref of ['open', 'hall', 'far']) await join(ben, ref)
    const [reader, other] = [await rocketchat(ANN), await rocketchat(BEN)]
    for (const client of [reader, other]) {
      for (const [stream, event] of [
        ['stream-room-messages', roomId('hall')],
        ['stream-room-messages', '__my_messages__'],
        ['stream-notify-room', `${roomId('hall')}/user-activity`],
        ['stream-notify-room', `${roomId('open')}/user-activity`],
        ['stream-notify-user', `${client === reader ? ANN : BEN}/subscriptions-changed`],
        ['stream-notify-user', `${client === reader ? ANN : BEN}/rooms-changed`],
      ] as const)
        expect((await client.sub(stream, event)).msg).toBe('ready')
    }
    // A second reader, who listens to what happens in a room without being a member or inside.
    const listener = await rocketchat(ANN)
    await listener.sub('stream-notify-room', `${roomId('hall')}/user-activity`)

    /** Something of every kind, and it has reached whoever is to get it. */
    const happens = async (text: string): Promise<void> => {
      const from = other.frames.length
      for (const ref of ['open', 'hall', 'own', 'far'])
        expect((await say(ben, ref, `${text} in ${ref}`)).code).toBe(200)
      for (const ref of ['hall', 'open'])
        await other.call('stream-notify-room', `${roomId(ref)}/user-activity`, `user${BEN}`, [text])
      await other.event('room-messages', ([one]) => one.msg === `${text} in hall`, from)
      await other.event('room-messages', ([one]) => one.msg === `${text} in own`, from)
      await other.event('notify-user', ([, doc]) => doc.lastMessage?.msg === `${text} in own`, from)
      await other.event('notify-user', ([, doc]) => doc.lastMessage?.msg === `${text} in open`, from)
      await ann.settle()
      for (const client of [reader, listener]) await client.ask('subscriptions/get')
    }
    const heard = (client: Ddp, from: number): string[] =>
      client.frames
        .slice(from)
        .filter(({ msg, collection }) => msg === 'changed' && collection !== 'stream-notify-user')
        .map(({ collection, fields }) => `${collection} ${fields.eventName}`)
    const read = (from: number): string[] =>
      ann.pushes
        .slice(from)
        .filter(({ event }) => event === 'message')
        .map(({ data }) => Buffer.from(data.object.content, 'base64').toString())

    await happens('before')
    expect(read(0)).toEqual(['open', 'hall', 'own', 'far'].map(ref => `before in ${ref}`))
    expect(heard(reader, 0)).toEqual(
      expect.arrayContaining([
        `stream-room-messages ${roomId('hall')}`,
        'stream-room-messages __my_messages__',
        `stream-notify-room ${roomId('open')}/user-activity`,
      ]),
    )
    expect(heard(listener, 0)).toContain(`stream-notify-room ${roomId('hall')}/user-activity`)

    expect((await ban(owner, ANN, inChannel())).code).toBe(200)
    const told = await ann.next('gn_banned')
    expect(told.object).toMatchObject({ id: ANN, summary: '1h', content: base64('spam') })
    expect(told.target).toMatchObject({ objectType: 'channel', id: server.channels.c })
    await reader.event('notify-user', ([change, doc]) => change === 'removed' && doc.rid === roomId('own'))
    await ann.settle()
    for (const client of [reader, listener]) await client.ask('subscriptions/get')
    const [dinoMark, readerMark, listenerMark] = [ann.pushes.length, reader.frames.length, listener.frames.length]

    await happens('after')
    expect(read(dinoMark)).toEqual(['after in far'])
    // A room of another channel is still theirs to look into.
    expect([heard(reader, readerMark), heard(listener, listenerMark)]).toEqual([
      ['stream-room-messages __my_messages__'],
      [],
    ])
    for (const [client, from] of [
      [reader, readerMark],
      [listener, listenerMark],
    ] as const)
      expect(client.texts.slice(from).filter(text => /after in (?!far)/.test(text))).toEqual([])

    for (const ref of ['open', 'hall', 'own']) {
      expect((await join(ann, ref)).code).not.toBe(200)
      expect((await say(ann, ref, 'still here')).code).not.toBe(200)
      expect(
        (await ann.request('history', { ...inRoom(ref), target: { id: roomId(ref), objectType: 'room' } })).code,
      ).not.toBe(200)
      expect((await reader.sub('stream-room-messages', roomId(ref))).error?.error).toBe('not-allowed')
      expect((await reader.sub('stream-notify-room', `${roomId(ref)}/user-activity`)).error?.error).toBe('not-allowed')
      for (const [method, ...params] of [
        ['sendMessage', { rid: roomId(ref), msg: 'still here' }],
        ['loadHistory', roomId(ref), null, 10, null],
        ['joinRoom', roomId(ref)],
      ] as const) {
        const { error, result } = await reader.ask(method, ...params)
        expect([method, error !== undefined || result === false]).toEqual([method, true])
      }
    }
    expect((await join(ann, 'open')).data.error).toMatchObject({ verb: 'ban', target: { objectType: 'channel' } })
    const joined = await rest(server.url, { id: ANN, token: tokenOf(ANN) }, 'POST', 'v1/channels.join', {
      roomId: roomId('open'),
    })
    expect(joined.body.success).toBe(false)
    expect((await join(ann, 'far')).code).toBe(200)

    const cat = await dino(CAT)
    expect((await join(cat, 'open')).code).toBe(200)
    expect((await say(ben, 'open', 'welcome')).code).toBe(200)
    await cat.next('message', data => data.object.content === base64('welcome'))

    const from = reader.frames.length
    await lift(ANN, { channel_id: server.channels.c })
    await happens('lifted')
    // What is public they may look into again, as everybody may; of their membership nothing is back.
    expect(heard(reader, from)).toEqual(Array(3).fill('stream-room-messages __my_messages__'))
    expect(reader.texts.slice(from).filter(text => text.includes('lifted in own'))).toEqual([])
    expect(read(dinoMark)).toEqual(['after in far', 'lifted in far'])
    expect((await join(ann, 'open')).code).toBe(200)
    expect((await reader.sub('stream-room-messages', roomId('hall'))).msg).toBe('ready')
    expect((await join(ann, 'own')).code).not.toBe(200)
    expect((await reader.sub('stream-room-messages', roomId('own'))).error?.error).toBe('not-allowed')
  })
})

describe('a ban from the whole server', () => {
  test('ends every session on every wire after it was told, and no token is good while it lasts', async () => {
    const [su, first, second, ben] = [await dino(SU), await dino(CAT), await dino(CAT), await dino(BEN)]
    await join(first, 'far')
    await join(ben, 'far')
    const reader = await rocketchat(CAT)
    await reader.sub('stream-room-messages', roomId('far'))
    expect((await x(CAT, 'GET', '/2/chat/conversations')).status).toBe(200)

    expect((await ban(su, CAT, EVERYWHERE, '2h')).code).toBe(200)
    for (const client of [first, second]) {
      const told = await client.next('gn_banned')
      expect(told.object).toMatchObject({ id: CAT, summary: '2h' })
      expect(await until(() => client.disconnected || undefined)).toBe(true)
    }
    await reader.untilClosed()
    const refused = await x(CAT, 'GET', '/2/chat/conversations')
    expect([refused.status, refused.body.detail]).toEqual([403, expect.stringContaining('banned')])
    expect((await rest(server.url, { id: CAT, token: tokenOf(CAT) }, 'GET', 'v1/me')).status).toBe(401)

    const again = await DinoClient.open(server.url)
    opened.push(again)
    expect((await again.login(CAT, `user${CAT}`, tokenOf(CAT))).code).toBe(703)
    const ddp = await Ddp.connect(server.url)
    opened.push(ddp)
    expect((await ddp.ask('login', { resume: tokenOf(CAT) })).error).toBeDefined()

    expect((await say(ben, 'far', 'without her')).code).toBe(200)
    const users = (await ben.request('users_in_room', inRoom('far'))).data.data.object.attachments
    expect(users.map(({ id }: { id: string }) => id)).toEqual([BEN])

    await lift(CAT, { global: true })
    const back = await dino(CAT)
    expect((await join(back, 'far')).code).toBe(200)
    await rocketchat(CAT)
    expect((await x(CAT, 'GET', '/2/chat/conversations')).status).toBe(200)
  })
})

describe('a member of X groups who is banned', () => {
  /** How often the group's log says that this user was removed. */
  async function removals(group: hand.Group, user: string, reader: string): Promise<number> {
    const { body } = await x(reader, 'GET', `/2/chat/conversations/${group.id}/events?max_results=50`)
    const changes = (body.data as { encoded_event: string }[]).map(({ encoded_event }) => {
      const event = decodeMessageEvent(encoded_event)
      if (!event.ok) throw new Error(event.error)
      const detail = decodeDetailBytes(event.value.detail)
      return detail.ok && 'change' in detail.value ? detail.value.change : undefined
    })
    return changes.filter(change => change?.kind === 'memberRemove' && change.ids.includes(user)).length
  }

  const conversation = (group: hand.Group, user: string) => x(user, 'GET', `/2/chat/conversations/${group.id}`)

  /** The channel that holds what is made over X, as a member of such a group sees it. */
  async function roomsChannel(): Promise<Where> {
    const { data } = await (await dino(BEN)).request('list_channels', { verb: 'list' })
    const all = data.data.object.attachments as { id: string; displayName: string }[]
    const id = all.find(({ displayName }) => displayName === base64('Rooms'))?.id
    if (id === undefined) throw new Error('no channel for rooms')
    return { objectType: 'channel', id }
  }

  test.each([
    ['from the server', async (): Promise<Where> => EVERYWHERE, (): object => ({ global: true })],
    ['from the channel in which they lie', roomsChannel, (where: Where): object => ({ channel_id: where.id })],
  ])('%s closes each of them once, for all wires, until somebody who remains rotates', async (_, whereOf, undo) => {
    const su = await dino(SU)
    const [a, b, c] = [
      await hand.enroll(server.url, ANN),
      await hand.enroll(server.url, BEN),
      await hand.enroll(server.url, CAT),
    ]
    const groups = [await hand.makeGroup(server.url, a, [a, b, c]), await hand.makeGroup(server.url, c, [a, b, c])]
    const untouched = await hand.makeGroup(server.url, a, [a, b])
    const where = await whereOf()
    // From two sides at once: the superuser and the operator.
    const file = `${server.data}/ban.json`
    await writeFile(file, JSON.stringify({ sanctions: [{ kind: 'ban', user: CAT, scope: 'global', reason: 'x' }] }))
    const [answer, again] = await Promise.all([
      ban(su, CAT, where),
      where.objectType === 'global' ? server.command('import', file) : ban(su, CAT, where, '3h'),
    ])
    expect(answer.code).toBe(200)
    expect('err' in again ? again.err : again.code).toBe('err' in again ? '' : 200)

    for (const group of groups) {
      expect((await conversation(group, BEN)).body.data).toMatchObject({
        rotation_required: true,
        member_ids: [ANN, BEN],
      })
      expect(await removals(group, CAT, ANN)).toBe(1)
      expect((await conversation(group, CAT)).status).toBeGreaterThanOrEqual(401)
      const send = (by: hand.Hand, version: string) =>
        x(by.id, 'POST', `/2/chat/conversations/${group.id}/messages`, hand.messageBody(by, group.id, version))
      const late = await send(b, group.version)
      expect([late.status, late.body.type]).toEqual([409, 'https://api.x.com/2/problems/conversation-closed'])
      expect((await send(c, group.version)).status).not.toBe(201)
      const keys = hand.keysBody(b, group.id, [a, b])
      expect((await x(BEN, 'POST', `/2/chat/conversations/${group.id}/keys`, keys)).status).toBe(200)
      expect((await send(a, keys.conversation_key_version)).status).toBe(201)
      expect((await conversation(group, ANN)).body.data.rotation_required).toBeUndefined()
    }
    expect((await conversation(untouched, ANN)).body.data.rotation_required).toBeUndefined()
    await expect(hand.makeGroup(server.url, c, [a, c])).rejects.toThrow()

    await lift(CAT, undo(where))
    expect(await sanctions()).toEqual([])
    for (const group of groups) expect((await conversation(group, CAT)).status).toBeGreaterThanOrEqual(401)
    await hand.makeGroup(server.url, c, [a, c])
  })
})

describe('many at once', () => {
  test('bans from a channel, over Dino, over HTTP and by the operator, are all there', async () => {
    const [owner, su] = [await dino(OWNER), await dino(SU)]
    const file = `${server.data}/bans.json`
    const [byOwner, bySu, byHttp, byOperator] = [0, 3, 6, 9].map(at => CROWD.slice(at, at + 3)) as [
      string[],
      string[],
      string[],
      string[],
    ]
    const named = byOperator.map(user => ({ kind: 'ban', user, scope: 'channel', target: 'd', reason: 'x' }))
    await writeFile(file, JSON.stringify({ sanctions: named }))
    const target = server.channels.d
    const posted = Object.fromEntries(byHttp.map(user => [user, { type: 'channel', target, duration: '1h' }]))
    const [over, http, operator] = await Promise.all([
      Promise.all([
        ...bySu.map(user => ban(su, user, inChannel('d'))),
        ...byOwner.map(user => ban(owner, user, inChannel('c'))),
      ]),
      ask(server.url, tokenOf(SU), 'POST', '/dino/ban', { body: posted }),
      server.command('import', file),
    ])
    expect(over.map(({ code }) => code)).toEqual(over.map(() => 200))
    expect(http.body).toMatchObject({ data: { status: 'OK' } })
    expect(operator.err).toBe('')
    expect(await sanctions()).toEqual(CROWD.map(user => `channel ban ${user}`).sort())
    const banned = await dino(byOperator[0] as string)
    expect((await join(banned, 'far')).code).toBe(703)
    for (const user of CROWD) await lift(user, { channel_id: server.channels[byOwner.includes(user) ? 'c' : 'd'] })
    expect(await sanctions()).toEqual([])
  })

  test('joins and bans in any order leave nobody inside, and nobody listening', async () => {
    const [su, ben] = [await dino(SU), await dino(BEN)]
    await join(ben, 'hall')
    const clients = await Promise.all(CROWD.map(dino))
    const readers = await Promise.all(CROWD.map(rocketchat))
    await Promise.all(
      CROWD.flatMap((user, n) => {
        const [client, reader] = [clients[n] as DinoClient, readers[n] as Ddp]
        const entering = (): Promise<unknown>[] => [
          join(client, 'hall'),
          reader.sub('stream-room-messages', roomId('hall')),
          reader.sub('stream-notify-room', `${roomId('hall')}/user-activity`),
        ]
        const banning = (): Promise<unknown> => ban(su, user, inChannel())
        return n % 2 ? [...entering(), banning()] : [banning(), ...entering()]
      }),
    )
    const marks = clients.map(client => client.pushes.length)
    const frames = readers.map(reader => reader.frames.length)
    const users = (await ben.request('users_in_room', inRoom('hall'))).data.data.object.attachments
    expect(users.map(({ id }: { id: string }) => id)).toEqual([BEN])
    await say(ben, 'hall', 'who is here?')
    const other = await rocketchat(BEN)
    await other.call('stream-notify-room', `${roomId('hall')}/user-activity`, `user${BEN}`, ['typing'])
    for (const client of clients) await client.settle()
    for (const reader of readers) await reader.ask('subscriptions/get')
    for (const [n, client] of clients.entries())
      expect(client.pushes.slice(marks[n]).filter(({ event }) => event === 'message')).toEqual([])
    for (const [n, reader] of readers.entries())
      expect(reader.frames.slice(frames[n]).filter(({ msg }) => msg === 'changed')).toEqual([])
    for (const user of CROWD) await lift(user, { channel_id: server.channels.c })
  })

  test('log-ins and bans from the server in any order leave no session', async () => {
    const [su, ben] = [await dino(SU), await dino(BEN)]
    await join(ben, 'far')
    const clients = await Promise.all(CROWD.map(() => DinoClient.open(server.url)))
    const readers = await Promise.all(CROWD.map(() => Ddp.connect(server.url)))
    opened.push(...clients, ...readers)
    const done = CROWD.map(async (user, n) => {
      const [client, reader] = [clients[n] as DinoClient, readers[n] as Ddp]
      const enters = (): void => {
        client.socket.emit('login', loginOf(user, `user${user}`, tokenOf(user)))
        client.socket.emit('join', inRoom('far'))
        reader.send({ msg: 'method', id: 'login', method: 'login', params: [{ resume: tokenOf(user) }] })
        reader.send({ msg: 'sub', id: 'far', name: 'stream-room-messages', params: [roomId('far'), false] })
      }
      // Before, at the same time, and when one log-in of the two is done.
      if (n % 3 > 0) enters()
      if (n % 3 === 2) await client.next('gn_login')
      const banned = ban(su, user, EVERYWHERE)
      if (n % 3 === 0) enters()
      expect((await banned).code).toBe(200)
    })
    await Promise.all(done)
    for (const client of clients) expect(await until(() => client.disconnected || undefined)).toBe(true)
    const users = (await ben.request('users_in_room', inRoom('far'))).data.data.object.attachments
    expect(users.map(({ id }: { id: string }) => id)).toEqual([BEN])
    await say(ben, 'far', 'alone at last')
    await ben.next('message', data => data.object.content === base64('alone at last'))
    // Whose log-in was refused is still connected, and is nobody.
    for (const reader of readers) {
      if (reader.closed === null) await reader.ask('subscriptions/get').catch(() => {})
      expect(reader.texts.filter(text => text.includes('alone at last'))).toEqual([])
    }
    for (const user of CROWD) await lift(user, { global: true })
  })
})
