import type { UserId } from '@conclave/wire'
import { describe, expect, test } from 'vitest'
import { adminChange, keyedGroup, signedLeave } from '../group-testing.ts'
import type { Scene } from '../scene-testing.ts'
import { channelOwner, member, moderator, operator, owner, scene, stranger } from '../scene-testing.ts'
import { usersWith } from '../state.ts'

const change = (made: Scene, by: UserId, users: readonly UserId[], granted: boolean) =>
  made.decide(adminChange(made.people, made.room, by, users, granted))
const submit = (made: Scene, by: UserId, users: readonly UserId[], granted: boolean) =>
  made.submit(adminChange(made.people, made.room, by, users, granted))

describe('admins of an X group', () => {
  test('are made several at a time, under one signature that stands in the log once', () => {
    const made = keyedGroup()
    expect(submit(made, owner, [member, moderator], true)).toBe(null)
    const bodies = made.events.slice(-2).map(({ body }) => body)
    expect(bodies).toMatchObject([
      { type: 'roles.changed', user: member, role: 'owner', granted: true, signed: { signatureVersion: '7' } },
      { type: 'roles.changed', user: moderator, role: 'owner', granted: true, signed: null },
    ])
    expect(usersWith(made.room, 'owner')).toEqual([owner, member, moderator])
    expect(made.room.closed).toBe(false)
  })

  test('are made and unmade by admins alone, whatever else somebody is here', () => {
    const made = keyedGroup({ members: [owner, moderator, member, operator, channelOwner] })
    for (const user of [moderator, operator, channelOwner]) {
      expect(submit(made, user, [user], true)).toBe('role.required')
      expect(submit(made, user, [owner], false)).toBe('role.required')
    }
    expect(submit(made, stranger, [stranger], true)).toBe('member.required')
  })

  test('are members who are none yet; are taken away who are', () => {
    const made = keyedGroup()
    expect(submit(made, owner, [], true)).toBe('members.none')
    expect(submit(made, owner, [member, member], true)).toBe('members.duplicate')
    expect(submit(made, owner, [member, stranger], true)).toBe('members.absent')
    expect(change(made, owner, [member, owner], true)).toEqual({ rejected: 'role.held', user: owner })
    expect(change(made, owner, [member], false)).toEqual({ rejected: 'role.absent', user: member })
  })

  test('cannot all be taken away, neither one by one nor at once', () => {
    const made = keyedGroup({ owners: [owner, member] })
    expect(submit(made, owner, [member, owner], false)).toBe('owner.last')
    expect(submit(made, owner, [owner], false)).toBe(null)
    expect(submit(made, member, [member], false)).toBe('owner.last')
    expect(submit(made, owner, [member], false)).toBe('role.required')
  })

  test('are made by any member once the last one has left', () => {
    const made = keyedGroup()
    expect(made.submit(signedLeave(made.people, made.room, owner))).toBe(null)
    expect(submit(made, member, [moderator], false)).toBe('role.required')
    expect(submit(made, member, [moderator], true)).toBe(null)
    expect(submit(made, member, [member], true)).toBe('role.required')
  })

  test('are not made in a one-to-one or in another room', () => {
    const pair = [owner, member] as const
    const direct = keyedGroup({ kind: 'direct', pair, members: [...pair], owners: [] })
    expect(submit(direct, owner, [owner], true)).toBe('room.kind')
    expect(submit(scene(), owner, [member], true)).toBe('room.kind')
  })

  test('are not taken away by one who is banned', () => {
    const made = keyedGroup()
    const ban = { command: 'sanction', kind: 'ban', user: owner, until: null, reason: '', rank: 'moderator' } as const
    expect(made.submit({ ...ban, actor: null })).toBe(null)
    expect(submit(made, owner, [member], true)).toBe('banned')
  })

  test('whose addition is signed are not taken away by the same words', () => {
    const made = keyedGroup({ owners: [owner, member] })
    const { signatures } = adminChange(made.people, made.room, owner, [member], true)
    const removal = { ...adminChange(made.people, made.room, owner, [member], false), signatures }
    expect(made.decide(removal)).toEqual({ rejected: 'signature.missing', part: 'admin remove' })
  })
})
