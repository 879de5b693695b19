// What somebody can do to others' keys who is a member, was one, or never was; and what rooms of X let this wire do.
import { uuidOf } from '@conclave/wire'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { TestServer } from '../server.ts'
import { enroll, makeGroup } from '../xchat/hand.ts'
import { Ddp, type Frame, rest } from './ddp.ts'
import { digestOf, IDS, type Name, start, tokenOf } from './start.ts'

let server: TestServer
const open: Ddp[] = []
let rooms = 0

beforeAll(async () => {
  server = await start()
  for (const name of ['alice', 'bob', 'carol', 'mallory'] as const)
    await api(name, 'POST', 'e2e.setUserPublicAndPrivateKeys', {
      public_key: `public of ${name}`,
      private_key: `private of ${name}, wrapped`,
    })
})
afterEach(() => {
  for (const client of open.splice(0)) client.close()
})
afterAll(() => server?.remove())

const api = (name: Name, verb: 'GET' | 'POST', path: string, body?: unknown) =>
  rest(server.url, { id: IDS[name], token: tokenOf(name) }, verb, `v1/${path}`, body)

async function as(name: Name): Promise<Ddp> {
  const client = await Ddp.as(server.url, name)
  open.push(client)
  return client
}

async function keyedRoom(...members: Name[]): Promise<{ rid: string; alice: Ddp }> {
  const alice = await as('alice')
  const made = ['createPrivateGroup', `attacked ${rooms++}`, members, false, {}, { encrypted: true }] as const
  const { rid } = await alice.call(...made)
  await alice.call('e2e.setRoomKeyID', rid, 'K')
  await alice.call('e2e.updateGroupKey', rid, IDS.alice, 'K of alice')
  return { rid, alice }
}

const provide = (name: Name, rid: string, ...users: object[]) =>
  api(name, 'POST', 'e2e.provideUsersSuggestedGroupKeys', { usersSuggestedGroupKeys: { [rid]: users } })
const held = async (name: Name, rid: string): Promise<Frame> =>
  (await (await as(name)).call('subscriptions/get')).find((one: Frame) => one.rid === rid)
const proof = (name: Name) => ({ 'x-2fa-code': digestOf(name).digest, 'x-2fa-method': 'password' })
async function resetKeys(by: Name, body: object): Promise<{ status: number; body: Frame }> {
  const headers = { 'x-user-id': IDS[by], 'x-auth-token': tokenOf(by), 'content-type': 'application/json' }
  const response = await fetch(`${server.url}/api/v1/users.resetE2EKey`, {
    method: 'POST',
    headers: { ...headers, ...proof(by) },
    body: JSON.stringify(body),
  })
  return { status: response.status, body: (await response.json()) as Frame }
}

