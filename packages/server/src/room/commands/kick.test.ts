// The kick over Dino: what stands in the log afterwards, and what does not.
import { describe, expect, test } from 'vitest'
import { SANCTIONS } from '../../limits.ts'
import {
  channelAdmin,
  channelOwner,
  globalmod,
  member,
  moderator,
  NOW,
  operator,
  owner,
  Scene,
  scene,
  stranger,
} from '../scene-testing.ts'
import { sanctionOn } from '../state.ts'
import type { Kick } from './kick.ts'

const MINUTES = 600_000
const kick = (user: Kick['user'], more: Partial<Kick> = {}): Kick => ({
  command: 'kick',
  actor: owner,
  user,
  reason: 'be nice',
  banMs: 0,
  ...more,
})
const banned = (made: Scene, user: Kick['user']) => sanctionOn(made.room.sanctions, user, 'ban', made.now)

describe('a kick', () => {
  test('ends a membership, and says so with its reason', () => {
    const made = scene()
    expect(made.run(kick(member))).toEqual(['members.removed'])
    expect(made.events.at(-1)).toMatchObject({
      actor: owner,
      body: { users: [member], how: 'kicked', reason: 'be nice', closes: false },
    })
    expect(made.room.members.has(member)).toBe(false)
    expect(banned(made, member)).toBe(undefined)
  })

  test('of who stands in no log leaves none: an occupant, somebody elsewhere, somebody unknown', () => {
    const made = scene()
    expect(made.run(kick(stranger))).toEqual([])
    expect(made.run(kick('77777' as Kick['user']))).toEqual([])
    expect(made.run(kick('77777' as Kick['user'], { banMs: MINUTES }))).toEqual([])
    expect(made.run(kick(stranger, { banMs: MINUTES }))).toEqual(['sanction.set'])
    expect(banned(made, stranger)).toMatchObject({ until: NOW + MINUTES, reason: 'be nice', by: owner })
  })

  test('that bans does both, the ban first, once', () => {
    const made = scene()
    expect(made.run(kick(member, { banMs: MINUTES }))).toEqual(['sanction.set', 'members.removed'])
    expect(made.run(kick(member, { banMs: MINUTES }))).toEqual([])
    made.now += 1
    expect(made.run(kick(member, { banMs: MINUTES }))).toEqual(['sanction.set'])
    expect(banned(made, member)?.until).toBe(NOW + 1 + MINUTES)
  })

  test('by the server itself needs nobody’s right', () => {
    const made = scene({ kind: 'static' })
    expect(made.run(kick(owner, { actor: null }))).toEqual(['members.removed'])
    expect(made.room.roles.has(owner)).toBe(true)
  })

  test('of an operator is refused whoever asks, as the real server says it', () => {
    for (const actor of [member, owner, channelOwner, operator, globalmod]) {
      for (const user of [operator, globalmod]) {
        expect(scene({ kind: 'static' }).run(kick(user, { actor }))).toEqual({
          rejected: 'role.required',
          text: 'not allowed to kick operators',
        })
      }
    }
  })

  test('of an owner is for owners and operators', () => {
    const reached = (actor: Kick['actor']) => scene({ kind: 'static' }).submit(kick(owner, { actor }))
    expect([channelOwner, channelAdmin, moderator].map(reached)).toEqual(Array(3).fill('role.required'))
    expect([owner, operator, globalmod].map(reached)).toEqual([null, null, null])
  })

  test('by the room’s ACL can only be narrowed: nobody kicks because they meet it', () => {
    const meant = { action: 'kick', type: 'gender', value: 'm' }
    const made = scene({ acls: [meant, { action: 'kick', type: 'moderator', value: 'y' }] })
    made.people.add(moderator, true, { attributes: { gender: 'm' } })
    made.people.add(member, true, { attributes: { gender: 'm' } })
    expect(made.submit(kick(stranger, { actor: moderator }))).toBe('role.required')
    expect(made.submit(kick(stranger, { actor: member }))).toBe('role.required')
    expect(made.submit(kick(stranger))).toBe(null)
  })

  test('reaches nobody in a direct room, nor in one that is gone', () => {
    const direct = scene({
      kind: 'direct',
      pair: [owner, member],
      members: [owner, member],
      owners: [],
      moderators: [],
    })
    expect(direct.submit(kick(member, { actor: operator }))).toBe('room.kind')
    expect(direct.submit(kick(member, { actor: null, banMs: MINUTES }))).toBe('room.kind')
    expect(new Scene().submit(kick(member))).toBe('room.unknown')
    const gone = scene()
    gone.submit({ command: 'remove-room', actor: null, reason: '' })
    expect(gone.submit(kick(member))).toBe('room.unknown')
  })
})

describe('a kick shortens no ban', () => {
  const held = (until: number | null) => ({ kind: 'ban', user: member, from: 0, until, reason: '', by: owner }) as const
  test('by the hand of an admin of the channel, who may not ban', () => {
    for (const until of [null, NOW + MINUTES, NOW + MINUTES + 1]) {
      const made = scene({ kind: 'static' })
      made.state = { ...made.room, sanctions: [held(until)] }
      expect(made.run(kick(member, { actor: channelAdmin, banMs: MINUTES }))).toEqual(['members.removed'])
      expect(banned(made, member)?.until).toBe(until)
    }
  })
  test('but follows one that has run out or ends earlier', () => {
    for (const until of [NOW, NOW + 1]) {
      const made = scene({ kind: 'static' })
      made.state = { ...made.room, sanctions: [held(until)] }
      expect(made.run(kick(member, { banMs: MINUTES }))).toEqual(['sanction.set', 'members.removed'])
      expect(banned(made, member)?.until).toBe(NOW + MINUTES)
    }
  })
  test('and does not come about by half where the room takes no more', () => {
    const made = scene()
    const full = Array.from({ length: SANCTIONS }, (_, n) => ({
      ...held(null),
      user: String(5_000 + n) as Kick['user'],
    }))
    made.state = { ...made.room, sanctions: full }
    expect(made.submit(kick(member, { banMs: MINUTES }))).toBe('limit')
    expect(made.room.members.has(member)).toBe(true)
    expect(made.submit(kick(member))).toBe(null)
  })
})

describe('a key that the kicked member holds (L4)', () => {
  const key = 'a8d93d1e-0000-4000-8000-000000000001'
  function keyed(lockstep: boolean): Scene {
    const made = scene({ suite: 'rocketchat' })
    made.settings = { lockstep }
    const open = {
      command: 'open-epoch',
      actor: owner,
      version: key,
      wraps: [],
      signatures: null,
      replaces: false,
    } as const
    expect(made.submit(open)).toBe(null)
    return made
  }
  test('closes a room in lockstep, once', () => {
    const made = keyed(true)
    expect(made.submit(kick(member, { banMs: MINUTES }))).toBe(null)
    expect(made.room.closed).toBe(true)
    expect(made.run(kick(member, { banMs: MINUTES }))).toEqual([])
    expect(made.run(kick(member))).toEqual([])
  })
  test('closes no other room, and none for an occupant', () => {
    const loose = keyed(false)
    expect(loose.submit(kick(member))).toBe(null)
    expect(loose.room.closed).toBe(false)
    const made = keyed(true)
    expect(made.submit(kick(stranger, { banMs: MINUTES }))).toBe(null)
    expect(made.room.closed).toBe(false)
  })
})
