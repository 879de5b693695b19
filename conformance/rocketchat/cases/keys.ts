// The recorded cases about keys.
import { expect } from 'vitest'
import type { Ddp, Frame } from '../ddp.ts'
import { digestOf, IDS, type Name, passwordOf } from '../start.ts'
import { api, as, type Cases, connected, headers, sealedRoom, server } from './tools.ts'

const OK = { status: 200, body: { success: true } }
const sealedContent = (kid: string) => ({
  algorithm: 'rc.v2.aes-sha2',
  kid,
  iv: 'A'.repeat(16),
  ciphertext: 'A'.repeat(24),
})
const copy = (letter: string) => `${'k'.repeat(12)}${letter.repeat(344)}`

/** A pair for each, whatever a case before has left. */
async function pairs(...names: Name[]): Promise<void> {
  for (const name of names) {
    const keys = { public_key: `public of ${name}`, private_key: `wrapped of ${name}`, force: true }
    expect(await api(name, 'POST', 'e2e.setUserPublicAndPrivateKeys', keys)).toMatchObject(OK)
  }
}

/** An encrypted room with a key that alice alone has; everybody in it has a pair. */
async function keyedRoom(alice: Ddp, ...names: Name[]): Promise<string> {
  await pairs('alice', ...names)
  const rid = await sealedRoom(alice, names)
  await alice.call('e2e.setRoomKeyID', rid, 'K')
  await alice.call('e2e.updateGroupKey', rid, IDS.alice, copy('A'))
  return rid
}

const subscription = async (client: Ddp, rid: string): Promise<Frame> =>
  (await client.call('subscriptions/get')).find((one: Frame) => one.rid === rid)
const room = async (client: Ddp, rid: string): Promise<Frame> =>
  (await client.call('rooms/get')).find((one: Frame) => one._id === rid)
const queue = async (client: Ddp, rid: string): Promise<string[]> =>
  ((await room(client, rid)).usersWaitingForE2EKeys ?? []).map(({ userId }: Frame) => userId)
const waiting = (name: Name, ...rids: string[]) =>
  api(name, 'GET', `e2e.fetchUsersWaitingForGroupKey?${rids.map(rid => `roomIds[]=${rid}`).join('&')}`)
const provide = (name: Name, rid: string, ...users: object[]) =>
  api(name, 'POST', 'e2e.provideUsersSuggestedGroupKeys', { usersSuggestedGroupKeys: { [rid]: users } })
const settle = (name: Name, how: 'accept' | 'reject', body: object) =>
  api(name, 'POST', `e2e.${how}SuggestedGroupKey`, body)
const reset = (name: Name, rid: string, e2eKeyId: string) =>
  api(name, 'POST', 'e2e.resetRoomKey', { rid, e2eKey: `${e2eKeyId} of ${name}`, e2eKeyId })
const oldKey = { e2eKeyId: 'o', ts: '2025-01-01T00:00:00.000Z', E2EKey: 'ok' }
/** The same as the realtime wire shows it. */
const oldKeyShown = { ...oldKey, ts: { $date: Date.parse(oldKey.ts) } }
/** With settings as an administrator sets them, and as they were again. */
async function withSettings(wanted: Readonly<Record<string, unknown>>, work: () => Promise<unknown>): Promise<void> {
  const before: [string, unknown][] = []
  const set = async (id: string, value: unknown) =>
    expect(await api('ada', 'POST', `settings/${id}`, { value })).toMatchObject(OK)
  try {
    for (const [id, value] of Object.entries(wanted)) {
      before.push([id, (await api('ada', 'GET', `settings/${id}`)).body.value])
      await set(id, value)
    }
    await work()
  } finally {
    for (const [id, value] of before) await set(id, value)
  }
}
let groups = 0
const groupName = () => `key-case-${groups++}`
const createGroup = (extraData?: object, more: object = {}) =>
  api('alice', 'POST', 'groups.create', { name: groupName(), ...(extraData ? { extraData } : {}), ...more })
const saveEncrypted = (name: Name, rid: string, encrypted: boolean) =>
  api(name, 'POST', 'rooms.saveRoomSettings', { rid, encrypted })
const enforced = { status: 400, body: { success: false, errorType: 'error-encrypted-private-rooms-enforced' } }
/** A proof by the password, in headers. */
const proven = async (name: Name, path: string, body: object, code = digestOf(name).digest) => {
  const { id, token } = headers(name)
  const response = await fetch(`${server.url}/api/v1/${path}`, {
    method: 'POST',
    headers: {
      'x-user-id': id,
      'x-auth-token': token,
      'content-type': 'application/json',
      'x-2fa-code': code,
      'x-2fa-method': 'password',
    },
    body: JSON.stringify(body),
  })
  return { status: response.status, body: (await response.json()) as Frame }
}

