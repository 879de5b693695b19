// Ways round the door (L10): what was quoted in time, rooms that take people in by themselves, documents that others see too,
// and what administrators and a team's owners make of rooms in which they are not.
import { uuidOf } from '@conclave/wire'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { DinoClient } from '../dino/client.ts'
import { startServer, type TestServer } from '../server.ts'
import { enroll, makeGroup } from '../xchat/hand.ts'
import { Ddp, type Frame, rest } from './ddp.ts'

const IDS = { alice: '1001', bob: '1002', carol: '1003', mallory: '1004', ada: '1005', zoe: '1006' } as const
type Name = keyof typeof IDS
const ROLES: Partial<Record<Name, string>> = { ada: 'admin', zoe: 'superuser' }

let server: TestServer
const clients: Ddp[] = []
let made = 0

beforeAll(async () => {
  const users = Object.entries(IDS).map(([username, id]) => ({
    id,
    username,
    name: username.toUpperCase(),
    password: `password of ${username}`,
    // The second is what the hand-made X client uses.
    tokens: [`token-of-${username}`, `token-of-${id}`],
    roles: ROLES[username as Name] ? [ROLES[username as Name]] : [],
  }))
  const general = { ref: 'general', channel: 'c', name: 'general', kind: 'public', members: Object.values(IDS) }
  server = await startServer({ world: { users, channels: [{ ref: 'c', name: 'Lobby' }], rooms: [general] } })
  for (const name of ['alice', 'bob'] as const) await setKeys(name)
})
afterEach(() => {
  for (const client of clients.splice(0)) client.close()
})
afterAll(() => server?.remove())

const as = async (name: Name): Promise<Ddp> => {
  const client = await Ddp.connect(server.url)
  await client.call('login', { resume: `token-of-${name}` })
  clients.push(client)
  return client
}
const headers = (name: Name) => ({ id: IDS[name], token: `token-of-${name}` })
const api = async (name: Name, verb: 'GET' | 'POST', path: string, body?: unknown): Promise<Frame> => {
  const answer = await rest(server.url, headers(name), verb, `v1/${path}`, body)
  return { status: answer.status, ...answer.body }
}
const setKeys = (name: Name) => {
  const pair = { public_key: `public of ${name}`, private_key: `private of ${name}, wrapped` }
  return api(name, 'POST', 'e2e.setUserPublicAndPrivateKeys', pair)
}
const group = async (members: Name[], extraData: object = {}, by: Name = 'alice'): Promise<string> => {
  const answer = await api(by, 'POST', 'groups.create', { name: `looked-into-${made++}`, members, extraData })
  expect(answer).toMatchObject({ status: 200, success: true })
  return answer.group._id
}
const say = async (name: Name, rid: string, msg: string): Promise<Frame> =>
  (await api(name, 'POST', 'chat.sendMessage', { message: { rid, msg } })).message
const linkTo = (id: string) => `${server.url}/group/any?msg=${id}`
const isMember = async (name: Name, rid: string): Promise<boolean> =>
  (await (await as(name)).call('subscriptions/get')).some((one: Frame) => one.rid === rid)

describe('what was quoted', () => {
  test('is shown as long as its quoter may read it, not what is said in its place after that', async () => {
    const rid = await group(['bob', 'mallory'])
    const quoted = await say('bob', rid, 'as it was')
    const general = server.rooms.general as string
    const quote = await say('mallory', general, `look ${linkTo(quoted._id)}`)
    const shown = async () => JSON.stringify(await api('carol', 'GET', `chat.getMessage?msgId=${quote._id}`))
    expect(await shown()).toContain('as it was')
    expect(await api('alice', 'POST', 'groups.kick', { roomId: rid, userId: IDS.mallory })).toMatchObject({
      status: 200,
    })
    await api('bob', 'POST', 'chat.update', { roomId: rid, msgId: quoted._id, text: 'among those who stayed' })
    expect(await shown()).not.toContain('among those')
    const carol = await as('carol')
    await carol.sub('stream-room-messages', general)
    await api('carol', 'POST', 'chat.react', { messageId: quote._id, emoji: 'wave' })
    const [told] = await carol.event('room-messages', ([{ _id }]) => _id === quote._id)
    expect(JSON.stringify(told)).not.toContain('among those')
  })

  test('is gone with its message from the discussion about it', async () => {
    const rid = await group(['bob'])
    const said = await say('bob', rid, 'words to be taken back')
    const { discussion } = await api('alice', 'POST', 'rooms.createDiscussion', {
      prid: rid,
      pmid: said._id,
      t_name: `about it ${made++}`,
    })
    const history = async () => JSON.stringify(await api('alice', 'GET', `groups.messages?roomId=${discussion._id}`))
    expect(await history()).toContain('words to be taken back')
    await api('bob', 'POST', 'chat.delete', { roomId: rid, msgId: said._id })
    expect(await history()).not.toContain('words to be taken back')
  })
})

