// A channel's access rules: who may change them, and what becomes of changes that meet.
import type { ChannelId, UserId } from '@conclave/wire'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { importWorld } from '../operator/import-world.ts'
import type { ProposedAcl } from '../room/acl-check.ts'
import type { Write } from '../store/store.ts'
import { type ChannelAclParts, changeChannelAcls } from './channel-acls.ts'
import type { Core } from './core.ts'
import { openTestCore } from './testing.ts'

const [owner, admin, stranger, operator] = ['1', '2', '3', '4'] as [UserId, UserId, UserId, UserId]
const gender: ProposedAcl = { action: 'list', type: 'gender', value: 'w' }
const city: ProposedAcl = { action: 'create', type: 'city', value: 'Köln' }

let core: Core
let channel: ChannelId

beforeEach(async () => {
  core = (await openTestCore()).core
  await importWorld(core, {
    users: [owner, admin, stranger, operator].map(id => ({
      id,
      username: `user${id}`,
      roles: id === operator ? ['globalmod'] : [],
    })),
    channels: [{ ref: 'c', name: 'channel', owners: [owner], admins: [admin] }],
  })
  channel = (await core.store.ref('channel', 'c')) as ChannelId
})
afterEach(() => core.close())

const change = (actor: UserId, changes: readonly ProposedAcl[], parts: Partial<ChannelAclParts> = {}) =>
  changeChannelAcls(
    {
      identity: core.identity,
      clock: core.clock,
      write: core.writer.write,
      rules: core.engine.settings.acl,
      ...parts,
    },
    { channel, actor, changes },
  )
const held = async () => (await core.store.channel(channel))?.acls

describe('the rules of a channel', () => {
  test('are changed by its owners and admins and by operators, by nobody else', async () => {
    expect(await change(stranger, [gender])).toMatchObject({ rejected: 'role.required' })
    expect(await held()).toEqual([])
    for (const actor of [owner, admin, operator]) {
      expect(await change(actor, [gender])).toBe(null)
      expect(await held()).toEqual([gender])
      expect(await change(actor, [{ ...gender, value: null }])).toBe(null)
      expect(await held()).toEqual([])
    }
  })

  test('are in memory what they are in the store, at once', async () => {
    await core.identity.channels.load(channel)
    await change(owner, [gender])
    expect((await core.identity.channels.load(channel))?.acls).toEqual([gender])
  })

  test('stay where one of several changes is wrong', async () => {
    expect(await change(owner, [gender, { ...city, action: 'join' }])).toMatchObject({ rejected: 'acl.malformed' })
    expect(await held()).toEqual([])
  })
})

describe('a change that meets another one', () => {
  /** Lets something happen between the decision and its first write. */
  function overtakenBy(happen: () => Promise<unknown>): Write {
    let met = false
    return async item => {
      if (!met) {
        met = true
        await happen()
      }
      return core.writer.write(item)
    }
  }

  test('is decided again on what the other one left, and takes nothing of it back', async () => {
    const write = overtakenBy(() => change(admin, [city]))
    expect(await change(owner, [gender], { write })).toBe(null)
    expect(await held()).toEqual([city, gender])
  })

  test('is refused where its maker has lost the right meanwhile', async () => {
    const write = overtakenBy(() => core.identity.users.change(operator, { roles: [] }))
    expect(await change(operator, [gender], { write })).toMatchObject({ rejected: 'role.required' })
    expect(await held()).toEqual([])
  })

  test('is a conflict after so many', async () => {
    const write: Write = async item => {
      const value = (await held())?.length === 0 ? 'Köln' : null
      await change(admin, [{ ...city, value }])
      return core.writer.write(item)
    }
    expect(await change(owner, [gender], { write })).toEqual({ rejected: 'conflict', current: null })
  })
})
