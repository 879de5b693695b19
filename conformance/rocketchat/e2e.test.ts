// Rocket.Chat's end-to-end encryption as people live it: two and more clients of both generations in one room, from the first
// key to the third.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { TestServer } from '../server.ts'
import { Ddp, type Frame, rest } from './ddp.ts'
import { E2eClient, type Generation, saidIn } from './e2e-client.ts'
import { newPair, newRoomKey, wrapRoomKey } from './e2e-formats.ts'
import { digestOf, IDS, type Name, start, tokenOf } from './start.ts'

let server: TestServer
const open: Ddp[] = []
let rooms = 0

beforeAll(async () => {
  server = await start()
})
afterEach(() => {
  for (const client of open.splice(0)) client.close()
})
afterAll(() => server?.remove())

interface Person {
  readonly wire: Ddp
  readonly keys: E2eClient
}

const api =
  (name: Name) =>
  (verb: 'GET' | 'POST', path: string, body?: unknown): ReturnType<typeof rest> =>
    rest(server.url, { id: IDS[name], token: tokenOf(name) }, verb, `v1/${path}`, body)

async function device(name: Name, generation: Generation): Promise<Person> {
  const wire = await Ddp.as(server.url, name)
  open.push(wire)
  return { wire, keys: new E2eClient(wire, IDS[name], generation, api(name)) }
}

/** A device of somebody who begins anew. */
async function person(name: Name, generation: Generation): Promise<Person> {
  await resetOf(name)
  const made = await device(name, generation)
  await made.keys.setUp(`passphrase of ${name}`)
  return made
}

async function resetOf(name: Name): Promise<void> {
  const wire = await Ddp.as(server.url, name)
  const proof = { twoFactorCode: digestOf(name).digest, twoFactorMethod: 'password' }
  expect(await wire.call('e2e.resetOwnE2EKey', proof)).toBe(true)
  await wire.untilClosed()
}

const sealedRoom = async (by: Person, ...members: Name[]): Promise<string> =>
  (await by.wire.call('createPrivateGroup', `story ${rooms++}`, members, false, {}, { encrypted: true })).rid

describe.each([
  ['v1', 'v1'],
  ['v2', 'v2'],
  ['v1', 'v2'],
] as const)('a client of generation %s and one of %s', (first, second) => {
  test('meet in a new room at once: one makes the key, the other throws its own away and gets it', async () => {
    const [alice, bob] = [await person('alice', first), await person('bob', second)]
    const rid = await sealedRoom(alice, 'bob')
    await alice.wire.sub('stream-notify-user', `${IDS.alice}/e2ekeyRequest`)
    await bob.wire.sub('stream-notify-user', `${IDS.bob}/e2ekeyRequest`)
    const entered = await Promise.all([alice.keys.enter(rid), bob.keys.enter(rid)])
    expect(entered.toSorted()).toEqual(['made', 'waiting'])
    const [maker, other] = entered[0] === 'made' ? [alice, bob] : [bob, alice]
    expect(await maker.wire.event('notify-user')).toEqual([rid, maker.keys.rooms.get(rid)?.id])
    expect(other.keys.rooms.has(rid)).toBe(false)
    expect(await maker.keys.serveWaiting(rid)).toEqual({ [rid]: [other.keys.id] })
    expect(await other.keys.enter(rid)).toBe('ready')
    await alice.keys.send(rid, 'hello, bob')
    await bob.keys.send(rid, 'hello, alice')
    for (const { keys, wire } of [alice, bob])
      expect(await saidIn(keys, wire, rid)).toEqual(['hello, bob', 'hello, alice'])
  })

  test('go through a life: a newcomer, another key, another passphrase, a lost pair', async () => {
    const [alice, bob] = [await person('alice', first), await person('bob', second)]
    const rid = await sealedRoom(alice, 'bob')
    expect(await alice.keys.enter(rid)).toBe('made')
    await alice.keys.serveWaiting(rid)
    expect(await bob.keys.enter(rid)).toBe('ready')
    await bob.keys.send(rid, 'one')

    // A newcomer reads what was said before, once anybody has served them.
    const carol = await person('carol', second)
    await alice.wire.call('addUsersToRoom', { rid, users: ['carol'] })
    expect(await carol.keys.enter(rid)).toBe('waiting')
    expect(await bob.keys.serveWaiting(rid)).toEqual({ [rid]: [IDS.carol] })
    expect(await carol.keys.enter(rid)).toBe('ready')
    expect(await saidIn(carol.keys, carol.wire, rid)).toEqual(['one'])

    // The owner changes the key: others keep what they have read, and wait for what comes.
    expect((await alice.keys.resetRoomKey(rid)).status).toBe(200)
    await alice.keys.send(rid, 'two')
    expect(await bob.keys.enter(rid)).toBe('waiting')
    expect(await alice.keys.serveWaiting(rid)).toEqual({ [rid]: [IDS.bob, IDS.carol] })
    for (const one of [bob, carol]) {
      expect(await one.keys.enter(rid)).toBe('ready')
      expect(await saidIn(one.keys, one.wire, rid)).toEqual(['one', 'two'])
    }

    // Who comes now gets the former key along with the new one.
    const dave = await person('dave', first)
    await alice.wire.call('addUsersToRoom', { rid, users: ['dave'] })
    expect(await carol.keys.serveWaiting(rid)).toEqual({ [rid]: [IDS.dave] })
    expect(await dave.keys.enter(rid)).toBe('ready')
    expect(await saidIn(dave.keys, dave.wire, rid)).toEqual(['one', 'two'])

    // Another passphrase: the pair stays, the old one opens nothing any more.
    await bob.keys.changePassphrase('another one')
    const tablet = await device('bob', second)
    await expect(tablet.keys.restore('passphrase of bob')).rejects.toThrow()
    await tablet.keys.restore('another one')
    expect(await tablet.keys.enter(rid)).toBe('ready')
    expect(await saidIn(tablet.keys, tablet.wire, rid)).toEqual(['one', 'two'])

    // Bob has lost the passphrase, and starts anew: others give him all that they have.
    const anew = await person('bob', second)
    expect(await bob.wire.untilClosed()).toBe(4001)
    expect(await anew.keys.enter(rid)).toBe('waiting')
    await dave.keys.serveWaiting(rid)
    expect(await anew.keys.enter(rid)).toBe('ready')
    expect(await saidIn(anew.keys, anew.wire, rid)).toEqual(['one', 'two'])

    // Nothing of it was ever readable on the way (L8).
    const seen = open.flatMap(({ texts }) => texts).join('\n')
    for (const { keys } of [alice, carol, dave, anew]) {
      const { d } = JSON.parse(keys.privateText) as { d: string }
      expect(seen).not.toContain(d.slice(0, 40))
    }
    expect(seen).not.toMatch(/"msg":"(one|two)"/)
  })
})