describe('rooms that take people in by themselves', () => {
  test("a team's owner makes no room theirs in which they are not", async () => {
    const { team } = await api('mallory', 'POST', 'teams.create', { name: `team-${made++}`, type: 1 })
    await api('mallory', 'POST', 'teams.addMembers', {
      teamId: team._id,
      members: [{ userId: IDS.alice, roles: ['member', 'owner'] }],
    })
    for (const extra of [{}, { encrypted: true }]) {
      const rid = await group(['bob'], extra)
      expect(await api('alice', 'POST', 'teams.addRooms', { teamId: team._id, rooms: [rid] })).toMatchObject({
        status: 200,
      })
      for (const name of ['mallory', 'ada'] as const) {
        const answer = await api(name, 'POST', 'teams.updateRoom', { roomId: rid, isDefault: true })
        expect([name, answer.success]).toEqual([name, false])
      }
      expect(await isMember('mallory', rid)).toBe(false)
      expect(await api('alice', 'POST', 'teams.updateRoom', { roomId: rid, isDefault: true })).toMatchObject({
        status: 200,
      })
      expect(await isMember('mallory', rid)).toBe(true)
    }
  })

  test('an administrator makes no hidden room a default one in which they are not', async () => {
    const rid = await group(['bob'])
    await say('alice', rid, 'for us alone')
    expect((await api('ada', 'POST', 'rooms.saveRoomSettings', { rid, default: true })).success).toBe(false)
    const created = { name: 'Eve', username: `eve${made++}`, email: `eve${made}@example.org`, password: 'a password' }
    const { user } = await api('ada', 'POST', 'users.create', { ...created, joinDefaultChannels: true })
    const { members } = await api('alice', 'GET', `groups.members?roomId=${rid}`)
    expect(members.map(({ _id }: Frame) => _id)).not.toContain(user._id)
  })
})

