// Who leaves an encrypted room may hold its key still (L4): with `rocketchat.lockstep` the room takes no message until one who
// remains has changed the key; without it, as on the real server, it goes on, and its owners are told.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { DinoClient } from '../dino/client.ts'
import { startServer, type TestServer } from '../server.ts'
import { Ddp, type Frame, rest } from './ddp.ts'
import { E2eClient } from './e2e-client.ts'
import { newRoomKey, sealContent } from './e2e-formats.ts'
import { IDS, type Name, start, tokenOf } from './start.ts'

let server: TestServer
const open: (Ddp | DinoClient)[] = []
let rooms = 0

afterEach(() => {
  for (const client of open.splice(0)) client.close()
})
afterAll(() => server?.remove())

const api = (name: Name, verb: 'GET' | 'POST', path: string, body?: unknown) =>
  rest(server.url, { id: IDS[name], token: tokenOf(name) }, verb, `v1/${path}`, body)

async function person(name: Name): Promise<{ wire: Ddp; keys: E2eClient }> {
  const wire = await Ddp.as(server.url, name)
  open.push(wire)
  const keys = new E2eClient(wire, IDS[name], 'v2', (...asked) => api(name, ...asked))
  await keys.setUp(`passphrase of ${name}`).catch(() => keys.restore(`passphrase of ${name}`))
  return { wire, keys }
}

async function dinoOf(name: Name): Promise<DinoClient> {
  const dino = await DinoClient.open(server.url)
  open.push(dino)
  await dino.login(IDS[name], name, tokenOf(name))
  return dino
}

/** Alice's room, in which all four have the key. */
async function keyedRoom() {
  const people = { alice: await person('alice'), bob: await person('bob'), carol: await person('carol') }
  const { alice, bob, carol } = people
  const made = await alice.wire.call(
    'createPrivateGroup',
    `keyed ${rooms++}`,
    ['bob', 'carol'],
    false,
    {},
    {
      encrypted: true,
    },
  )
  const rid: string = made.rid
  await alice.keys.enter(rid)
  await alice.keys.serveWaiting(rid)
  for (const { keys } of [bob, carol]) expect(await keys.enter(rid)).toBe('ready')
  return { rid, ...people }
}

const roomOf = async (wire: Ddp, rid: string): Promise<Frame> =>
  (await wire.call('rooms/get')).find((one: Frame) => one._id === rid)
const sent = async (wire: Ddp, rid: string, content: object): Promise<string | number | null> =>
  (await wire.ask('sendMessage', { rid, msg: '', t: 'e2e', content })).error?.error ?? null

describe('with rocketchat.lockstep', () => {
  beforeAll(async () => {
    await server?.remove()
    server = await start({ config: { rocketchat: { lockstep: true } } })
  })

  const ways: readonly (readonly [string, (rid: string, bob: Ddp) => Promise<unknown>])[] = [
    ['leaves', (rid, bob) => bob.call('leaveRoom', rid)],
    ['leaves over REST', rid => api('bob', 'POST', 'groups.leave', { roomId: rid })],
    ['is removed', async rid => (await person('alice')).wire.call('removeUserFromRoom', { rid, username: 'bob' })],
    ['is kicked', rid => api('alice', 'POST', 'groups.kick', { roomId: rid, userId: IDS.bob })],
    ['is banned', rid => api('alice', 'POST', 'rooms.banUser', { roomId: rid, userId: IDS.bob })],
    [
      'is kicked over Dino',
      async rid =>
        (await dinoOf('alice')).request('kick', { verb: 'kick', target: { id: rid }, object: { id: IDS.bob } }),
    ],
    [
      'is banned over Dino',
      async rid =>
        (await dinoOf('alice')).request('ban', {
          verb: 'ban',
          target: { id: rid, objectType: 'room' },
          object: { id: IDS.bob, summary: '5m' },
        }),
    ],
  ]

  test.each(ways)('a room that a member %s takes nothing until one who remains changes its key', async (_, way) => {
    const { rid, alice, bob, carol } = await keyedRoom()
    const before = await alice.keys.encrypt(rid, 'under the old key')
    await alice.wire.sub('stream-notify-user', `${IDS.alice}/message`)
    await carol.wire.sub('stream-notify-user', `${IDS.carol}/message`)
    await way(rid, bob.wire)
    // Everybody who remains may open it, so everybody is told.
    for (const { wire } of [alice, carol]) {
      const [told] = await wire.event('notify-user', ([message]) => message.rid === rid)
      expect(told).toMatchObject({ private: true, u: { _id: 'rocket.cat' }, msg: expect.stringContaining('bob') })
    }
    expect(await sent(alice.wire, rid, before)).toBe('error-room-closed')
    const message = { rid, t: 'e2e', content: before }
    expect((await api('alice', 'POST', 'chat.sendMessage', { message })).body.errorType).toBe('error-room-closed')
    expect((await roomOf(alice.wire, rid)).e2eKeyOutdated).toBe(true)
    // Who has gone opens nothing.
    const strange = { rid, e2eKey: 'k', e2eKeyId: 'bobs-own' }
    expect((await api('bob', 'POST', 'e2e.resetRoomKey', strange)).status).toBe(403)
    expect(await sent(carol.wire, rid, before)).toBe('error-room-closed')

    expect((await carol.keys.resetRoomKey(rid)).status).toBe(200)
    expect(await roomOf(alice.wire, rid)).not.toHaveProperty('e2eKeyOutdated')
    expect(await sent(carol.wire, rid, await carol.keys.encrypt(rid, 'under the new key'))).toBe(null)
    // The key that bob may have is not taken any more, nor one that nobody knows, nor the one of clients before 7.0.
    for (const content of [before, await sealContent(await newRoomKey('v2'), { msg: '' })])
      expect(await sent(alice.wire, rid, content)).toBe('error-not-allowed')
    const legacy = await sealContent({ ...(await newRoomKey('v1')), id: 'eyJhbGciOiJB' }, { msg: '' })
    expect(await sent(alice.wire, rid, legacy)).toBe('error-not-allowed')
  })

  test('a room whose member is deleted is closed, too', async () => {
    const { rid, alice } = await keyedRoom()
    await alice.wire.call('addUsersToRoom', { rid, users: ['erin'] })
    expect((await api('ada', 'POST', 'users.delete', { userId: IDS.erin, confirmRelinquish: true })).status).toBe(200)
    expect(await sent(alice.wire, rid, await alice.keys.encrypt(rid, 'after'))).toBe('error-room-closed')
  })

  test('the constant id of clients before 7.0 opens no room', async () => {
    const { rid, alice, bob } = await keyedRoom()
    await bob.wire.call('leaveRoom', rid)
    const body = { rid, e2eKey: 'eyJhbGciOiJB', e2eKeyId: 'eyJhbGciOiJB' }
    expect((await api('alice', 'POST', 'e2e.resetRoomKey', body)).status).toBe(200)
    const legacy = await sealContent({ ...(await newRoomKey('v1')), id: 'eyJhbGciOiJB' }, { msg: '' })
    expect(await sent(alice.wire, rid, legacy)).toBe('error-not-allowed')
  })
})