test('a copy that its member cannot open is refused, and they wait again', async () => {
  const [alice, bob] = [await person('alice', 'v2'), await person('bob', 'v2')]
  const rid = await sealedRoom(alice, 'bob')
  await alice.keys.enter(rid)
  // Of the room's key by its own word.
  const { id } = alice.keys.rooms.get(rid) as { id: string }
  const wrong = await wrapRoomKey({ ...(await newRoomKey('v2')), id }, (await newPair()).publicText)
  const usersSuggestedGroupKeys = { [rid]: [{ _id: IDS.bob, key: wrong }] }
  await api('alice')('POST', 'e2e.provideUsersSuggestedGroupKeys', { usersSuggestedGroupKeys })
  expect(await alice.keys.serveWaiting(rid)).toEqual({})
  expect(await bob.keys.enter(rid)).toBe('waiting')
  expect(await alice.keys.serveWaiting(rid)).toEqual({ [rid]: [IDS.bob] })
  expect(await bob.keys.enter(rid)).toBe('ready')
})

test('a room key is never shown to another member, by whatever they read', async () => {
  const [alice, bob, carol] = [await person('alice', 'v2'), await person('bob', 'v2'), await person('carol', 'v2')]
  const rid = await sealedRoom(alice, 'bob', 'carol')
  for (const event of ['subscriptions-changed', 'rooms-changed', 'notification', 'message'])
    await carol.wire.sub('stream-notify-user', `${IDS.carol}/${event}`)
  await alice.keys.enter(rid)
  await alice.keys.serveWaiting(rid)
  await bob.keys.enter(rid)
  await alice.keys.resetRoomKey(rid)
  await alice.keys.serveWaiting(rid)
  await bob.keys.enter(rid)
  const own = async ({ wire }: Person): Promise<Frame> =>
    (await wire.call('subscriptions/get')).find((one: Frame) => one.rid === rid)
  const texts: string[] = []
  for (const { E2EKey, oldRoomKeys } of [await own(alice), await own(bob)])
    texts.push(E2EKey, ...oldRoomKeys.map((one: Frame) => one.E2EKey))
  expect(texts).toHaveLength(4)
  for (const path of ['subscriptions/get', 'rooms/get']) await carol.wire.call(path)
  await carol.wire.call('e2e.getUsersOfRoomWithoutKey', rid)
  await carol.wire.call('loadHistory', rid, null, 100)
  const seen = carol.wire.texts.join('\n')
  for (const text of texts) expect(seen).not.toContain(text.slice(-344))
  expect(seen).not.toContain('private_key')
})