export const KEYS: Cases = {
  'RC-077': async () => {
    const keys = { private_key: 'test', public_key: 'test' }
    expect((await api('carol', 'POST', 'e2e.setUserPublicAndPrivateKeys', keys)).body).toEqual({ success: true })
    const again = await (await as('carol')).ask('e2e.setUserPublicAndPrivateKeys', keys)
    expect(again.error.error).toBe('error-keys-already-set')
  },
  'RC-078': async () =>
    expect((await api('carol', 'GET', 'e2e.fetchMyKeys')).body).toEqual({
      public_key: 'test',
      private_key: 'test',
      success: true,
    }),
  'RC-080': async () => {
    const keys = { private_key: 'b', public_key: 'b', force: true }
    expect((await api('carol', 'POST', 'e2e.setUserPublicAndPrivateKeys', keys)).body).toEqual({ success: true })
    expect((await api('carol', 'GET', 'e2e.fetchMyKeys')).body).toMatchObject({ public_key: 'b', private_key: 'b' })
  },
  'RC-081': async () => expect((await api('dave', 'GET', 'e2e.fetchMyKeys')).body).toEqual({ success: true }),
  'RC-084': async () =>
    expect((await (await connected()).ask('e2e.setUserPublicAndPrivateKeys', {})).error.error).toBe(
      'error-invalid-user',
    ),
  'RC-088': async () => expect(JSON.stringify((await api('carol', 'GET', 'me')).body)).not.toMatch(/e2e|public_key/),
  'RC-089': async () => {
    const answer = await api('dave', 'POST', 'e2e.setUserPublicAndPrivateKeys', { public_key: 'x' })
    expect([answer.status, answer.body.errorType]).toEqual([400, 'invalid-params'])
  },
  'RC-090': async () => {
    const rid = await sealedRoom(await as('alice'))
    expect((await api('alice', 'POST', 'e2e.setRoomKeyID', { rid, keyID: 'K' })).body).toEqual({ success: true })
  },
  'RC-091': async () => {
    const rid = await sealedRoom(await as('alice'))
    await api('alice', 'POST', 'e2e.setRoomKeyID', { rid, keyID: 'K' })
    for (const keyID of ['K', 'K2'])
      expect(await api('alice', 'POST', 'e2e.setRoomKeyID', { rid, keyID })).toMatchObject({
        status: 400,
        body: {
          error: 'E2E Key ID already exists [error-room-e2e-key-already-exists]',
          errorType: 'error-room-e2e-key-already-exists',
          details: { method: 'e2e.setRoomKeyID' },
        },
      })
  },
  'RC-092': async () => {
    const rid = await sealedRoom(await as('alice'))
    const answers = await Promise.all(
      (['alice', 'bob'] as const).map(name => api(name, 'POST', 'e2e.setRoomKeyID', { rid, keyID: `K-${name}` })),
    )
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, 400])
    const lost = answers.find(({ status }) => status === 400)
    expect(lost?.body.errorType).toBe('error-room-e2e-key-already-exists')
  },
  'RC-093': async () => {
    const rid = await sealedRoom(await as('alice'))
    const answer = await api('mallory', 'POST', 'e2e.setRoomKeyID', { rid, keyID: 'K' })
    expect([answer.status, answer.body.error]).toEqual([400, 'Invalid room [error-invalid-room]'])
  },
  'RC-096': async () => {
    const alice = await as('alice')
    const answer = await alice.ask('e2e.setRoomKeyID', await sealedRoom(alice), 'K')
    expect(answer).toEqual({ msg: 'result', id: answer.id })
  },
  'RC-097': async () => {
    const alice = await as('alice')
    const rid = await keyedRoom(alice, 'carol')
    await alice.call('addUsersToRoom', { rid, users: ['dave'] })
    const { body } = await api('alice', 'GET', `e2e.getUsersOfRoomWithoutKey?rid=${rid}`)
    const without = [{ _id: IDS.carol, e2e: { public_key: 'public of carol' } }]
    expect(body).toEqual({ users: without, success: true })
    // Who asks is among them where they lack it themselves.
    expect((await api('carol', 'GET', `e2e.getUsersOfRoomWithoutKey?rid=${rid}`)).body.users).toEqual(without)
  },
  'RC-099': async () => {
    const { status, body } = await api('alice', 'GET', 'e2e.getUsersOfRoomWithoutKey')
    expect([status, body.errorType]).toEqual([400, 'invalid-params'])
  },
  'RC-107': async () => {
    const { error } = await (await connected()).ask('e2e.updateGroupKey', 'R', IDS.bob, 'key')
    expect(error).toMatchObject({ error: 'error-invalid-user', details: { method: 'e2e.acceptSuggestedGroupKey' } })
  },
  'RC-114': async () => expect((await api(null, 'POST', 'e2e.updateGroupKey', {})).status).toBe(401),
  'RC-140': async () => {
    const [alice, bob] = [await as('alice'), await as('bob')]
    const rid = await sealedRoom(alice)
    await alice.call('e2e.setRoomKeyID', rid, 'K')
    await alice.sub('stream-notify-room', `${rid}/e2e.keyRequest`)
    expect(await bob.call('e2e.requestSubscriptionKeys')).toBe(true)
    expect(await alice.event('notify-room')).toEqual(['K'])
  },
  'RC-142': async () => {
    const { error } = await (await connected()).ask('e2e.requestSubscriptionKeys')
    expect(error).toMatchObject({ error: 'error-invalid-user', details: { method: 'requestSubscriptionKeys' } })
  },
  'RC-164': async () => {
    const alice = await as('alice')
    const rid = await keyedRoom(alice, 'carol')
    await alice.call('addUsersToRoom', { rid, users: ['dave', 'bob'] })
    expect((await queue(alice, rid)).includes(IDS.dave)).toBe(false)
    expect((await queue(alice, rid)).includes(IDS.carol)).toBe(true)
  },
  'RC-086': async () => {
    const alice = await as('alice')
    const rid = await keyedRoom(alice, 'bob', 'carol')
    const before = (await room(alice, rid)).usersWaitingForE2EKeys
    await pairs('bob')
    expect((await room(alice, rid)).usersWaitingForE2EKeys).toEqual(before)
    expect(before.map(({ userId }: Frame) => userId)).toEqual([IDS.bob, IDS.carol])
  },
  'RC-101': async () => {
    const alice = await as('alice')
    const rid = await keyedRoom(alice, 'carol')
    await provide('alice', rid, { _id: IDS.carol, key: copy('C') })
    const { body } = await api('alice', 'GET', `e2e.getUsersOfRoomWithoutKey?rid=${rid}`)
    expect(body.users).toEqual([{ _id: IDS.carol, e2e: { public_key: 'public of carol' } }])
  },
  'RC-103': async () => {
    const [alice, bob] = [await as('alice'), await as('bob')]
    const rid = await keyedRoom(alice, 'bob')
    expect(await queue(alice, rid)).toEqual([IDS.bob])
    await alice.sub('stream-notify-user', `${IDS.alice}/rooms-changed`)
    await bob.call('e2e.updateGroupKey', rid, IDS.bob, copy('B'))
    const [, shown] = await alice.event('notify-user', ([, one]) => one._id === rid)
    expect(shown).not.toHaveProperty('usersWaitingForE2EKeys')
  },
  // No unique index: whoever saves what another has saved harms nobody but themselves.
  'RC-116': async () => {
    const [alice, bob] = [await as('alice'), await as('bob')]
    const rid = await keyedRoom(alice, 'bob')
    expect((await bob.call('e2e.updateGroupKey', rid, IDS.bob, copy('A'))).E2EKey).toBe(copy('A'))
    expect((await subscription(alice, rid)).E2EKey).toBe(copy('A'))
  },
  'RC-117': async () => {
    const [alice, bob] = [await as('alice'), await as('bob')]
    const rid = await keyedRoom(alice, 'bob')
    await provide('alice', rid, { _id: IDS.bob, key: copy('B'), oldKeys: [oldKey] })
    await bob.sub('stream-notify-user', `${IDS.bob}/subscriptions-changed`)
    await alice.sub('stream-notify-user', `${IDS.alice}/rooms-changed`)
    expect(await settle('bob', 'accept', { rid })).toMatchObject(OK)
    const [kind, shown] = await bob.event('notify-user', ([, one]) => one.rid === rid)
    expect([kind, shown.E2EKey]).toEqual(['updated', copy('B')])
    for (const gone of ['E2ESuggestedKey', 'suggestedOldRoomKeys']) expect(shown).not.toHaveProperty(gone)
    await alice.event('notify-user', ([, one]) => one._id === rid)
    expect(await queue(alice, rid)).toEqual([])
    expect(await settle('bob', 'accept', { rid })).toMatchObject({
      status: 400,
      body: { errorType: 'error-no-suggested-key-available', details: { method: 'e2e.acceptSuggestedGroupKey' } },
    })
  },
  'RC-118': async () => {
    const [alice, bob] = [await as('alice'), await as('bob')]
    const rid = await keyedRoom(alice, 'bob')
    await provide('alice', rid, { _id: IDS.bob, key: copy('B'), oldKeys: [oldKey] })
    await settle('bob', 'accept', { rid })
    expect((await subscription(bob, rid)).oldRoomKeys).toEqual([oldKeyShown])
  },
  'RC-119': async () => {
    const [alice, bob] = [await as('alice'), await as('bob')]
    const rid = await keyedRoom(alice, 'bob')
    for (const e2eKeyId of ['o', 'other']) {
      await provide('alice', rid, { _id: IDS.bob, key: copy(e2eKeyId[0] as string), oldKeys: [{ ...oldKey, e2eKeyId }] })
      await settle('bob', 'accept', { rid })
    }
    const held = await subscription(bob, rid)
    expect(held.oldRoomKeys).toEqual([oldKeyShown])
    expect(held).not.toHaveProperty('suggestedOldRoomKeys')
  },
  'RC-120': async () => {
    const [alice, bob] = [await as('alice'), await as('bob')]
    const rid = await keyedRoom(alice, 'bob')
    await provide('alice', rid, { _id: IDS.bob, key: copy('B'), oldKeys: [oldKey] })
    expect(await queue(alice, rid)).toEqual([])
    await bob.sub('stream-notify-user', `${IDS.bob}/subscriptions-changed`)
    await alice.sub('stream-notify-user', `${IDS.alice}/rooms-changed`)
    expect(await settle('bob', 'reject', { rid })).toMatchObject(OK)
    const [, shown] = await bob.event('notify-user', ([, one]) => one.rid === rid)
    for (const gone of ['E2EKey', 'E2ESuggestedKey', 'suggestedOldRoomKeys', 'oldRoomKeys'])
      expect(shown).not.toHaveProperty(gone)
    const [, changed] = await alice.event('notify-user', ([, one]) => one._id === rid)
    expect(changed.usersWaitingForE2EKeys).toEqual([{ userId: IDS.bob, ts: { $date: expect.any(Number) } }])
  },
  'RC-124': async () => {
    const rid = await keyedRoom(await as('alice'), 'bob')
    for (const how of ['accept', 'reject'] as const) {
      const details = { method: `e2e.${how}SuggestedGroupKey` }
      const error = 'Subscription not found [error-subscription-not-found]'
      for (const foreign of [rid, 'no-such-room'])
        expect(await settle('mallory', how, { rid: foreign })).toMatchObject({ status: 400, body: { error, details } })
    }
  },
  'RC-125': async () => {
    for (const body of [{}, { rid: 7 }, { rid: { $ne: '' } }])
      expect(await settle('alice', 'accept', body)).toMatchObject({
        status: 400,
        body: { success: false, errorType: 'invalid-params' },
      })
  },
  'RC-127': async () => {
    const rid = await keyedRoom(await as('alice'), 'bob', 'carol')
    const both = [IDS.bob, IDS.carol].map((_id, at) => ({ _id, public_key: `public of ${at ? 'carol' : 'bob'}` }))
    expect((await waiting('alice', rid)).body).toEqual({ usersWaitingForE2EKeys: { [rid]: both }, success: true })
    // In every form in which clients write a list, and never who asks.
    const forms = [`roomIds=${encodeURIComponent(JSON.stringify([rid]))}`, `roomIds[0]=${rid}`, `roomIds=${rid}`]
    for (const form of forms) {
      const { body } = await api('bob', 'GET', `e2e.fetchUsersWaitingForGroupKey?${form}`)
      expect(body.usersWaitingForE2EKeys[rid]).toEqual([both[1]])
    }
    // Whether the room is encrypted already or not.
    const plain = (await (await as('alice')).call('createPrivateGroup', groupName(), ['bob'])).rid
    expect((await waiting('alice', plain)).body.usersWaitingForE2EKeys[plain]).toEqual([both[0]])
    for (const wrong of ['', '?roomIds=[1]', '?roomIds[]='])
      expect((await api('bob', 'GET', `e2e.fetchUsersWaitingForGroupKey${wrong}`)).body.errorType).toBe('invalid-params')
  },
  'RC-128': async () => {
    const rid = await keyedRoom(await as('alice'), 'bob')
    const none = { usersWaitingForE2EKeys: {}, success: true }
    for (const foreign of [rid, 'no-such-room']) expect((await waiting('mallory', foreign)).body).toEqual(none)
  },
  'RC-129': async () => {
    const alice = await as('alice')
    const [own, foreign] = [await keyedRoom(alice, 'bob', 'carol'), await keyedRoom(alice, 'bob')]
    const { body } = await waiting('carol', own, foreign)
    expect(Object.keys(body.usersWaitingForE2EKeys)).toEqual([own])
  },
  // Not as older servers: strangers get no public keys.
  'RC-130': async () => {
    const rid = await keyedRoom(await as('alice'), 'bob')
    expect(JSON.stringify((await waiting('mallory', rid)).body)).not.toContain('public of')
    const { status } = await api('mallory', 'GET', `e2e.getUsersOfRoomWithoutKey?rid=${rid}`)
    expect(status).toBe(400)
  },
  'RC-131': async () => {
    const rid = await keyedRoom(await as('alice'), 'bob', 'carol')
    await provide('alice', rid, { _id: IDS.bob, key: copy('B') })
    const { body } = await waiting('alice', rid)
    expect(body.usersWaitingForE2EKeys[rid].map(({ _id }: Frame) => _id)).toEqual([IDS.carol])
  },
  'RC-133': async () => {
    const [alice, bob] = [await as('alice'), await as('bob')]
    const rid = await keyedRoom(alice, 'bob')
    await bob.sub('stream-notify-user', `${IDS.bob}/subscriptions-changed`)
    await alice.sub('stream-notify-user', `${IDS.alice}/rooms-changed`)
    const users = [{ _id: IDS.bob, key: copy('B') }, { _id: IDS.mallory, key: copy('M') }, { _id: 'nobody', key: 'x' }]
    expect(await provide('alice', rid, ...users)).toMatchObject(OK)
    const [, shown] = await bob.event('notify-user', ([, one]) => one.rid === rid)
    expect(shown.E2ESuggestedKey).toBe(copy('B'))
    expect(shown).not.toHaveProperty('E2EKey')
    const [, changed] = await alice.event('notify-user', ([, one]) => one._id === rid)
    expect(changed).not.toHaveProperty('usersWaitingForE2EKeys')
    // Who is no member brings nothing, and learns nothing.
    expect(await provide('mallory', rid, { _id: IDS.bob, key: copy('M') })).toMatchObject(OK)
    expect((await subscription(bob, rid)).E2ESuggestedKey).toBe(copy('B'))
  },
  'RC-134': async () => {
    const [alice, bob] = [await as('alice'), await as('bob')]
    const rid = await keyedRoom(alice, 'bob')
    expect(await provide('alice', rid, { _id: IDS.bob, key: 'k', oldKeys: [oldKey] })).toMatchObject(OK)
    expect((await subscription(bob, rid)).suggestedOldRoomKeys).toEqual([oldKeyShown])
  },
  'RC-138': async () => {
    const body = { usersSuggestedGroupKeys: {} }
    expect(await api('alice', 'POST', 'e2e.provideUsersSuggestedGroupKeys', body)).toMatchObject(OK)
  },
  'RC-139': async () => {
    const rid = await keyedRoom(await as('alice'), 'bob')
    const wrong: object[] = [{ _id: IDS.bob }, { key: 'k' }, { _id: IDS.bob, key: '' }, { _id: IDS.bob, key: 7 }]
    wrong.push({ _id: IDS.bob, key: 'k', oldKeys: [{ e2eKeyId: 'o', E2EKey: 'ok' }] })
    wrong.push({ _id: IDS.bob, key: 'k', oldKeys: [{ ...oldKey, ts: 'yesterday' }] })
    wrong.push({ _id: IDS.bob, key: 'x'.repeat(4_097) })
    for (const entry of wrong)
      expect(await provide('alice', rid, { _id: IDS.bob, key: 'k' }, entry)).toMatchObject({
        status: 400,
        body: { errorType: 'invalid-params' },
      })
    for (const usersSuggestedGroupKeys of [undefined, null, [], { [rid]: {} }, 'k'])
      expect(
        await api('alice', 'POST', 'e2e.provideUsersSuggestedGroupKeys', { usersSuggestedGroupKeys }),
      ).toMatchObject({ status: 400 })
    expect(await subscription(await as('bob'), rid)).not.toHaveProperty('E2ESuggestedKey')
  },
  'RC-143': async () => {
    const [alice, bob] = [await as('alice'), await as('bob')]
    const rid = await keyedRoom(alice, 'bob', 'carol')
    await bob.call('e2e.updateGroupKey', rid, IDS.bob, copy('B'))
    await provide('alice', rid, { _id: IDS.carol, key: copy('C'), oldKeys: [oldKey] })
    await bob.sub('stream-notify-user', `${IDS.bob}/subscriptions-changed`)
    await bob.sub('stream-notify-user', `${IDS.bob}/rooms-changed`)
    expect(await reset('alice', rid, 'N')).toMatchObject(OK)
    const former = (E2EKey: string) => [{ e2eKeyId: 'K', ts: { $date: expect.any(Number) }, E2EKey }]
    const [, shown] = await bob.event('notify-user', ([, one]) => one.rid === rid && one.oldRoomKeys)
    expect(shown.oldRoomKeys).toEqual(former(copy('B')))
    expect(shown).not.toHaveProperty('E2EKey')
    const [, changed] = await bob.event('notify-user', ([, one]) => one._id === rid && one.e2eKeyId === 'N')
    expect(changed.usersWaitingForE2EKeys.map(({ userId }: Frame) => userId)).toEqual([IDS.bob, IDS.carol])
    const own = await subscription(alice, rid)
    expect([own.E2EKey, own.oldRoomKeys]).toEqual(['N of alice', former(copy('A'))])
    const other = await subscription(await as('carol'), rid)
    for (const gone of ['E2EKey', 'E2ESuggestedKey', 'suggestedOldRoomKeys', 'oldRoomKeys'])
      expect(other).not.toHaveProperty(gone)
    for (let key = 0; key < 12; key++) expect(await reset('alice', rid, `N${key}`)).toMatchObject(OK)
    const held = (await subscription(alice, rid)).oldRoomKeys.map(({ e2eKeyId }: Frame) => e2eKeyId)
    expect(held).toEqual(Array.from({ length: 10 }, (_, at) => `N${10 - at}`))
  },
  'RC-145': async () => {
    const alice = await as('alice')
    const rid = await keyedRoom(alice, 'bob')
    const answers = await Promise.all(Array.from({ length: 6 }, (_, at) => reset('alice', rid, `R${at}`)))
    const won = answers.flatMap(({ status }, at) => (status === 200 ? [`R${at}`] : []))
    expect(won.length).toBeGreaterThan(0)
    const lost = answers.filter(({ status }) => status !== 200)
    for (const { status, body } of lost)
      expect([status, body.success, body.error]).toEqual([400, false, 'error-e2e-key-reset-in-progress'])
    expect(won).toContain((await room(alice, rid)).e2eKeyId)
    // Each of them has taken the place of one that stands in the list: none was replaced unseen.
    expect((await subscription(alice, rid)).oldRoomKeys).toHaveLength(won.length)
  },
  'RC-146': async () => {
    const alice = await as('alice')
    const rid = await keyedRoom(alice, 'bob')
    const [foreign, unknown] = [await reset('mallory', rid, 'N'), await reset('mallory', 'no-such-room', 'N')]
    expect(foreign).toEqual(unknown)
    expect([foreign.status, foreign.body.success]).toEqual([403, false])
    // Members without the permission.
    expect((await reset('bob', rid, 'N')).status).toBe(403)
    expect((await room(alice, rid)).e2eKeyId).toBe('K')
  },
  'RC-147': async () => {
    const alice = await as('alice')
    const failed = { status: 400, body: { success: false, error: 'error-e2e-key-reset-failed' } }
    await pairs('alice')
    expect(await reset('alice', await sealedRoom(alice), 'N')).toMatchObject(failed)
    const erin = await as('erin')
    const rid = await sealedRoom(erin)
    await erin.call('e2e.setRoomKeyID', rid, 'K')
    expect(await reset('erin', rid, 'N')).toMatchObject(failed)
  },
  'RC-149': async () => {
    const [alice, frank, again] = [await as('alice'), await as('frank'), await connected()]
    const rid = await keyedRoom(alice, 'frank')
    await frank.call('e2e.updateGroupKey', rid, IDS.frank, copy('F'))
    const { token } = await again.call('login', { user: { username: 'frank' }, password: digestOf('frank') })
    for (const client of [frank, again]) await client.sub('stream-notify-user', `${IDS.frank}/force_logout`)
    expect(await proven('frank', 'users.resetE2EKey', {})).toMatchObject(OK)
    for (const client of [frank, again]) {
      expect(await client.untilClosed()).toBe(4001)
      expect(client.events('notify-user', `${IDS.frank}/force_logout`)).toEqual([[]])
    }
    expect((await (await connected()).ask('login', { resume: token })).error.error).toBe(403)
    expect((await api('frank', 'GET', 'e2e.fetchMyKeys')).body).toEqual({ success: true })
    for (const gone of ['E2EKey', 'E2ESuggestedKey', 'oldRoomKeys'])
      expect(await subscription(await as('frank'), rid)).not.toHaveProperty(gone)
    expect(await queue(alice, rid)).toEqual([])
    expect((await subscription(alice, rid)).E2EKey).toBe(copy('A'))
  },
  'RC-150': async () => {
    await pairs('bob')
    const answer = await api('bob', 'POST', 'users.resetE2EKey', {})
    expect(answer).toMatchObject({
      status: 400,
      body: { errorType: 'totp-required', details: { method: 'password', availableMethods: [] } },
    })
    const wrong = await proven('bob', 'users.resetE2EKey', {}, digestOf('alice').digest)
    expect([wrong.status, wrong.body.errorType]).toEqual([400, 'totp-invalid'])
    // The text is no proof, its digest is.
    expect((await proven('bob', 'users.resetE2EKey', {}, passwordOf('bob'))).body.errorType).toBe('totp-invalid')
    expect((await api('bob', 'GET', 'e2e.fetchMyKeys')).body).toHaveProperty('public_key')
    // Others' keys take a permission, and nobody learns who there is.
    for (const body of [{ userId: IDS.alice }, { username: 'nobody-at-all' }, { user: 'alice' }])
      expect(await proven('bob', 'users.resetE2EKey', body)).toMatchObject({
        status: 400,
        body: { errorType: 'error-not-allowed' },
      })
  },
  'RC-152': async () => {
    await pairs('frank')
    const frank = await as('frank')
    expect((await frank.ask('e2e.resetOwnE2EKey')).error).toMatchObject({
      error: 'totp-required',
      details: { method: 'password' },
    })
    await frank.sub('stream-notify-user', `${IDS.frank}/force_logout`)
    const proof = { twoFactorCode: digestOf('frank').digest, twoFactorMethod: 'password' }
    expect(await frank.call('e2e.resetOwnE2EKey', proof)).toBe(true)
    expect(await frank.untilClosed()).toBe(4001)
    expect((await api('frank', 'GET', 'e2e.fetchMyKeys')).body).toEqual({ success: true })
  },
  'RC-137': async () => {
    const [alice, bob] = [await as('alice'), await as('bob')]
    const rid = await keyedRoom(alice, 'bob')
    await withSettings({ E2E_Enable: false }, async () => {
      expect(await provide('alice', rid, { _id: IDS.bob, key: copy('B') })).toMatchObject(OK)
      expect(await subscription(bob, rid)).not.toHaveProperty('E2ESuggestedKey')
      expect((await waiting('alice', rid)).body).toEqual({ usersWaitingForE2EKeys: {}, success: true })
    })
    expect((await waiting('alice', rid)).body.usersWaitingForE2EKeys).toHaveProperty(rid)
  },
  'RC-153': async () => {
    const { status, body } = await createGroup({ encrypted: true })
    expect([status, body.group.encrypted, body.group.t, body.group.msgs]).toEqual([200, true, 'p', 0])
  },
  'RC-154': async () =>
    withSettings({ E2E_Enabled_Default_PrivateRooms: true, E2E_Enabled_Default_DirectRooms: true }, async () => {
      expect((await createGroup()).body.group.encrypted).toBe(true)
      const alice = await as('alice')
      const made = await alice.call('createPrivateGroup', groupName(), [])
      expect((await room(alice, made.rid)).encrypted).toBe(true)
      const direct = await alice.call('createDirectMessage', 'frank')
      expect((await room(alice, direct.rid)).encrypted).toBe(true)
      expect((await api('alice', 'POST', 'channels.create', { name: groupName() })).body.channel.encrypted ?? false).toBe(
        false,
      )
      await withSettings({ E2E_Enable: false }, async () =>
        expect((await createGroup()).body.group.encrypted ?? false).toBe(false),
      )
    }),
  'RC-155': async () =>
    withSettings({ E2E_Enabled_Default_PrivateRooms: true }, async () =>
      expect((await createGroup({ encrypted: false })).body.group.encrypted).toBe(false),
    ),
  'RC-156': async () => {
    const plain = (await createGroup({ encrypted: false })).body.group._id
    await withSettings({ E2E_Force_Encryption_For_Private_Rooms: true }, async () => {
      expect(await createGroup({ encrypted: false })).toMatchObject(enforced)
      const { group } = (await createGroup()).body
      expect(group.encrypted).toBe(true)
      expect(await saveEncrypted('alice', group._id, false)).toMatchObject(enforced)
      const alice = await as('alice')
      const made = await alice.ask('createPrivateGroup', groupName(), [], false, {}, { encrypted: false })
      expect(made.error.error).toBe('error-encrypted-private-rooms-enforced')
      // A room from before may be brought in line.
      expect(await saveEncrypted('alice', plain, true)).toMatchObject(OK)
    })
  },
  'RC-158': async () => {
    const alice = await as('alice')
    const rid = await sealedRoom(alice)
    const denied = { success: false, errorType: 'error-action-not-allowed' }
    expect(await saveEncrypted('bob', rid, false)).toMatchObject({ status: 400, body: denied })
    await withSettings({ E2E_Enable: false }, async () =>
      expect(await saveEncrypted('alice', rid, false)).toMatchObject({
        status: 400,
        body: { ...denied, details: { action: 'Change_Room_Encrypted' } },
      }),
    )
    // Who may edit the room and not its encryption.
    const roles = (toggle: string[]) =>
      api('ada', 'POST', 'permissions.update', { permissions: [{ _id: 'toggle-room-e2e-encryption', roles: toggle }] })
    expect(await roles(['admin'])).toMatchObject(OK)
    const answer = await api('alice', 'POST', 'rooms.saveRoomSettings', { rid, encrypted: false, roomTopic: 'half' })
    await roles(['owner', 'admin'])
    const error = 'You do not have permission to toggle E2E encryption [error-action-not-allowed]'
    expect(answer).toMatchObject({ status: 400, body: { ...denied, error } })
    // Nothing of it was saved.
    const shown = await room(alice, rid)
    expect([shown.encrypted, shown.topic ?? '']).toEqual([true, ''])
    // A channel cannot be encrypted by anybody.
    const channel = (await api('alice', 'POST', 'channels.create', { name: groupName() })).body.channel
    expect(await saveEncrypted('alice', channel._id, true)).toMatchObject({ status: 400, body: denied })
  },
  'RC-160': async () => {
    const [alice, bob] = [await as('alice'), await as('bob')]
    const { rid } = await alice.call('createPrivateGroup', groupName(), ['bob'])
    await bob.sub('stream-room-messages', rid)
    await bob.sub('stream-notify-user', `${IDS.bob}/rooms-changed`)
    await bob.sub('stream-notify-user', `${IDS.bob}/subscriptions-changed`)
    for (const encrypted of [true, false]) {
      const from = bob.frames.length
      await alice.call('saveRoomSettings', rid, 'encrypted', encrypted)
      const t = encrypted ? 'room_e2e_enabled' : 'room_e2e_disabled'
      const [shown] = await bob.event('room-messages', ([message]) => message.t === t, from)
      expect(shown).toMatchObject({ rid, msg: 'alice', u: { _id: IDS.alice } })
      await bob.event('notify-user', ([, one]) => one._id === rid && one.encrypted === encrypted, from)
      // The same again is nothing new.
      expect(await saveEncrypted('alice', rid, encrypted)).toMatchObject(OK)
    }
    const { messages } = await alice.call('loadHistory', rid, null, 50)
    expect(messages.filter(({ t }: Frame) => t?.startsWith('room_e2e'))).toHaveLength(2)
    // In a direct room either side may.
    const direct = await alice.call('createDirectMessage', 'bob')
    expect(await saveEncrypted('bob', direct.rid, true)).toMatchObject(OK)
    expect((await room(alice, direct.rid)).encrypted).toBe(true)
    expect(await saveEncrypted('alice', direct.rid, false)).toMatchObject(OK)
    expect((await saveEncrypted('carol', direct.rid, true)).status).toBe(400)
  },
  'RC-161': async () => {
    const { _id: roomId } = (await createGroup()).body.group
    for (const encrypted of ['no-boolean', 1, null, undefined])
      expect(await api('alice', 'POST', 'groups.setEncrypted', { roomId, encrypted })).toMatchObject({
        status: 400,
        body: { success: false, error: 'The bodyParam "encrypted" is required' },
      })
  },
  'RC-162': async () => {
    const { _id: roomId } = (await createGroup()).body.group
    for (const encrypted of [true, false]) {
      const answer = await api('alice', 'POST', 'groups.setEncrypted', { roomId, encrypted })
      expect([answer.status, answer.body.group.encrypted]).toEqual([200, encrypted])
      expect((await api('alice', 'GET', `groups.info?roomId=${roomId}`)).body.group.encrypted).toBe(encrypted)
    }
  },
  // Refused here, as the case would have it of a stricter server.
  'RC-111': async () => {
    const rid = await keyedRoom(await as('alice'), 'bob')
    expect(await api('alice', 'POST', 'chat.postMessage', { roomId: rid, text: 'plain' })).toMatchObject({
      status: 400,
      body: { success: false, errorType: 'error-not-allowed' },
    })
  },
  // Refused here: words beside a ciphertext that is none (L3; protocol/rocketchat.md).
  'RC-166': async () => {
    const rid = await keyedRoom(await as('alice'), 'bob')
    const message = { rid, t: 'e2e', e2e: 'pending', text: 'Encrypted Message' }
    expect(await api('alice', 'POST', 'chat.sendMessage', { message })).toMatchObject({
      status: 400,
      body: { success: false, errorType: 'error-not-allowed' },
    })
  },
  'RC-170': async () => {
    const [alice, bob] = [await as('alice'), await as('bob')]
    const rid = await keyedRoom(alice, 'bob')
    const e2eMentions = { e2eUserMentions: ['@bob', '@nobody-at-all'], e2eChannelMentions: [] }
    const sent = await alice.call('sendMessage', { rid, t: 'e2e', content: sealedContent('k'), e2eMentions })
    expect(sent.mentions).toMatchObject([{ _id: IDS.bob, username: 'bob' }])
    expect(sent.e2eMentions).toEqual(e2eMentions)
    expect(await subscription(bob, rid)).toMatchObject({ alert: true, unread: 1, userMentions: 1 })
  },
  'RC-176': async () => {
    const [alice, bob] = [await as('alice'), await as('bob')]
    const rid = await keyedRoom(alice, 'bob')
    const { _id: msgId } = await alice.call('sendMessage', { rid, t: 'e2e', content: sealedContent('k') })
    await bob.sub('stream-room-messages', rid)
    const change = { roomId: rid, msgId, content: sealedContent('other'), e2eMentions: {} }
    const { status, body } = await api('alice', 'POST', 'chat.update', change)
    expect(status).toBe(200)
    const edited = { _id: msgId, t: 'e2e', msg: '', content: change.content, editedBy: { _id: IDS.alice } }
    expect(body.message).toMatchObject({ ...edited, editedAt: expect.any(String) })
    expect((await bob.event('room-messages', ([message]) => message.editedAt))[0]).toMatchObject(edited)
    // No words come in this way (L3).
    expect(await api('alice', 'POST', 'chat.update', { roomId: rid, msgId, text: 'plain' })).toMatchObject({
      status: 400,
      body: { errorType: 'error-not-allowed' },
    })
  },
  'RC-177': async () => {
    const alice = await as('alice')
    const rid = await keyedRoom(alice, 'bob')
    const { _id: msgId } = await alice.call('sendMessage', { rid, t: 'e2e', content: sealedContent('k') })
    const change = { roomId: rid, msgId, content: sealedContent('other') }
    expect(await api('bob', 'POST', 'chat.update', change)).toMatchObject({
      status: 400,
      body: { success: false, errorType: 'error-action-not-allowed' },
    })
  },
}
