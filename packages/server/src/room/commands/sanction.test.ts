// Bans and mutes in a room: by which rule each is judged, and what the ACL `ban` of room and channel adds to it.
import { describe, expect, test } from 'vitest'
import {
  channelAdmin,
  channelOwner,
  globalmod,
  member,
  moderator,
  NOW,
  operator,
  owner,
  scene,
} from '../scene-testing.ts'
import type { SetSanction } from './sanction.ts'

const ban = (more: Partial<SetSanction> = {}): SetSanction => ({
  command: 'sanction',
  actor: owner,
  kind: 'ban',
  user: member,
  until: NOW + 1_000,
  reason: '',
  rank: 'owner',
  ...more,
})
const open = { kind: 'static' } as const

describe('a sanction', () => {
  test('of an operator is refused whoever asks, as the real server says it', () => {
    for (const actor of [owner, channelOwner, operator, globalmod]) {
      for (const rank of ['owner', 'moderator'] as const) {
        const refused = { rejected: 'role.required', text: 'not allowed to kick super users or global mobs' }
        expect(scene(open).run(ban({ actor, rank, user: operator }))).toEqual(refused)
        expect(scene(open).run(ban({ actor, rank, user: globalmod }))).toEqual(refused)
        expect(scene(open).submit(ban({ actor, rank, user: globalmod, kind: 'mute' }))).toBe('role.required')
      }
    }
  })

  test('judged as an owner’s is not for moderators nor for admins of the channel, also where it is lifted', () => {
    for (const actor of [moderator, channelAdmin]) {
      for (const until of [NOW + 1_000, null, undefined]) {
        const made = scene(open)
        expect(made.run(ban({ actor, until }))).toEqual({ rejected: 'role.required', text: 'only owners can ban' })
        expect(made.run(ban({ actor, until, kind: 'mute' }))).toMatchObject({ text: 'only owners can mute' })
        expect(made.submit(ban({ actor, until, rank: 'moderator' }))).toBe(null)
      }
    }
  })

  test('again overwrites the end of the first, and puts nobody out twice', () => {
    const made = scene(open)
    expect(made.run(ban())).toEqual(['sanction.set', 'members.removed'])
    expect(made.run(ban({ until: NOW + 5_000 }))).toEqual(['sanction.set'])
    expect(made.room.sanctions).toMatchObject([{ user: member, until: NOW + 5_000 }])
    expect(made.run(ban({ until: undefined }))).toEqual(['sanction.lifted'])
    expect(made.run(ban({ until: undefined }))).toEqual([])
    expect(made.room.members.has(member)).toBe(false)
  })
})

describe('the ACL `ban`', () => {
  const acl = (type: string, value = '') => ({ action: 'ban', type, value })
  test('of the room keeps moderators from banning and from lifting, and nobody from muting', () => {
    const made = scene({ ...open, acls: [acl('disallow')] })
    const asModerator = (more: Partial<SetSanction>) => ban({ actor: moderator, rank: 'moderator', ...more })
    expect(made.submit(asModerator({}))).toBe('acl')
    expect(made.submit(asModerator({ until: undefined }))).toBe('acl')
    expect(made.submit(asModerator({ kind: 'mute' }))).toBe(null)
    for (const actor of [owner, channelOwner, operator, globalmod]) expect(made.submit(ban({ actor }))).toBe(null)
  })
  test('of the channel keeps owners of rooms from banning, not those of the channel', () => {
    const made = scene(open)
    made.people.channel = { ...made.people.channel, acls: [acl('admin')] }
    expect(made.run(ban())).toMatchObject({ rejected: 'acl', acl: acl('admin'), reason: 'not admin' })
    for (const actor of [channelOwner, operator, globalmod]) expect(made.submit(ban({ actor }))).toBe(null)
    expect(made.submit(ban({ actor: channelAdmin, rank: 'moderator' }))).toBe(null)
    expect(made.submit(ban({ actor: null }))).toBe(null)
  })
})