describe('a member with bad intentions', () => {
  test("cannot take anybody's key away, nor change the room's", async () => {
    const { rid, alice } = await keyedRoom('bob', 'mallory')
    await (await as('bob')).call('e2e.updateGroupKey', rid, IDS.bob, 'K of bob')
    const mallory = await as('mallory')
    await mallory.call('e2e.updateGroupKey', rid, IDS.bob, 'from mallory')
    await provide('mallory', rid, { _id: IDS.alice, key: 'from mallory', oldKeys: [] })
    expect(await held('bob', rid)).toMatchObject({ E2EKey: 'K of bob', E2ESuggestedKey: 'from mallory' })
    expect((await held('alice', rid)).E2EKey).toBe('K of alice')
    expect((await mallory.ask('e2e.setRoomKeyID', rid, 'M')).error.error).toBe('error-room-e2e-key-already-exists')
    expect((await api('mallory', 'POST', 'e2e.resetRoomKey', { rid, e2eKey: 'k', e2eKeyId: 'M' })).status).toBe(403)
    expect((await api('mallory', 'POST', 'rooms.saveRoomSettings', { rid, encrypted: false })).status).toBe(400)
    const shown = (await alice.call('rooms/get')).find((one: Frame) => one._id === rid)
    expect([shown.e2eKeyId, shown.encrypted]).toEqual(['K', true])
  })

  test('can settle nobody else’s suggestion, and one is settled once', async () => {
    const { rid } = await keyedRoom('bob', 'mallory')
    await provide('alice', rid, { _id: IDS.bob, key: 'K of bob' })
    for (const how of ['accept', 'reject']) {
      const body = { rid, userId: IDS.bob, uid: IDS.bob }
      const { body: answer } = await api('mallory', 'POST', `e2e.${how}SuggestedGroupKey`, body)
      expect(answer.errorType).toBe('error-no-suggested-key-available')
    }
    const both = await Promise.all(
      ['accept', 'reject'].map(how => api('bob', 'POST', `e2e.${how}SuggestedGroupKey`, { rid })),
    )
    expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 400])
  })

  test('who was put out brings no keys, gets none, and learns of none', async () => {
    const { rid, alice } = await keyedRoom('bob', 'mallory')
    const mallory = await as('mallory')
    await mallory.sub('stream-notify-user', `${IDS.mallory}/subscriptions-changed`)
    await alice.call('removeUserFromRoom', { rid, username: 'mallory' })
    await mallory.event('notify-user', ([kind]) => kind === 'removed')
    const from = mallory.frames.length
    await provide('mallory', rid, { _id: IDS.bob, key: 'from outside' })
    await mallory.call('e2e.updateGroupKey', rid, IDS.bob, 'from outside')
    expect(await held('bob', rid)).not.toHaveProperty('E2ESuggestedKey')
    await provide('alice', rid, { _id: IDS.mallory, key: 'for mallory' }, { _id: IDS.bob, key: 'K of bob' })
    expect((await api('mallory', 'POST', 'e2e.acceptSuggestedGroupKey', { rid })).body.errorType).toBe(
      'error-subscription-not-found',
    )
    const seen = JSON.stringify([
      mallory.frames.slice(from),
      await mallory.call('e2e.requestSubscriptionKeys'),
      (await api('mallory', 'GET', `e2e.fetchUsersWaitingForGroupKey?roomIds[]=${rid}`)).body,
      (await api('mallory', 'GET', `e2e.getUsersOfRoomWithoutKey?rid=${rid}`)).body,
    ])
    expect(seen).not.toMatch(/K of|for mallory|public of/)
  })

  test('too many and too large things are refused whole', async () => {
    const { rid } = await keyedRoom('bob')
    const many = Array.from({ length: 1_001 }, () => ({ _id: IDS.bob, key: 'k' }))
    const rooms = Object.fromEntries(Array.from({ length: 1_001 }, (_, at) => [`r${at}`, []]))
    const old = Array.from({ length: 101 }, () => ({ e2eKeyId: 'o', ts: new Date(), E2EKey: 'k' }))
    for (const answer of [
      await provide('alice', rid, ...many),
      await provide('alice', rid, { _id: IDS.bob, key: 'k', oldKeys: old }),
      await api('alice', 'POST', 'e2e.provideUsersSuggestedGroupKeys', { usersSuggestedGroupKeys: rooms }),
      await api('alice', 'POST', 'e2e.resetRoomKey', { rid, e2eKey: 'k'.repeat(4_097), e2eKeyId: 'N' }),
      await api('alice', 'POST', 'e2e.resetRoomKey', { rid, e2eKey: 'k', e2eKeyId: 'N'.repeat(129) }),
    ])
      expect([answer.status, answer.body.errorType]).toEqual([400, 'invalid-params'])
    expect(await held('bob', rid)).not.toHaveProperty('E2ESuggestedKey')
  })
})

describe('the reset of keys', () => {
  test('of others takes the permission; then it is as their own', async () => {
    const dave = await as('dave')
    await dave.call('e2e.setUserPublicAndPrivateKeys', { public_key: 'public of dave', private_key: 'w' })
    for (const [by, body] of [
      ['mallory', { userId: IDS.dave }],
      ['mallory', { username: 'dave' }],
      ['mallory', { user: 'nobody-at-all' }],
    ] as const)
      expect((await resetKeys(by, body)).body.errorType).toBe('error-not-allowed')
    expect(await dave.call('e2e.fetchMyKeys')).toHaveProperty('public_key')
    expect((await resetKeys('ada', { username: 'nobody-at-all' })).body.errorType).toBe('error-invalid-user-id')
    expect(await resetKeys('ada', { username: 'dave' })).toMatchObject({ status: 200, body: { success: true } })
    expect(await dave.untilClosed()).toBe(4001)
    expect((await api('dave', 'GET', 'e2e.fetchMyKeys')).body).toEqual({ success: true })
  })

  test('is asked for by its own user alone, with a proof that is one', async () => {
    const carol = await as('carol')
    const wrong: unknown[] = [{}, { twoFactorCode: 'x', twoFactorMethod: 'password' }, { twoFactorCode: 7 }]
    wrong.push({ twoFactorCode: digestOf('alice').digest, twoFactorMethod: 'password' }, digestOf('carol').digest)
    for (const code of wrong) expect((await carol.ask('e2e.resetOwnE2EKey', code)).error.error).toMatch(/^totp-/)
    expect(await carol.call('e2e.fetchMyKeys')).toHaveProperty('public_key', 'public of carol')
  })
})

