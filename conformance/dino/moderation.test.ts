// Kicks, bans and mutes over Dino's wire: who may, what is refused and how, and who hears of it, each session once.
// Shapes are the recorded ones (dino.md section 5).
import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { Ddp } from '../rocketchat/ddp.ts'
import { startServer, type TestServer, type World } from '../server.ts'
import { base64, DinoClient, type Push, until } from './client.ts'
import { site } from './http.ts'
import { mismatches } from './shape.ts'

/** Owner, channel owner, channel admin, moderator, and the two of the whole server. */
const [OWNER, CHOWNER, CHADMIN, MODERATOR, SUPERUSER, GLOBALMOD] = ['11', '12', '13', '14', '15', '16'] as const
const [ANNA, BEN, CARL] = ['1', '2', '3'] as const
const UNKNOWN = '77777'

const user = (id: string, roles: string[] = []) => ({ id, username: `user${id}`, tokens: [`tok${id}`], roles })
const room = (ref: string, more: object = {}) => ({
  ref,
  channel: 'c',
  name: `${ref} room`,
  owners: [OWNER],
  moderators: [MODERATOR],
  ...more,
})

const ROOMS = ['kick', 'again', 'roles', 'refused', 'ban', 'brief', 'over', 'mute', 'wide', 'wide2', 'erase']
const WORLD: World = {
  users: [
    ...[ANNA, BEN, CARL, OWNER, CHOWNER, CHADMIN, MODERATOR].map(id => user(id)),
    user(SUPERUSER, ['superuser']),
    user(GLOBALMOD, ['globalmod']),
    // Who is banned from more than a room takes part in one test alone.
    ...['21', '22', '23', '24'].map(id => user(id)),
  ],
  channels: [
    { ref: 'c', name: 'channel', owners: [CHOWNER], admins: [CHADMIN] },
    { ref: 'd', name: 'other channel' },
  ],
  rooms: [
    ...ROOMS.map(ref => room(ref)),
    room('elsewhere', { channel: 'd' }),
    room('hidden', { kind: 'private', owners: [OWNER], moderators: [], members: [OWNER, ANNA] }),
    room('shared', { kind: 'private', owners: [OWNER, BEN], moderators: [CARL], members: [OWNER, BEN, CARL] }),
    room('group', { kind: 'private', owners: [OWNER, ANNA, BEN], moderators: [], members: [OWNER, ANNA, BEN] }),
    room('roles', { ref: 'owned', kind: 'private', owners: [OWNER, BEN], moderators: [CARL], members: [] }),
  ],
}

/** Of both generations, in turns. */
function opener(server: () => TestServer): {
  readonly as: (id: string) => Promise<DinoClient>
  readonly closeAll: () => void
} {
  const clients: DinoClient[] = []
  return {
    as: async id => {
      const client = await DinoClient.open(server().url, { generation: clients.length % 2 === 0 ? 2 : 4 })
      clients.push(client)
      expect((await client.login(id)).code).toBe(200)
      return client
    },
    closeAll: () => {
      for (const client of clients.splice(0)) client.close()
    },
  }
}

const ACTOR = { id: 'string', displayName: 'string' }
const STAMP = { id: '<uuid>', published: '<ts>' }
const MADE = { ...STAMP, provider: { id: 'string' } }
const KICKED = { actor: ACTOR, object: ACTOR, target: ACTOR, verb: 'kick', ...MADE }
const BANNED_OUT = { ...KICKED, target: { id: '<id>' }, verb: 'ban' }
const USER_BANNED = { ...KICKED, verb: 'ban' }

/** Nothing that is looked at has come but this, each as often as it is named. */
async function heard(client: DinoClient, ...events: string[]): Promise<void> {
  const MEANT = /^gn_(user_kicked|user_banned|banned|user_left|mute|unmute|message_deleted|room_removed)$/
  await client.settle()
  const came = client.pushes.map(({ event }) => event).filter(event => MEANT.test(event))
  expect(inOrder(came)).toEqual(inOrder(events))
}

/** What is told of a user and what is told of each room pass each other on their way to another node. */
function inOrder(events: readonly string[]): readonly string[] {
  return process.env.CONCLAVE_TEST_NODES ? events.toSorted() : events
}

