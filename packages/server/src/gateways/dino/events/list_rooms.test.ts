// A session that a ban from the whole server has not reached yet: such a moment is short, so it is made here.
import { type UserId, uuidOf } from '@conclave/wire'
import { afterEach, expect, test } from 'vitest'
import type { Core } from '../../../engine/core.ts'
import { openTestCore } from '../../../engine/testing.ts'
import { importWorld } from '../../../operator/import-world.ts'
import type { Sanction } from '../../../room/events.ts'
import type { Account } from '../../../room/facts.ts'
import type { Answer, Asked } from '../gate.ts'
import { listRooms } from './list_rooms.ts'

const [USER] = ['1001'] as [UserId]

let core: Core
afterEach(() => core.close())

/** What the session sent, in order, and how it ended. */
async function list(until: number | null, kind: Sanction['kind'] = 'ban') {
  const opened = await openTestCore()
  core = opened.core
  const world = { users: [{ id: USER, username: 'user1001' }], channels: [{ ref: 'c', name: 'channel' }] }
  await importWorld(core, world)
  const url = uuidOf((await core.store.ref('channel', 'c')) as string)
  const sanction: Sanction = { kind, user: USER, from: 0, until, reason: 'out', by: null }
  const account: Account = { ...((await core.identity.accounts.load(USER)) as Account), sanctions: [sanction] }
  const sent: string[] = []
  const asked = {
    gate: { parts: core },
    account,
    activity: { verb: 'list', object: { url, fields: {} }, fields: {} },
    session: { emit: (event: string, json: string) => sent.push(`${event} ${json}`), end: () => sent.push('end') },
    answer: (answer: Answer) => sent.push(JSON.stringify(answer)),
  } as unknown as Asked
  return { answer: await listRooms(asked), sent, now: opened.clock.now() }
}

test('is told, refused with 703, and ended, in this order', async () => {
  const { answer, sent, now } = await list(1_800_000_600_000)
  expect([answer, sent.length, sent[2]]).toEqual(['answered', 3, 'end'])
  expect(now).toBe(1_800_000_000_000)
  const [event, json] = (sent[0] as string).split(' ') as [string, string]
  expect(event).toBe('gn_banned')
  expect(JSON.parse(json)).toMatchObject({
    verb: 'ban',
    object: { content: Buffer.from('out').toString('base64'), summary: 600 },
    target: { objectType: 'global' },
  })
  expect(JSON.parse(sent[1] as string).refused.code).toBe(703)
})

test.each([
  ['ban', 1_799_999_999_999],
  ['mute', null],
] as const)('a %s until %s hides no list', async (kind, until) => {
  const { answer, sent } = await list(until, kind)
  expect([typeof answer === 'object' && 'data' in answer, sent]).toEqual([true, []])
})
