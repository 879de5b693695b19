// The seed: e2e.updateGroupKey in a room of several members (design 6), under both settings.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TestServer } from '../server.ts'
import { Ddp, rest } from './ddp.ts'
import { IDS, start, tokenOf } from './start.ts'

const KEY = (letter: string) => `${'k'.repeat(12)}${letter.repeat(344)}`

/** Every field of the seed's example. */
const SEED_FIELDS = [
  '_id',
  'open',
  'alert',
  'unread',
  'userMentions',
  'groupMentions',
  'ts',
  'rid',
  'name',
  'fname',
  'customFields',
  't',
  'u',
  'ls',
  '_updatedAt',
  'roles',
  'E2EKey',
]

let rooms = 0

async function encryptedRoom(alice: Ddp, members: string[] = ['bob', 'carol']): Promise<string> {
  const made = await alice.call('createPrivateGroup', `sealed ${rooms++}`, members, false, {}, { encrypted: true })
  return made.rid
}

async function subscriptionOf(client: Ddp, rid: string) {
  return (await client.call('subscriptions/get')).find((one: { rid: string }) => one.rid === rid)
}

describe('e2e.updateGroupKey as the seed has it', () => {
  let server: TestServer
  let alice: Ddp
  let bob: Ddp
  beforeAll(async () => {
    server = await start()
    alice = await Ddp.as(server.url, 'alice')
    bob = await Ddp.as(server.url, 'bob')
  })
  afterAll(() => server?.remove())

  test("one's own key is saved, and the result is the subscription with every field of the example", async () => {
    const rid = await encryptedRoom(alice)
    const result = await alice.call('e2e.updateGroupKey', rid, IDS.alice, KEY('A'))
    expect(Object.keys(result)).toEqual(expect.arrayContaining(SEED_FIELDS))
    expect(result).toMatchObject({ rid, t: 'p', roles: ['owner'], E2EKey: KEY('A'), open: true, unread: 0 })
    expect(result.u).toMatchObject({ _id: IDS.alice, username: 'alice' })
    for (const date of [result.ts, result.ls, result._updatedAt]) expect(date).toEqual({ $date: expect.any(Number) })
    expect((await subscriptionOf(alice, rid)).E2EKey).toBe(KEY('A'))
  })

  test("the first key for another member is saved on the other's subscription, shown with fresh counters", async () => {
    const rid = await encryptedRoom(alice)
    await bob.sub('stream-notify-user', `${IDS.bob}/subscriptions-changed`)
    const from = bob.frames.length
    const result = await alice.call('e2e.updateGroupKey', rid, IDS.bob, KEY('B'))
    expect(result).toMatchObject({ rid, open: true, alert: false, unread: 0, userMentions: 0, groupMentions: 0 })
    expect(result).toMatchObject({ u: { _id: IDS.bob, username: 'bob' }, E2EKey: KEY('B'), roles: [] })
    expect(result.ls).toEqual(result.ts)
    const changed = await bob.event('notify-user', ([kind, doc]) => kind === 'updated' && doc.rid === rid, from)
    expect(changed[1].E2EKey).toBe(KEY('B'))
    expect((await subscriptionOf(bob, rid)).E2EKey).toBe(KEY('B'))
  })

  test("nobody overwrites another's key: a second one is suggested, without a result", async () => {
    const rid = await encryptedRoom(alice)
    await alice.call('e2e.updateGroupKey', rid, IDS.bob, KEY('B'))
    const second = await alice.ask('e2e.updateGroupKey', rid, IDS.bob, KEY('C'))
    expect(second).toEqual({ msg: 'result', id: second.id })
    expect(await subscriptionOf(bob, rid)).toMatchObject({ E2EKey: KEY('B'), E2ESuggestedKey: KEY('C') })
  })

  test('nothing is done and nothing is revealed when caller or target is no member, or the room is unknown', async () => {
    const rid = await encryptedRoom(alice, ['bob'])
    const mallory = await Ddp.as(server.url, 'mallory')
    for (const [client, ...params] of [
      [mallory, rid, IDS.mallory, KEY('M')],
      [mallory, rid, IDS.bob, KEY('M')],
      [alice, rid, IDS.mallory, KEY('M')],
      [alice, rid, 'nobody', KEY('M')],
      [alice, 'no-such-room', IDS.bob, KEY('M')],
    ] as const) {
      const answer = await client.ask('e2e.updateGroupKey', ...params)
      expect(answer).toEqual({ msg: 'result', id: answer.id })
    }
    expect(await subscriptionOf(bob, rid)).not.toHaveProperty('E2EKey')
    mallory.close()
  })

  test('without a log-in it is error-invalid-user under the name that the real server gives', async () => {
    const stranger = await Ddp.connect(server.url)
    const { error } = await stranger.ask('e2e.updateGroupKey', 'rid', IDS.bob, 'key')
    expect(error).toMatchObject({ error: 'error-invalid-user', reason: 'Invalid user', errorType: 'Meteor.Error' })
    expect(error.details).toEqual({ method: 'e2e.acceptSuggestedGroupKey' })
    stranger.close()
  })

  test('arguments wrapped into one array, as the SDK 0.2.9 sends them, are taken', async () => {
    const rid = await encryptedRoom(alice)
    expect(await alice.call('e2e.updateGroupKey', [rid, IDS.alice, KEY('A')])).toMatchObject({ E2EKey: KEY('A') })
  })

  test('arguments of other types are a failed match, and the connection lives', async () => {
    for (const params of [[], ['a'], [1, 2, 3], [{ $ne: '' }, 'b', 'c'], [null, null, null]]) {
      expect((await alice.ask('e2e.updateGroupKey', ...params)).error).toMatchObject({
        error: 400,
        reason: 'Match failed',
      })
    }
    expect(await alice.call('e2e.fetchMyKeys')).toEqual({})
  })

  test('REST answers success and never shows the subscription', async () => {
    const rid = await encryptedRoom(alice)
    const who = { id: IDS.alice, token: tokenOf('alice') }
    const answer = await rest(server.url, who, 'POST', 'v1/e2e.updateGroupKey', { uid: IDS.bob, rid, key: KEY('B') })
    expect(answer).toEqual({ status: 200, type: 'application/json', body: { success: true } })
    expect((await subscriptionOf(bob, rid)).E2EKey).toBe(KEY('B'))
  })
})

describe('e2e.updateGroupKey = "suggest", as newer servers have it', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await start({ config: { rocketchat: { updateGroupKey: 'suggest' } } })
  })
  afterAll(() => server?.remove())

  test("a key for another is only suggested, one's own is saved (RC-102, RC-104)", async () => {
    const alice = await Ddp.as(server.url, 'alice')
    const bob = await Ddp.as(server.url, 'bob')
    const rid = await encryptedRoom(alice)
    const answer = await alice.ask('e2e.updateGroupKey', rid, IDS.bob, KEY('B'))
    expect(answer).toEqual({ msg: 'result', id: answer.id })
    const held = await subscriptionOf(bob, rid)
    expect(held.E2ESuggestedKey).toBe(KEY('B'))
    expect(held).not.toHaveProperty('E2EKey')
    expect(await alice.call('e2e.updateGroupKey', rid, IDS.alice, KEY('A'))).toMatchObject({ E2EKey: KEY('A') })
  })
})
