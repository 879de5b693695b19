// Links into rooms where several nodes are asked at once: the same store, and nothing in memory that is shared.
import type { ChannelId, RoomId, UserId } from '@conclave/wire'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Core } from '../../../engine/core.ts'
import { openTestCore } from '../../../engine/testing.ts'
import { isRefused } from '../../../identity/rejection.ts'
import { blankRoom } from '../../../room/commands/create-room.ts'
import { isRejection } from '../../../room/rejection.ts'
import type { GatewayParts } from '../../gateway.ts'
import { MeteorError } from '../errors.ts'
import type { Call } from '../method.ts'
import { Invites } from './invites.ts'

let core: Core
let channel: ChannelId
let room: RoomId
let users: UserId[]
let nodes: [Invites, Invites]

beforeEach(async () => {
  ;({ core } = await openTestCore())
  channel = await core.roomsChannel()
  users = []
  for (let index = 0; index < 7; index++) {
    const account = await core.identity.users.create({ username: `user${index}` })
    if (isRefused(account)) throw new Error(account.rejected)
    users.push(account.id)
  }
  const [owner] = users as [UserId]
  room = core.store.newId() as RoomId
  const blank = blankRoom({ suite: 'none', kind: 'private', name: 'r', members: [owner], owners: [owner] })
  const command = {
    command: 'create-room',
    actor: owner,
    claimName: false,
    slot: null,
    epoch: null,
    room: blank,
  } as const
  const made = await core.engine.submit({ room, command, channel, session: null, bytes: 0 })
  if (isRejection(made)) throw new Error(made.rejected)
  const parts = partsOf()
  nodes = [new Invites(parts), new Invites(parts)]
})
afterEach(() => core.close())

function partsOf(): GatewayParts {
  return { ...core, write: core.writer.write, publicUrl: () => '' } as unknown as GatewayParts
}

async function callOf(user: UserId): Promise<Call> {
  const account = await core.identity.accounts.load(user)
  const gate = { parts: partsOf(), permissions: { may: () => true } }
  return { gate, caller: { account, session: `s${user}` }, bytes: 0 } as unknown as Call
}

async function linkFor(maxUses: number): Promise<string> {
  const [owner] = users as [UserId]
  const found = await core.reading.room(room)
  if (!found) throw new Error('no room')
  const invite = await nodes[0].findOrCreate(await callOf(owner), found, 1, maxUses)
  if (invite instanceof MeteorError) throw new Error(invite.message)
  return invite.id + invite.secret
}

test('a link for one lets in one, whichever nodes are asked', async () => {
  const token = await linkFor(1)
  const calls = await Promise.all(users.slice(1).map(callOf))
  const used = await Promise.all(calls.map((call, index) => nodes[index % 2 === 0 ? 0 : 1].use(call, token)))
  expect(used.filter(one => !(one instanceof MeteorError))).toHaveLength(1)
  expect((await core.rooms.load(room))?.members.size).toBe(2)
})

test('a link for all lets in all, and counts each', async () => {
  const token = await linkFor(0)
  const calls = await Promise.all(users.slice(1).map(callOf))
  const used = await Promise.all(calls.map((call, index) => nodes[index % 2 === 0 ? 0 : 1].use(call, token)))
  expect(used.filter(one => one instanceof MeteorError)).toEqual([])
  expect(await nodes[1].of(room)).toMatchObject([{ uses: users.length - 1 }])
})

test('a link that is removed while it is used lets nobody in after that', async () => {
  const token = await linkFor(0)
  const [, first, second] = users as [UserId, UserId, UserId]
  const [call, late] = [await callOf(first), await callOf(second)]
  const [invite] = await nodes[0].of(room)
  await Promise.all([nodes[0].use(call, token), nodes[1].remove(invite?.id ?? '')])
  expect(await nodes[0].use(late, token)).toBeInstanceOf(MeteorError)
  // The use did not bring it back either.
  expect(await nodes[0].of(room)).toEqual([])
})