test('who waits for a key is shown to members alone', async () => {
  const rid = await group(['bob'], { encrypted: true })
  const alice = await as('alice')
  await alice.call('e2e.setRoomKeyID', rid, 'K')
  await alice.call('e2e.updateGroupKey', rid, IDS.alice, 'K of alice')
  const { discussion } = await api('bob', 'POST', 'rooms.createDiscussion', { prid: rid, t_name: `a part ${made++}` })
  const bob = await as('bob')
  await bob.call('e2e.setRoomKeyID', discussion._id, 'D')
  expect((await api('bob', 'GET', `rooms.info?roomId=${rid}`)).room.usersWaitingForE2EKeys).toMatchObject([
    { userId: IDS.bob },
  ])
  const seen = [
    await api('ada', 'GET', 'rooms.adminRooms?count=100'),
    await api('ada', 'GET', `rooms.adminRooms.getRoom?rid=${rid}`),
    await api('ada', 'GET', 'groups.listAll?count=100'),
    await api('alice', 'GET', `rooms.getDiscussions?roomId=${rid}`),
    await api('alice', 'GET', `rooms.info?roomId=${discussion._id}`),
  ]
  expect(seen.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
  expect(JSON.stringify(seen)).toContain(rid)
  for (const one of seen) expect(JSON.stringify(one)).not.toContain('usersWaitingForE2EKeys')
})

describe('settings that are saved together', () => {
  test('a room whose encryption is refused is not opened to everybody, nor changed in anything else', async () => {
    const rid = await group(['bob'])
    expect(
      (await api('alice', 'POST', 'rooms.saveRoomSettings', { rid, roomType: 'c', encrypted: true })).success,
    ).toBe(false)
    expect(
      (await api('ada', 'POST', 'rooms.saveRoomSettings', { rid, roomTopic: 'half', encrypted: true })).success,
    ).toBe(false)
    const { room } = await api('alice', 'GET', `rooms.info?roomId=${rid}`)
    expect([room.t, room.topic]).toEqual(['p', undefined])
    expect(room.encrypted).not.toBe(true)
  })
})

test('an administrator of this wire takes no keys of whoever stands above them', async () => {
  await setKeys('zoe')
  const { createHash } = await import('node:crypto')
  const proof = createHash('sha256').update('password of ada').digest('hex')
  const reset = async (body: object): Promise<Frame> => {
    const response = await fetch(`${server.url}/api/v1/users.resetE2EKey`, {
      method: 'POST',
      headers: {
        'x-user-id': IDS.ada,
        'x-auth-token': 'token-of-ada',
        'content-type': 'application/json',
        'x-2fa-code': proof,
        'x-2fa-method': 'password',
      },
      body: JSON.stringify(body),
    })
    return (await response.json()) as Frame
  }
  for (const body of [{ userId: IDS.zoe }, { username: 'zoe' }]) expect((await reset(body)).success).toBe(false)
  expect((await api('zoe', 'GET', 'e2e.fetchMyKeys')).public_key).toBe('public of zoe')
  expect((await reset({ userId: IDS.bob })).success).toBe(true)
})

test('of X groups an administrator learns neither that there are any nor who is in them', async () => {
  const [alice, bob] = [await enroll(server.url, IDS.alice), await enroll(server.url, IDS.bob)]
  const rid = uuidOf((await makeGroup(server.url, alice, [alice, bob])).id.slice(1))
  const fields = encodeURIComponent(JSON.stringify({ userRooms: 1 }))
  const of = async (name: Name): Promise<string[]> => {
    const { user } = await api(name, 'GET', `users.info?userId=${IDS.bob}&fields=${fields}`)
    return user.rooms.map((room: Frame) => room.rid)
  }
  expect(await isMember('bob', rid)).toBe(true)
  expect(await of('ada')).not.toContain(rid)
  expect((await of('ada')).length).toBeGreaterThan(0)
  for (const path of ['rooms.adminRooms?count=100', 'groups.listAll?count=100', `rooms.adminRooms.getRoom?rid=${rid}`])
    expect(JSON.stringify(await api('ada', 'GET', path))).not.toContain(rid)
})

test('what an operator deletes in a room that they do not read is gone by the id that its members know', async () => {
  const rid = await group(['bob'])
  const message = { _id: 'chosen-by-alice', rid, msg: 'to be taken away' }
  expect((await api('alice', 'POST', 'chat.sendMessage', { message })).status).toBe(200)
  const bob = await as('bob')
  await bob.sub('stream-notify-room', `${rid}/deleteMessage`)
  const dino = { alice: await DinoClient.open(server.url), zoe: await DinoClient.open(server.url) }
  for (const name of ['alice', 'zoe'] as const)
    await dino[name].login(IDS[name], name.toUpperCase(), `token-of-${name}`)
  const { data } = await dino.alice.request('history', { verb: 'list', target: { id: rid } })
  const [{ id }] = data.data.object.attachments
  const deleted = await dino.zoe.request('delete', { verb: 'delete', target: { id: rid }, object: { id } })
  expect(deleted.code).toBe(200)
  const [told] = await bob.event('notify-room', (_, event) => event === `${rid}/deleteMessage`)
  expect(told).toEqual({ _id: 'chosen-by-alice' })
  for (const client of Object.values(dino)) client.close()
})