describe('kicks and bans', () => {
  let server: TestServer
  const { as, closeAll } = opener(() => server)
  beforeAll(async () => {
    server = await startServer({ world: WORLD })
  })
  afterEach(closeAll)
  afterAll(() => server.remove())

  const at = (ref: string) => ({ verb: 'x', target: { id: server.rooms[ref] } })
  const to = (ref: string, text: string) => ({
    verb: 'send',
    target: { id: server.rooms[ref], objectType: 'room' },
    object: { content: base64(text) },
  })
  const kick = (ref: string, id: string, more: object = {}) => ({ ...at(ref), verb: 'kick', object: { id, ...more } })
  const ban = (target: object, id: string, summary = '5m', more: object = {}) => ({
    verb: 'ban',
    target,
    object: { id, summary, ...more },
  })
  const from = (ref: string) => ({ id: server.rooms[ref], objectType: 'room' })
  const joined = async (id: string, ...refs: string[]): Promise<DinoClient> => {
    const client = await as(id)
    for (const ref of refs) expect((await client.request('join', at(ref))).code).toBe(200)
    return client
  }

  test('a kick is refused in the order and the words of the real server', async () => {
    const owner = await as(OWNER)
    const refusal = async (data: object): Promise<unknown[]> => {
      const { code, data: answer } = await owner.request('kick', data)
      await owner.next('gn_kick', each => JSON.stringify(each) === JSON.stringify(answer))
      return [code, answer.error]
    }
    const [missing, blank] = [randomUUID(), { target: {} }]
    expect(await refusal({ verb: 'kick', ...blank, object: { id: BEN } })).toEqual([
      502,
      'got blank room id, can not kick',
    ])
    expect(await refusal({ verb: 'kick', object: { id: BEN } })).toEqual([502, 'got blank room id, can not kick'])
    const gone = `no room with id "${missing}" exists`
    expect(await refusal({ verb: 'kick', target: { id: missing }, object: {} })).toEqual([802, gone])
    expect(await refusal({ ...kick('refused', ''), object: {} })).toEqual([504, 'got blank user id, can not kick'])
    expect(await refusal({ ...at('refused'), verb: 'kick' })).toEqual([504, 'got blank user id, can not kick'])
    expect((await refusal(kick('refused', BEN, { content: 'x y!' })))[0]).toBe(701)
    expect((await refusal(kick('refused', BEN, { content: base64('x'.repeat(2_000)) })))[0]).toBe(705)
    expect(await refusal(kick('refused', SUPERUSER))).toEqual([705, 'not allowed to kick operators'])
    expect(await refusal(kick('refused', GLOBALMOD))).toEqual([705, 'not allowed to kick operators'])
    for (const nobody of [UNKNOWN, 'nobody', ' 2', '02']) expect((await refusal(kick('refused', nobody)))[0]).toBe(200)
  })

  test('owners of the room and of the channel, its admins and operators kick; moderators and others do not', async () => {
    const target = await joined(BEN, 'roles')
    for (const id of [MODERATOR, ANNA]) {
      const { code, data } = await (await joined(id, 'roles')).request('kick', kick('roles', BEN))
      expect([id, code, data.error]).toEqual([id, 705, 'not allowed to kick'])
      const { code: nobody } = await (await as(id)).request('kick', kick('roles', 'nobody'))
      expect(nobody).toBe(705)
    }
    await heard(target)
    for (const id of [OWNER, CHOWNER, CHADMIN, SUPERUSER, GLOBALMOD]) {
      const known = target.pushes.length
      expect((await (await as(id)).request('kick', kick('roles', BEN))).code).toBe(200)
      expect((await target.next('gn_user_kicked', () => true, known)).actor.id).toBe(id)
      expect((await target.request('join', at('roles'))).code).toBe(200)
    }
  })

  test('who is kicked and who is inside hear it once with each session, and nobody hears that somebody left', async () => {
    const [ben, benElsewhere] = [await joined(BEN, 'kick', 'again'), await as(BEN)]
    const [anna, annaElsewhere] = [await joined(ANNA, 'kick'), await as(ANNA)]
    const owner = await as(OWNER)
    const { data } = await owner.request('kick', kick('kick', BEN, { content: base64('be nice') }))
    expect(data).toEqual({ status_code: 200, data: null })
    for (const client of [ben, benElsewhere, anna]) await heard(client, 'gn_user_kicked')
    for (const client of [annaElsewhere, owner]) await heard(client)
    const told = await anna.next('gn_user_kicked')
    expect(mismatches({ ...KICKED, object: { ...ACTOR, content: 'string' } }, told)).toEqual([])
    expect(told).toMatchObject({
      actor: { id: OWNER, displayName: base64(`user${OWNER}`) },
      object: { id: BEN, displayName: base64(`user${BEN}`), content: base64('be nice') },
      target: { id: server.rooms.kick, displayName: base64('kick room') },
    })
    expect(await ben.next('gn_user_kicked')).toMatchObject({ target: { id: server.rooms.kick } })

    expect((await ben.request('message', to('kick', 'still here?'))).code).toBe(702)
    await anna.request('message', to('kick', 'gone'))
    await heard(ben, 'gn_user_kicked')
    expect(ben.named('message')).toEqual([])
    const { data: inside } = await anna.request('users_in_room', at('kick'))
    expect(inside.data.object.attachments.map(({ id }: { id: string }) => id)).toEqual([ANNA])
    // The other room is his own matter, and nothing keeps him out of this one.
    expect((await ben.request('message', to('again', 'here'))).code).toBe(200)
    expect((await ben.request('join', at('kick'))).code).toBe(200)
  })

  test('a kick without a reason carries none, and one of somebody who is not there tells only them', async () => {
    const [ben, anna] = [await joined(BEN, 'again'), await joined(ANNA, 'again')]
    const owner = await as(OWNER)
    expect((await owner.request('kick', kick('again', CARL))).code).toBe(200)
    await heard(anna)
    expect((await owner.request('kick', kick('again', BEN))).code).toBe(200)
    expect(mismatches(KICKED, await ben.next('gn_user_kicked'))).toEqual([])
    await heard(anna, 'gn_user_kicked')
  })

  test('a hidden room is unknown to who does not belong to it; its owner kicks members out of it', async () => {
    const [stranger, anna, owner] = [await as(CARL), await joined(ANNA, 'hidden'), await joined(OWNER, 'hidden')]
    for (const event of ['kick', 'ban']) {
      const request = event === 'kick' ? kick('hidden', ANNA) : ban(from('hidden'), ANNA)
      const { code, data } = await stranger.request(event, request)
      expect([code, data.error]).toEqual([802, `no room with id "${server.rooms.hidden}" exists`])
    }
    await heard(anna)
    expect((await owner.request('kick', kick('hidden', ANNA))).code).toBe(200)
    for (const client of [anna, owner]) await heard(client, 'gn_user_kicked')
    expect((await anna.request('join', at('hidden'))).code).toBe(705)
    expect(
      (await owner.request('message', { ...to('hidden', 'x'), target: { ...from('hidden'), objectType: 'private' } }))
        .code,
    ).toBe(200)
    await heard(anna, 'gn_user_kicked')
    expect(anna.named('message')).toEqual([])
  })

  test.each(['shared', 'owned'])('of a private room whoever is kicked or banned has nothing left (%s)', async ref => {
    const [owner, ben, carl] = [await joined(OWNER, ref), await joined(BEN, ref), await as(CARL)]
    expect((await owner.request('kick', kick(ref, BEN))).code).toBe(200)
    await owner.next('gn_user_kicked', ({ verb }) => verb === 'kick')
    if (ref === 'shared') await heard(owner, 'gn_user_kicked')
    expect((await owner.request('ban', ban(from(ref), CARL, '1s'))).code).toBe(200)
    await new Promise(resolve => setTimeout(resolve, 1_100))
    expect((await owner.request('message', to(ref, 'among us'))).code).toBe(200)
    for (const client of [ben, carl]) {
      await client.settle()
      expect(client.named('message')).toEqual([])
      expect((await client.request('join', at(ref))).code).toBe(705)
      expect((await client.request('history', at(ref))).code).toBe(705)
      expect((await client.request('message', to(ref, 'still here'))).code).toBe(702)
    }
    // Nothing of it waits for their next log-in either.
    for (const id of [BEN, CARL]) {
      const client = await DinoClient.open(server.url)
      const { data } = await client.login(id)
      client.close()
      expect(JSON.stringify(data)).not.toContain(server.rooms[ref])
    }
  })

  test('so has whoever leaves it over another wire', async () => {
    const ddp = await Ddp.connect(server.url)
    await ddp.call('login', { resume: `tok${BEN}` })
    expect((await ddp.ask('leaveRoom', server.rooms.group)).error).toBeUndefined()
    ddp.close()
    const [ben, owner] = [await as(BEN), await joined(OWNER, 'group')]
    expect((await owner.request('message', to('group', 'among us'))).code).toBe(200)
    await ben.settle()
    expect(ben.named('message')).toEqual([])
    expect((await ben.request('join', at('group'))).code).toBe(705)
  })

  test('a ban is refused in the order and the words of the real server', async () => {
    const [owner, anna] = [await as(OWNER), await as(ANNA)]
    const refusal = async (client: DinoClient, target: object | undefined, object: object | undefined) => {
      const { code, data } = await client.request('ban', { verb: 'ban', target, object })
      return [code, data.error]
    }
    const here = from('refused')
    const missing = randomUUID()
    const invalid = (text: string) => [606, `invalid ban duration: ${text}`]
    expect(await refusal(owner, { ...here, id: missing }, undefined)).toEqual([
      802,
      `no room with id "${missing}" exists`,
    ])
    expect(await refusal(owner, { id: missing, objectType: 'channel' }, {})).toEqual([
      801,
      `no channel with id "${missing}" exists`,
    ])
    expect((await refusal(owner, { ...here, objectType: 'planet' }, {}))[0]).toBe(600)
    expect(await refusal(owner, here, undefined)).toEqual(invalid('empty ban duration'))
    expect(await refusal(owner, here, { id: BEN })).toEqual(invalid('empty ban duration'))
    expect(await refusal(owner, here, { id: BEN, summary: '5x' })).toEqual(invalid('invalid ban duration: 5x'))
    expect(await refusal(owner, here, { id: BEN, summary: '-5m' })).toEqual(
      invalid('can not set negative ban duration: -5m'),
    )
    expect((await refusal(owner, here, { id: BEN, summary: '9999999999999d' }))[0]).toBe(606)
    expect(await refusal(owner, here, { summary: '5m' })).toEqual([501, 'got blank user id, can not ban'])
    expect((await refusal(owner, here, { id: BEN, summary: '5m', content: 'x y!' }))[0]).toBe(701)
    for (const nobody of [UNKNOWN, 'nobody', ' 2', '02'])
      expect((await refusal(owner, here, { id: nobody, summary: '5m' }))[0]).toBe(800)
    const spared = [705, 'not allowed to kick super users or global mobs']
    for (const id of [SUPERUSER, GLOBALMOD]) expect(await refusal(owner, here, { id, summary: '5m' })).toEqual(spared)
    expect(await refusal(await as(GLOBALMOD), undefined, { id: SUPERUSER, summary: '5m' })).toEqual(spared)

    const object = { id: BEN, summary: '5m' }
    for (const id of [ANNA, MODERATOR, CHADMIN])
      expect(await refusal(await as(id), here, object)).toEqual([705, 'only owners can ban'])
    const channel = { id: server.channels.c, objectType: 'channel' }
    for (const client of [owner, anna]) expect((await refusal(client, channel, object))[0]).toBe(705)
    const wide = [705, 'only admins, super users and global mods can do global bans']
    // Who rules a room or a channel does not rule the server by naming it so.
    for (const target of [
      undefined,
      {},
      { objectType: 'global' },
      { objectType: 'room' },
      { ...here, objectType: 'global' },
    ])
      for (const client of [owner, await as(CHADMIN), await as(CHOWNER)])
        expect(await refusal(client, target, object)).toEqual(wide)
    expect((await refusal(owner, { id: server.channels.c, objectType: 'room' }, object))[0]).toBe(802)
    expect((await (await as(BEN)).request('join', at('refused'))).code).toBe(200)
  })

  test('a ban from a room tells the user, the room and the banner, and keeps out for as long as was said', async () => {
    const [ben, benElsewhere, anna] = [await joined(BEN, 'ban'), await as(BEN), await joined(ANNA, 'ban')]
    const [owner, ownerElsewhere] = [await as(OWNER), await as(OWNER)]
    const reason = base64('spammer')
    expect((await owner.request('ban', ban(from('ban'), BEN, '300s', { content: reason }))).data.data).toBeNull()
    for (const client of [ben, benElsewhere]) await heardAnyhow(client, 'gn_banned', 'gn_user_banned', 'gn_user_kicked')
    await heard(anna, 'gn_user_banned', 'gn_user_kicked')
    for (const client of [owner, ownerElsewhere]) await heard(client, 'gn_user_banned')

    const banned = await ben.next('gn_banned')
    const object = { id: 'string', displayName: 'null', summary: 'string', updated: '<ts>', content: 'string' }
    const target = { objectType: 'string', id: '<id>', displayName: 'null' }
    expect(mismatches({ actor: ACTOR, verb: 'ban', object, target, ...STAMP }, banned)).toEqual([])
    expect(banned).toMatchObject({
      actor: { id: OWNER },
      target: from('ban'),
      object: { id: BEN, summary: '300s', content: reason },
    })
    const span = Date.parse(banned.object.updated) - Date.parse(banned.published)
    expect([span <= 300_000, span > 200_000]).toEqual([true, true])
    const told = await anna.next('gn_user_banned')
    expect(mismatches({ ...USER_BANNED, object: { ...ACTOR, content: 'string' } }, told)).toEqual([])
    expect(told).toMatchObject({
      actor: { id: OWNER, displayName: base64(`user${OWNER}`) },
      object: { id: BEN, displayName: base64(`user${BEN}`), content: reason },
      target: { id: server.rooms.ban, displayName: base64('ban room') },
    })
    const out = await anna.next('gn_user_kicked')
    expect(mismatches({ ...BANNED_OUT, object: { ...ACTOR, content: 'string' } }, out)).toEqual([])
    expect(out.target).toEqual({ id: server.rooms.ban })

    const { code, data } = await benElsewhere.request('join', at('ban'))
    expect(code).toBe(703)
    expect(data.error).toMatchObject({
      verb: 'ban',
      object: { content: reason },
      target: { ...from('ban'), displayName: base64('ban room') },
    })
    expect(Number(data.error.object.summary)).toBeGreaterThan(200)
    expect((await ben.request('message', to('ban', 'x'))).code).toBe(702)
    expect((await ben.request('users_in_room', at('ban'))).data.data.object.attachments).toEqual([])
    expect((await ben.request('join', at('again'))).code).toBe(200)
  })

  test('a type that is left out means a room; a ban of no time puts out and keeps nobody out', async () => {
    const [ben, owner] = [await joined(BEN, 'brief'), await joined(OWNER, 'brief')]
    expect((await owner.request('ban', ban({ id: server.rooms.brief }, BEN, '0s'))).code).toBe(200)
    // Who bans from inside hears of it as everybody there does.
    await heard(owner, 'gn_user_banned', 'gn_user_kicked')
    await ben.next('gn_user_kicked')
    const sent = async (): Promise<number> => (await ben.request('message', to('brief', 'x'))).code
    // Another node may tell of it a moment before it is done.
    if (process.env.CONCLAVE_TEST_NODES) await expect.poll(sent).toBe(702)
    else expect(await sent()).toBe(702)
    expect((await ben.request('join', at('brief'))).code).toBe(200)
  })

  test('a ban is over when its time is, and the newest end counts', async () => {
    const [ben, owner] = [await joined(BEN, 'over'), await as(OWNER)]
    const join = async (): Promise<number> => (await ben.request('join', at('over'))).code
    expect((await owner.request('ban', ban(from('over'), BEN, '365d'))).code).toBe(200)
    expect(await join()).toBe(703)
    expect((await owner.request('ban', ban(from('over'), BEN, '1s'))).code).toBe(200)
    for (let code = await join(); code !== 200; code = await join()) {
      expect(code).toBe(703)
      await new Promise(resolve => setTimeout(resolve, 50))
    }
  })

  test('a ban from a channel empties every place in it and leaves the rest', async () => {
    const [who, elsewhere] = [await joined('21', 'wide', 'wide2', 'elsewhere'), await as('21')]
    const [anna, ben] = [await joined(ANNA, 'wide', 'wide2'), await joined(BEN, 'elsewhere')]
    const admin = await as(CHADMIN)
    const channel = { id: server.channels.c, objectType: 'channel' }
    expect((await admin.request('ban', ban(channel, '21', '5m', { content: base64('out') }))).code).toBe(200)
    for (const client of [who, elsewhere])
      await heard(client, 'gn_banned', 'gn_user_banned', 'gn_user_kicked', 'gn_user_kicked')
    await heard(anna, 'gn_user_banned', 'gn_user_kicked', 'gn_user_banned', 'gn_user_kicked')
    await heard(ben)
    await heard(admin, 'gn_user_banned')
    expect(await who.next('gn_banned')).toMatchObject({
      target: { ...channel, displayName: null },
      object: { summary: '5m' },
    })
    const told = await anna.next('gn_user_banned')
    expect(told.target).toEqual({ id: server.channels.c, displayName: base64('channel') })
    const rooms = (client: DinoClient) => new Set(client.named('gn_user_kicked').map(({ target }) => target.id))
    for (const client of [anna, who, elsewhere])
      expect(rooms(client)).toEqual(new Set([server.rooms.wide, server.rooms.wide2]))

    const { code, data } = await elsewhere.request('join', at('kick'))
    expect([code, data.error.target]).toEqual([703, { ...channel, displayName: base64('channel') }])
    expect((await who.request('message', to('wide', 'x'))).code).toBe(702)
    expect((await who.request('message', to('elsewhere', 'x'))).code).toBe(200)
  })

  test('a ban from the server tells everybody, then ends every session', async () => {
    const [who, elsewhere] = [await joined('22', 'wide', 'elsewhere'), await as('22')]
    const [anna, ben, carl] = [await joined(ANNA, 'wide'), await joined(BEN, 'elsewhere'), await joined(CARL, 'kick')]
    const operator = await as(SUPERUSER)
    expect(
      (await operator.request('ban', ban({ objectType: 'global' }, '22', '10m', { content: base64('out') }))).code,
    ).toBe(200)
    for (const client of [who, elsewhere]) {
      expect(await until(() => client.disconnected || undefined)).toBe(true)
      const events = client.pushes.map(({ event }) => event).filter(event => /_(banned|kicked)$/.test(event))
      expect(inOrder(events)).toEqual(['gn_banned', 'gn_user_banned', 'gn_user_kicked', 'gn_user_kicked'])
      expect(client.named('gn_banned')[0].target).toEqual({ objectType: 'global', id: null, displayName: null })
      expect(client.named('gn_user_banned')[0].target).toEqual({ id: '', displayName: '' })
    }
    for (const [client, ref] of [
      [anna, 'wide'],
      [ben, 'elsewhere'],
    ] as const) {
      await heard(client, 'gn_user_banned', 'gn_user_kicked')
      expect((await client.next('gn_user_kicked')).target).toEqual({ id: server.rooms[ref] })
    }
    for (const client of [carl, operator]) await heard(client)

    const again = await DinoClient.open(server.url)
    expect((await again.login('22')).code).toBe(703)
    expect(await again.next('gn_banned')).toMatchObject({
      object: { content: base64('out') },
      target: { objectType: 'global' },
    })
    again.close()
  })

  test('without a target the whole server is meant; two bans at the same time are both in force', async () => {
    const [first, second] = [await as(SUPERUSER), await as(GLOBALMOD)]
    const answers = await Promise.all([
      first.request('ban', ban({}, '23', '5m')),
      second.request('ban', ban({ id: server.channels.c, objectType: 'channel' }, '23', '5m')),
      first.request('ban', ban(from('wide'), '23', '5m')),
    ])
    expect(answers.map(({ code }) => code)).toEqual([200, 200, 200])
    const { data } = await site(server.url, `tok${SUPERUSER}`).call('GET', '/banned', { users: ['23'] })
    const { global, channel, room: rooms } = data['23']
    expect([Object.keys(global).length > 0, Object.keys(channel), Object.keys(rooms)]).toEqual([
      true,
      [server.channels.c],
      [server.rooms.wide],
    ])
  })

  test('a mute over the HTTP API is told to whom it is on, and so is its end', async () => {
    const [ben, benElsewhere, anna] = [await joined(BEN, 'mute'), await as(BEN), await joined(ANNA, 'mute')]
    const api = site(server.url, `tok${SUPERUSER}`)
    const entry = { room_id: server.rooms.mute, duration: '5m', reason: base64('too loud'), muter_user_id: OWNER }
    expect((await api.call('POST', '/mute', { [BEN]: entry })).data.status).toBe('OK')
    const muted = await ben.next('gn_mute')
    const object = { id: 'string', objectType: 'user', summary: 'string', updated: '<ts>' }
    const target = { id: '<id>', objectType: 'room', displayName: 'string' }
    const shape = { actor: { id: 'string', objectType: 'user' }, verb: 'mute', object, target, ...MADE }
    expect(mismatches({ ...shape, object: { ...object, content: 'string' } }, muted)).toEqual([])
    expect(muted).toMatchObject({
      object: { id: BEN, summary: '5m', content: base64('too loud') },
      target: { id: server.rooms.mute, displayName: base64('mute room') },
    })
    expect((await ben.request('message', to('mute', 'x'))).code).toBe(703)
    expect((await api.call('DELETE', '/mute', { user_id: BEN, room_id: server.rooms.mute })).data.status).toBe('OK')
    const lifted = await ben.next('gn_unmute')
    expect(mismatches({ ...shape, verb: 'unmute', object: { id: 'string', objectType: 'user' } }, lifted)).toEqual([])
    expect((await ben.request('message', to('mute', 'x'))).code).toBe(200)
    for (const client of [ben, benElsewhere]) await heard(client, 'gn_mute', 'gn_unmute')
    await heard(anna)
  })

  /** The same in any order: what comes with the room and what comes with the user are two ways. */
  async function heardAnyhow(client: DinoClient, ...events: string[]): Promise<void> {
    await client.next('gn_banned')
    client.pushes.sort((one: Push, other: Push) => (one.event < other.event ? -1 : 1))
    await heard(client, ...events)
  }
})