describe('without it', () => {
  beforeAll(async () => {
    await server?.remove()
    server = await start()
  })

  test('the room goes on, its owner is told, and everybody sees until the key is changed that it is old', async () => {
    const { rid, alice, bob, carol } = await keyedRoom()
    for (const [name, { wire }] of [
      ['alice', alice],
      ['carol', carol],
    ] as const) {
      await wire.sub('stream-notify-user', `${IDS[name]}/message`)
      await wire.sub('stream-notify-user', `${IDS[name]}/rooms-changed`)
    }
    await bob.wire.call('leaveRoom', rid)
    const [told] = await alice.wire.event('notify-user', (_, name) => name === `${IDS.alice}/message`)
    expect(told).toEqual({
      _id: expect.any(String),
      rid,
      msg: "bob may still hold the key of this room: reset the room's key.",
      ts: { $date: expect.any(Number) },
      _updatedAt: { $date: expect.any(Number) },
      u: { _id: 'rocket.cat', username: 'rocket.cat', name: expect.any(String) },
      private: true,
    })
    const old = ([, doc]: Frame[]) => doc._id === rid && doc.e2eKeyOutdated === true
    for (const { wire } of [alice, carol]) await wire.event('notify-user', old)
    expect(await sent(carol.wire, rid, await carol.keys.encrypt(rid, 'still'))).toBe(null)
    expect(carol.wire.events('notify-user', `${IDS.carol}/message`)).toEqual([])
    expect((await carol.keys.resetRoomKey(rid)).status).toBe(403)
    expect((await alice.keys.resetRoomKey(rid)).status).toBe(200)
    expect(await roomOf(alice.wire, rid)).not.toHaveProperty('e2eKeyOutdated')
  })

  test('either side of a direct room changes its key', async () => {
    const [alice, bob] = [await person('alice'), await person('bob')]
    const { rid } = await alice.wire.call('createDirectMessage', 'bob')
    await alice.wire.call('saveRoomSettings', rid, 'encrypted', true).catch(() => undefined)
    expect(await alice.keys.enter(rid)).toBe('made')
    await alice.keys.serveWaiting(rid)
    expect(await bob.keys.enter(rid)).toBe('ready')
    expect((await bob.keys.resetRoomKey(rid)).status).toBe(200)
    expect((await api('carol', 'POST', 'e2e.resetRoomKey', { rid, e2eKey: 'k', e2eKeyId: 'i' })).status).toBe(403)
  })
})

test('of more who wait than the list holds it shows the newest, and those who wait longest are served first (RC-087)', async () => {
  const users = Array.from({ length: 53 }, (_, at) => ({
    id: `${2_001 + at}`,
    username: `user${2_001 + at}`,
    tokens: [`token-of-${2_001 + at}`],
  }))
  const many = await startServer({ world: { users, channels: [{ ref: 'c', name: 'Lobby' }] } })
  try {
    const as = (id: string) => (verb: 'GET' | 'POST', path: string, body?: unknown) =>
      rest(many.url, { id, token: `token-of-${id}` }, verb, `v1/${path}`, body)
    const [first, ...others] = users.map(({ id }) => id) as [string, ...string[]]
    const wire = await Ddp.connect(many.url)
    open.push(wire)
    await wire.call('login', { resume: `token-of-${first}` })
    const names = others.map(id => `user${id}`)
    const { rid } = await wire.call('createPrivateGroup', 'large', names, false, {}, { encrypted: true })
    await wire.call('e2e.setRoomKeyID', rid, 'K')
    for (const id of others)
      await as(id)('POST', 'e2e.setUserPublicAndPrivateKeys', { public_key: `public ${id}`, private_key: 'w' })
    const shown = (await roomOf(wire, rid)).usersWaitingForE2EKeys.map(({ userId }: Frame) => userId)
    expect(shown).toEqual(others.slice(-50))
    const { body } = await as(first)('GET', `e2e.fetchUsersWaitingForGroupKey?roomIds[]=${rid}`)
    expect(body.usersWaitingForE2EKeys[rid].map(({ _id }: Frame) => _id)).toEqual(others.slice(0, 50))
  } finally {
    await many.remove()
  }
})
