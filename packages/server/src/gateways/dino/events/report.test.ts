// A report is answered when the embedding site is sure to hear of it.
import type { UserId } from '@conclave/wire'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Core } from '../../../engine/core.ts'
import { openTestCore } from '../../../engine/testing.ts'
import { importWorld } from '../../../operator/import-world.ts'
import type { Account } from '../../../room/facts.ts'
import type { GatewayParts } from '../../gateway.ts'
import { type Activity, readActivity } from '../activity.ts'
import { Directory } from '../directory.ts'
import type { Asked, Gate } from '../gate.ts'
import { reportMessage } from './report.ts'

const [ann, ben] = ['1', '2'] as [UserId, UserId]
const world = {
  users: [ann, ben].map(id => ({ id, username: `user${id}` })),
  channels: [{ ref: 'c', name: 'channel' }],
  rooms: [{ ref: 'admins', channel: 'c', name: 'admins', admin: true }],
}

let core: Core
/** What the admins were told. */
let told: string[]
beforeEach(async () => {
  core = (await openTestCore()).core
  await importWorld(core, world)
  told = []
  const admins = await core.store.ref('room', 'admins')
  core.bus.subscribe(`room:${admins}` as never, message => {
    if (message.kind === 'signal') told.push(String(message.args[0]))
  })
})
afterEach(() => core.close())

async function asked(keep: () => Promise<void>): Promise<Asked> {
  const parts = {
    ...core,
    roomsChannel: await core.roomsChannel(),
    outgoing: { wants: () => true, keep },
  } as unknown as GatewayParts
  const gate = { parts, log: core.log, directory: new Directory(parts) } as unknown as Gate
  const object = { id: '00000000-0000-4000-8000-000000000000', content: 'aGk=' }
  const read = readActivity({ verb: 'report', target: { id: ben }, object })
  const { activity } = read as { readonly activity: Activity }
  return { gate, account: (await core.identity.accounts.load(ann)) as Account, activity } as unknown as Asked
}

test('it is on disk before the admins hear of it and before the reporter is answered', async () => {
  let written = (): void => {}
  const writing = new Promise<void>(resolve => {
    written = resolve
  })
  const report = reportMessage(await asked(() => writing))
  const first = await Promise.race([report, new Promise(resolve => setTimeout(resolve, 20, 'waits'))])
  expect([first, told]).toEqual(['waits', []])
  written()
  expect(await report).toEqual({ data: null })
  expect(told).toEqual(['gn_reported'])
})

test('one that cannot be written is not answered as if it were', async () => {
  const failing = () => Promise.reject(new Error('the disk is full'))
  await expect(reportMessage(await asked(failing))).rejects.toThrow('the disk is full')
  expect(told).toEqual([])
})
