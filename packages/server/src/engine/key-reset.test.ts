// The reset of a Rocket.Chat user's keys: what goes with them, in every room, and what stays (L9).
import type { ChannelId, RoomId, UserId } from '@conclave/wire'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { isRefused } from '../identity/rejection.ts'
import { blankRoom } from '../room/commands/create-room.ts'
import type { Command } from '../room/decide.ts'
import { isRejection } from '../room/rejection.ts'
import type { Core } from './core.ts'
import { KeyReset } from './key-reset.ts'
import { openTestCore } from './testing.ts'

let core: Core
let channel: ChannelId
let [ann, bob] = ['', ''] as UserId[] as [UserId, UserId]

beforeEach(async () => {
  ;({ core } = await openTestCore())
  channel = await core.roomsChannel()
  const made = async (username: string): Promise<UserId> => {
    const account = await core.identity.users.create({ username })
    if (isRefused(account)) throw new Error(account.rejected)
    return account.id
  }
  ;[ann, bob] = [await made('ann'), await made('bob')]
  for (const user of [ann, bob])
    await core.identity.keyPairs.set(user, { publicKey: `public ${user}`, privateKey: 'w' }, false)
})
afterEach(() => core.close())

async function submit(room: RoomId, command: Command): Promise<void> {
  const done = await core.engine.submit({ room, command, channel, session: null, bytes: 0 })
  if (isRejection(done)) throw new Error(done.rejected)
}

async function sealedRoom(): Promise<RoomId> {
  const room = core.store.newId() as RoomId
  const blank = blankRoom({ suite: 'rocketchat', kind: 'private', members: [ann, bob], owners: [ann] })
  await submit(room, { command: 'create-room', actor: ann, claimName: false, slot: null, epoch: null, room: blank })
  await submit(room, {
    command: 'open-epoch',
    actor: ann,
    version: 'K',
    wraps: [],
    signatures: null,
    replaces: false,
  })
  for (const user of [ann, bob]) await submit(room, { command: 'save-wrap', actor: user, user, key: `K of ${user}` })
  return room
}

test("takes one's copies of every room's key, and nobody else's", async () => {
  const rooms = [await sealedRoom(), await sealedRoom()]
  expect(await core.keyReset.reset(ann)).toBe(null)
  for (const id of rooms) {
    const state = await core.rooms.load(id)
    expect(state?.keys.get(ann)).toMatchObject({ accepted: null, suggested: null, old: [] })
    expect(state?.keys.get(bob)?.accepted).toBe(`K of ${bob}`)
    expect([state?.epoch?.version, state?.outdated, state?.closed]).toEqual(['K', false, false])
  }
  expect(await core.identity.keyPairs.publicHalf(ann)).toEqual({ publicKey: null, since: 0 })
  expect((await core.store.keyLog(ann, 0, 10)).map(({ kind }) => kind)).toEqual(['rocketchat.set', 'rocketchat.reset'])
})

/** The reset with something else that happens when the pair's turn comes. */
function resetWith(pairs: (user: UserId) => ReturnType<Core['identity']['keyPairs']['reset']>): KeyReset {
  const identity = { keyPairs: { reset: pairs } } as unknown as Core['identity']
  return new KeyReset({ identity, reading: core.reading, engine: core.engine })
}

test('also takes what others bring while it runs', async () => {
  const room = await sealedRoom()
  const suggestion = { user: ann, key: 'for the old pair', old: [] }
  const reset = resetWith(async user => {
    await submit(room, { command: 'suggest-wraps', actor: bob, wraps: [suggestion] })
    return core.identity.keyPairs.reset(user)
  })
  expect(await reset.reset(ann)).toBe(null)
  expect((await core.rooms.load(room))?.keys.get(ann)).toMatchObject({ accepted: null, suggested: null })
})

test('that comes to no end leaves a pair and no copies, so that it can be asked for again', async () => {
  const room = await sealedRoom()
  expect(await resetWith(async () => ({ rejected: 'busy' })).reset(ann)).toEqual({ rejected: 'busy' })
  expect((await core.rooms.load(room))?.keys.get(ann)?.accepted).toBe(null)
  expect((await core.identity.keyPairs.publicHalf(ann)).publicKey).toBe(`public ${ann}`)
  expect(await core.keyReset.reset(ann)).toBe(null)
})

test('what is remembered of a public key follows every change of it', async () => {
  const { keyPairs } = core.identity
  expect((await keyPairs.publicHalf(bob)).publicKey).toBe(`public ${bob}`)
  await keyPairs.set(bob, { publicKey: 'another', privateKey: 'w' }, true)
  expect((await keyPairs.publicHalf(bob)).publicKey).toBe('another')
  await core.keyReset.reset(bob)
  expect((await keyPairs.publicHalf(bob)).publicKey).toBe(null)
  await keyPairs.set(bob, { publicKey: 'anew', privateKey: 'w' }, false)
  expect((await keyPairs.publicHalf(bob)).publicKey).toBe('anew')
})

test('of several who replace a room key at once one wins, and the others know that they have lost (L2)', async () => {
  const room = await sealedRoom()
  const replace = (version: string) =>
    core.engine.submit({
      room,
      session: null,
      bytes: 0,
      command: {
        command: 'open-epoch',
        actor: ann,
        version,
        wraps: [{ user: ann, key: `${version} of ann`, publicKeyVersion: '' }],
        signatures: null,
        replaces: true,
      },
    })
  const answers = await Promise.all(['N0', 'N1', 'N2'].map(replace))
  expect(answers.filter(answer => !isRejection(answer))).toHaveLength(1)
  expect(answers.filter(isRejection)).toMatchObject([{ rejected: 'conflict' }, { rejected: 'conflict' }])
  const state = await core.rooms.load(room)
  expect(state?.keys.get(ann)?.accepted).toBe(`${state?.epoch?.version} of ann`)
  expect(state?.keys.get(ann)?.old).toMatchObject([{ keyId: 'K', key: `K of ${ann}` }])
})
