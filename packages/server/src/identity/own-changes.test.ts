// Users who change themselves all the time: of many changes at once all hold, and nobody escapes a judgement by them,
// though whoever judges names the version of the account.
import type { RoomId, UserId } from '@conclave/wire'
import { afterEach, expect, test } from 'vitest'
import type { Core } from '../engine/core.ts'
import { openTestCore, roomOf } from '../engine/testing.ts'
import { importWorld } from '../operator/import-world.ts'
import { isRejection } from '../room/rejection.ts'
import type { Store } from '../store/store.ts'
import { isRefused } from './rejection.ts'

const [owner, restless] = ['1000', '1001'] as [UserId, UserId]
const world = {
  users: [owner, restless].map(id => ({ id, username: `user${id}` })),
  channels: [{ ref: 'c', name: 'channel' }],
  rooms: [{ ref: 'r', channel: 'c', name: 'room', owners: [owner], members: [restless] }],
}

let core: Core
afterEach(() => core.close())

/** As slow as a disk: whatever waits for a commit goes into the next one together. */
function slow(store: Store): Store {
  const commit = store.commit.bind(store)
  store.commit = async items => {
    await new Promise(resolve => setTimeout(resolve, 2))
    return commit(items)
  }
  return store
}

async function start(wrap?: (store: Store) => Store): Promise<RoomId> {
  core = (await openTestCore({}, wrap)).core
  await importWorld(core, world)
  return roomOf(core, 'r')
}

/** With as many sessions as this, each saying something new as soon as the last was taken; gives what ends it. */
function changing(sessions: number): () => Promise<number> {
  let goes = true
  let taken = 0
  const talk = async (session: number): Promise<void> => {
    for (let n = 0; goes; n++) {
      const change = { info: { [`of${session}`]: `${n}` } }
      const done = await core.identity.users.changeOwn(restless, ({ info }) => ({ info: { ...info, ...change.info } }))
      if (!isRefused(done)) taken += 1
    }
  }
  const talks = Array.from({ length: sessions }, (_, session) => talk(session))
  return async () => {
    goes = false
    await Promise.all(talks)
    return taken
  }
}

test('of many changes at once all hold', async () => {
  await start()
  const names = Array.from({ length: 30 }, (_, n) => `n${n}`)
  const changes = names.map(name =>
    core.identity.users.changeOwn(restless, ({ info }) => ({ info: { ...info, [name]: 'said' } })),
  )
  expect((await Promise.all(changes)).filter(isRefused)).toEqual([])
  expect(Object.keys((await core.store.account(restless))?.info ?? {})).toEqual(names)
})

test('more than can wait are refused, and nobody else waits for them', async () => {
  await start()
  const changes = Array.from({ length: 200 }, (_, n) => core.identity.users.changeOwn(restless, { name: `name ${n}` }))
  const byOperator = await core.identity.users.change(restless, { roles: ['globalmod'] })
  expect(byOperator).toMatchObject({ roles: ['globalmod'] })
  expect(await core.identity.users.changeOwn(owner, { name: 'unmoved' })).toMatchObject({ name: 'unmoved' })
  const refused = (await Promise.all(changes)).filter(isRefused)
  expect(refused.length).toBe(200 - 64)
  expect(refused[0]).toEqual({ rejected: 'busy' })
})

test('nobody escapes a kick or a ban by changing themselves all the time', async () => {
  const room = await start(slow)
  const stop = changing(20)
  const asked = { actor: null, session: null, user: restless }
  const refusals: string[] = []
  const judge = async (judged: Promise<object>): Promise<void> => {
    const done = await judged
    if (isRejection(done)) refusals.push(done.rejected)
  }
  for (let round = 0; round < 20; round++) {
    for (const scope of [{ of: 'room', room } as const, { of: 'global' } as const]) {
      await judge(core.sanctions.ban({ ...asked, scope, until: null, reason: '', summary: '' }))
      await judge(core.sanctions.lift({ ...asked, scope, kind: 'ban' }))
    }
    await judge(core.sanctions.kick({ ...asked, room, reason: '', banMs: 0 }))
  }
  expect(refusals).toEqual([])
  expect(await stop()).toBeGreaterThan(10)
})