describe('with dino.kickBan and dino.deleteOnBan, as in the recording', () => {
  let server: TestServer
  const { as, closeAll } = opener(() => server)
  beforeAll(async () => {
    server = await startServer({ world: WORLD, config: { dino: { kickBan: 600, deleteOnBan: true } } })
  })
  afterEach(closeAll)
  afterAll(() => server.remove())

  const at = (ref: string) => ({ verb: 'x', target: { id: server.rooms[ref] } })
  const say = (client: DinoClient, ref: string, text: string) =>
    client.request('message', {
      verb: 'send',
      target: { id: server.rooms[ref], objectType: 'room' },
      object: { content: base64(text) },
    })
  const past = async (client: DinoClient, ref: string): Promise<string[]> => {
    const { data } = await client.request('history', {
      verb: 'list',
      target: { id: server.rooms[ref], objectType: 'room' },
    })
    return data.data.object.attachments.map(({ content }: { content: string }) => content)
  }

  test('a kick keeps out and erases what was written there, and is told as a kick', async () => {
    const [ben, anna, owner] = [await as(BEN), await as(ANNA), await as(OWNER)]
    for (const client of [ben, anna]) for (const ref of ['kick', 'again']) await client.request('join', at(ref))
    for (const ref of ['kick', 'again']) for (const client of [ben, anna]) await say(client, ref, 'hello')
    const object = { id: BEN, content: base64('be nice') }
    expect((await owner.request('kick', { ...at('kick'), verb: 'kick', object })).code).toBe(200)
    for (const client of [ben, anna]) {
      await client.settle()
      expect(client.named('gn_user_kicked').map(({ verb, target }) => [verb, target.id])).toEqual([
        ['kick', server.rooms.kick],
      ])
      for (const event of ['gn_banned', 'gn_user_banned', 'gn_user_left']) expect(client.named(event)).toEqual([])
    }
    const { code, data } = await ben.request('join', at('kick'))
    expect(code).toBe(703)
    expect(data.error).toMatchObject({
      verb: 'ban',
      object: { content: base64('be nice') },
      target: { objectType: 'room', id: server.rooms.kick },
    })
    expect(await past(anna, 'kick')).toEqual([base64('hello')])
    expect(await past(anna, 'again')).toHaveLength(2)
  })

  test('a ban from the server erases what was written anywhere', async () => {
    const [who, anna, operator] = [await as('24'), await as(ANNA), await as(SUPERUSER)]
    for (const ref of ['wide', 'elsewhere']) {
      for (const client of [who, anna]) await client.request('join', at(ref))
      for (const client of [who, anna]) await say(client, ref, 'hello')
    }
    expect((await operator.request('ban', { verb: 'ban', target: {}, object: { id: '24', summary: '5m' } })).code).toBe(
      200,
    )
    for (const ref of ['wide', 'elsewhere']) {
      let left = await past(anna, ref)
      while (left.length > 1) left = await past(anna, ref)
      expect(left).toEqual([base64('hello')])
    }
  })
})
