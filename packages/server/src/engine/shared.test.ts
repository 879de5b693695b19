// Two nodes on one store that hear nothing of each other: what each remembers is as old as can be.
import type { RoomId, UserId } from '@conclave/wire'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { localBus } from '../bus/local.ts'
import { localNodes } from '../nodes/local.ts'
import { importWorld } from '../operator/import-world.ts'
import type { Command } from '../room/decide.ts'
import { buildCore, type Core } from './core.ts'
import { openTestCore, roomOf } from './testing.ts'

const [ANN, BOB, CAT] = ['1001', '1002', '1003'] as UserId[] as [UserId, UserId, UserId]
const WORLD = {
  users: [ANN, BOB, CAT].map(id => ({ id, username: `user${id}`, tokens: [`token${id}`] })),
  channels: [{ ref: 'c', name: 'channel' }],
  rooms: [{ ref: 'r', channel: 'c', name: 'room', kind: 'private', members: [ANN, BOB], owners: [ANN] }],
}

/** Of a node that is not alone, and that no other reaches. */
function deaf(): Core['bus'] {
  return Object.defineProperty(localBus(), 'alone', { value: false })
}

let one: Core
let two: Core
let room: RoomId
beforeEach(async () => {
  const { core } = await openTestCore()
  const nodes = {
    ...localNodes(1, core.clock),
    shared: true,
    watch: () => {},
    hold: () => ({ held: false, release: async () => {} }),
  } as Core['nodes']
  const parts = { ...core, nodes, log: core.log }
  one = buildCore({ ...parts, bus: deaf() })
  two = buildCore({ ...parts, bus: deaf() })
  await importWorld(core, WORLD)
  room = await roomOf(core, 'r')
})
afterEach(async () => {
  await one.store.close()
})

function say(actor: UserId): Command {
  const content = { suite: 'none', text: 'words' } as const
  return {
    command: 'send-message',
    actor,
    content,
    messageId: null,
    digest: 'words',
    inside: false,
    attributes: null,
    origin: null,
  }
}

async function told(core: Core, command: Command): Promise<string | number> {
  const answer = await core.engine.submit({ room, command, session: null, bytes: 0 })
  return 'rejected' in answer ? answer.rejected : answer.events.length
}

const add = (user: UserId): Command => ({ command: 'add-members', actor: ANN, users: [user], signed: null })
const remove = (user: UserId): Command => ({
  command: 'remove-members',
  actor: ANN,
  users: [user],
  how: 'kicked',
  reason: '',
  keepOwner: false,
})

test('L3: nobody is refused by what another node has changed', async () => {
  expect(await told(two, say(CAT))).not.toBe(1)
  expect(await told(one, add(CAT))).toBe(1)
  expect(await told(two, say(CAT))).toBe(1)
  expect(await told(one, remove(CAT))).toBe(1)
  expect(await told(two, say(CAT))).not.toBe(1)
})

test('L3: what seems to be so already is done where another node has undone it', async () => {
  expect(await told(two, add(CAT))).toBe(1)
  expect(await told(one, remove(CAT))).toBe(1)
  expect(await told(two, add(CAT))).toBe(1)
  expect(await told(one, say(CAT))).toBe(1)
})