test('a room of X has keys of its own: whatever writes is refused there, and nobody waits for anything', async () => {
  const [alice, bob] = [await enroll(server.url, IDS.alice), await enroll(server.url, IDS.bob)]
  const group = await makeGroup(server.url, alice, [alice, bob])
  const rid = uuidOf(group.id.slice(1))
  const client = await as('alice')
  const before = (await client.call('rooms/get')).find((one: Frame) => one._id === rid)
  expect([before.e2eKeyId, before.usersWaitingForE2EKeys]).toEqual([group.version, undefined])
  for (const [method, ...params] of [
    ['e2e.setRoomKeyID', rid, 'K'],
    ['e2e.updateGroupKey', rid, IDS.alice, 'k'],
    ['saveRoomSettings', rid, 'encrypted', false],
  ] as const)
    expect((await client.ask(method, ...params)).error.error).toMatch(/^error-(action-)?not-allowed$/)
  for (const [path, body] of [
    ['e2e.acceptSuggestedGroupKey', { rid }],
    ['e2e.rejectSuggestedGroupKey', { rid }],
    ['e2e.resetRoomKey', { rid, e2eKey: 'k', e2eKeyId: '9999999999999' }],
  ] as const)
    expect((await api('alice', 'POST', path, body)).status).toBeGreaterThanOrEqual(400)
  expect((await provide('alice', rid, { _id: IDS.bob, key: 'k' })).status).toBe(200)
  expect((await api('alice', 'GET', `e2e.fetchUsersWaitingForGroupKey?roomIds[]=${rid}`)).body).toEqual({
    usersWaitingForE2EKeys: {},
    success: true,
  })
  const after = (await client.call('rooms/get')).find((one: Frame) => one._id === rid)
  expect([after.e2eKeyId, after.encrypted]).toEqual([group.version, true])
  expect(await held('bob', rid)).not.toHaveProperty('E2ESuggestedKey')
})

describe('the key id of a public room', () => {
  test('is given once by whoever may enter, and is no key: what is said there stays plain', async () => {
    const alice = await as('alice')
    const { rid } = await alice.call('createChannel', 'square', ['bob'])
    const given = await api('mallory', 'POST', 'e2e.setRoomKeyID', { rid, keyID: 'K' })
    expect([given.status, given.body.success]).toEqual([200, true])
    const again = await api('bob', 'POST', 'e2e.setRoomKeyID', { rid, keyID: 'K2' })
    expect(again.body.errorType).toBe('error-room-e2e-key-already-exists')
    expect((await api('bob', 'GET', `rooms.info?roomId=${rid}`)).body.room).toMatchObject({ e2eKeyId: 'K', t: 'c' })
    expect((await api('bob', 'POST', 'chat.sendMessage', { message: { rid, msg: 'plain' } })).status).toBe(200)
    expect((await api('alice', 'POST', 'e2e.resetRoomKey', { rid, e2eKey: 'k', e2eKeyId: 'N' })).status).not.toBe(200)
  })

  test('names no key that its members would wait for once it is private; one that was theirs before stays', async () => {
    const alice = await as('alice')
    const { rid } = await alice.call('createChannel', 'passage', ['bob'])
    await api('mallory', 'POST', 'e2e.setRoomKeyID', { rid, keyID: 'K of mallory' })
    const save = (settings: object) => api('alice', 'POST', 'rooms.saveRoomSettings', { rid, ...settings })
    expect((await save({ roomType: 'p' })).status).toBe(200)
    expect((await save({ encrypted: true })).status).toBe(200)
    const room = async () => (await api('alice', 'GET', `rooms.info?roomId=${rid}`)).body.room
    expect(await room()).not.toHaveProperty('e2eKeyId')
    expect((await api('alice', 'POST', 'e2e.setRoomKeyID', { rid, keyID: 'K of alice' })).status).toBe(200)
    expect((await save({ encrypted: false })).status).toBe(200)
    expect((await save({ roomType: 'c' })).status).toBe(200)
    expect((await save({ roomType: 'p' })).status).toBe(200)
    expect(await room()).toMatchObject({ e2eKeyId: 'K of alice' })
  })
})
