// The link of an X group and those who ask by it: enable-invite, disable-invite, request-join and reject-joins.
import type { UserId } from '@conclave/wire'
import { describe, expect, test } from 'vitest'
import { JOIN_REQUESTS } from '../../limits.ts'
import { decide } from '../decide.ts'
import { contextAt, userId } from '../fixtures.ts'
import {
  addition,
  adminChange,
  invitation,
  joinRejection,
  joinRequest,
  keyedGroup,
  noInvitation,
  rotate,
  signedLeave,
  urlOf,
} from '../group-testing.ts'
import type { Scene } from '../scene-testing.ts'
import { channelOwner, globalmod, member, operator, owner, scene, stranger } from '../scene-testing.ts'
import { inviteOf } from '../state.ts'

/** A group with the link `a`. `end`: ms from now. */
function linked(end: number | null = null): Scene {
  const made = keyedGroup()
  const until = end === null ? null : made.now + end
  expect(made.submit(invitation(made.people, made.room, owner, 'a', until))).toBe(null)
  return made
}

function asked(...users: readonly UserId[]): Scene {
  const made = linked()
  for (const user of users) expect(made.submit(joinRequest(made.people, made.room, user, 'a'))).toBe(null)
  return made
}

function waiting(made: Scene): UserId[] {
  return [...made.room.requests.keys()]
}

describe('the link of an X group', () => {
  test('takes the place of an earlier one, whose token is free again', () => {
    const made = linked()
    const next = made.decide(invitation(made.people, made.room, owner, 'b', made.now + 1_000))
    expect(next).toMatchObject({
      claims: [{ space: 'invite', key: 'b' }],
      releases: [{ space: 'invite', key: 'a' }],
    })
    made.run(invitation(made.people, made.room, owner, 'b', made.now + 1_000))
    expect(made.room.invite).toEqual({ url: urlOf('b'), key: 'b', expiresAt: made.now + 1_000 })
    expect(made.submit(joinRequest(made.people, made.room, stranger, 'a'))).toBe('invite.unknown')
  })

  test('is made and ended by admins alone, whatever else somebody is here', () => {
    const made = keyedGroup({ members: [owner, member, operator, channelOwner] })
    for (const user of [member, operator, channelOwner])
      expect(made.submit(invitation(made.people, made.room, user, 'a'))).toBe('role.required')
    expect(made.submit(invitation(made.people, made.room, stranger, 'a'))).toBe('member.required')
    expect(made.submit(invitation(made.people, made.room, owner, 'a'))).toBe(null)
    for (const user of [member, operator, channelOwner])
      expect(made.submit(noInvitation(made.people, made.room, user))).toBe('role.required')
    expect(made.submit(noInvitation(made.people, made.room, stranger))).toBe('member.required')
  })

  test('is ended by an admin who did not make it, and then there is none', () => {
    const made = linked()
    made.submit(adminChange(made.people, made.room, owner, [member], true))
    const end = noInvitation(made.people, made.room, member)
    expect(made.decide(end)).toMatchObject({ releases: [{ space: 'invite', key: 'a' }] })
    expect(made.run(end)).toEqual(['invite.disabled'])
    expect(made.room.invite).toBe(null)
    expect(made.submit(noInvitation(made.people, made.room, owner))).toBe('invite.absent')
  })

  test('is not made in a closed group, but ended there', () => {
    const made = linked()
    made.submit(signedLeave(made.people, made.room, member))
    expect(made.submit(invitation(made.people, made.room, owner, 'b'))).toBe('room.closed')
    expect(made.submit(noInvitation(made.people, made.room, owner))).toBe(null)
    rotate(made, owner)
    expect(made.submit(invitation(made.people, made.room, owner, 'b'))).toBe(null)
  })

  test('opens nothing from its end on, and could not have begun after it', () => {
    const made = linked(1_000)
    const before = made.now
    made.now = before + 999
    expect(inviteOf(made.room, made.now)).not.toBe(null)
    made.now = before + 1_000
    expect(inviteOf(made.room, made.now)).toBe(null)
    expect(made.submit(joinRequest(made.people, made.room, stranger, 'a'))).toBe('invite.unknown')
    expect(made.submit(invitation(made.people, made.room, owner, 'b', made.now))).toBe('invite.past')
    expect(made.submit(noInvitation(made.people, made.room, owner))).toBe(null)
  })

  test('opens nothing of a group that everybody has left, and goes with a room that is removed', () => {
    const made = linked()
    for (const user of [...made.room.members.keys()]) made.submit(signedLeave(made.people, made.room, user))
    expect(made.room.members.size).toBe(0)
    expect(made.submit(joinRequest(made.people, made.room, stranger, 'a'))).toBe('invite.unknown')
    const removal = { command: 'remove-room', actor: null, reason: '' } as const
    expect(made.decide(removal)).toMatchObject({ releases: [{ space: 'invite', key: 'a' }] })
    made.submit(removal)
    expect([made.room.invite, made.room.requests.size]).toEqual([null, 0])
  })

  test('outlives the admin who made it, and the last of all admins', () => {
    const made = linked()
    made.submit(signedLeave(made.people, made.room, owner))
    expect(made.submit(joinRequest(made.people, made.room, stranger, 'a'))).toBe(null)
    expect(made.submit(noInvitation(made.people, made.room, member))).toBe('role.required')
    made.submit(adminChange(made.people, made.room, member, [member], true))
    expect(made.submit(noInvitation(made.people, made.room, member))).toBe(null)
  })

  test('is for groups', () => {
    const pair = [owner, member] as const
    const direct = keyedGroup({ kind: 'direct', pair, members: [...pair], owners: [owner] })
    const plain = scene()
    for (const made of [direct, plain])
      for (const command of [
        invitation(made.people, made.room, owner, 'a'),
        noInvitation(made.people, made.room, owner),
        joinRejection(made.people, made.room, owner, [stranger]),
      ])
        expect(made.submit(command)).toBe('room.kind')
    for (const made of [direct, plain])
      expect(made.submit(joinRequest(made.people, made.room, stranger, 'a'))).toBe('invite.unknown')
  })
})

describe('a request to join', () => {
  test('makes nobody a member and moves no key (L1)', () => {
    const made = linked()
    const { members, epoch, roles } = made.room
    expect(made.run(joinRequest(made.people, made.room, stranger, 'a'))).toEqual(['join.requested'])
    expect(made.room).toMatchObject({ members, epoch, roles })
    expect(made.room.requests).toEqual(new Map([[stranger, made.now]]))
    expect(made.events.at(-1)).toMatchObject({ actor: stranger, body: { user: stranger } })
  })

  test('needs the link that counts, before anything of the room is told', () => {
    const made = linked()
    for (const user of [stranger, owner, member])
      expect(made.submit(joinRequest(made.people, made.room, user, 'b'))).toBe('invite.unknown')
    made.submit(noInvitation(made.people, made.room, owner))
    for (const user of [stranger, owner])
      expect(made.submit(joinRequest(made.people, made.room, user, 'a'))).toBe('invite.unknown')
    const command = joinRequest(made.people, made.room, stranger, 'a')
    expect(decide(undefined, command, made.people.facts, contextAt(made.now))).toEqual({ rejected: 'invite.unknown' })
  })

  test('is not for members, nor for whoever waits already', () => {
    const made = asked(stranger)
    const again = made.decide(joinRequest(made.people, made.room, stranger, 'a'))
    expect(again).toEqual({ rejected: 'join.already', as: 'pending' })
    const within = made.decide(joinRequest(made.people, made.room, member, 'a'))
    expect(within).toEqual({ rejected: 'join.already', as: 'member' })
  })

  test('needs a key of one’s own and an account in good standing', () => {
    const made = linked()
    made.people.add(userId(40), true)
    const command = joinRequest(made.people, made.room, userId(40), 'a')
    made.people.keySets.delete(userId(40))
    expect(made.submit(command)).toBe('signature.key')
    made.people.add(userId(40), true, { active: false })
    expect(made.submit(joinRequest(made.people, made.room, userId(40), 'a'))).toBe('account.inactive')
    const ban = { kind: 'ban', user: stranger, from: 0, until: null, reason: '', by: null } as const
    made.people.channel = { ...made.people.channel, sanctions: [ban] }
    expect(made.submit(joinRequest(made.people, made.room, stranger, 'a'))).toBe('banned')
  })

  test('finds room for so many and no more, until some are answered', () => {
    const made = linked()
    const crowd = Array.from({ length: JOIN_REQUESTS + 1 }, (_, n) => userId(100 + n))
    for (const user of crowd) made.people.add(user, true)
    const last = crowd.pop() as UserId
    for (const user of crowd) expect(made.submit(joinRequest(made.people, made.room, user, 'a'))).toBe(null)
    const full = made.decide(joinRequest(made.people, made.room, last, 'a'))
    expect(full).toEqual({ rejected: 'join.full', limit: JOIN_REQUESTS })
    made.submit(joinRejection(made.people, made.room, owner, crowd.slice(0, 1)))
    expect(made.submit(joinRequest(made.people, made.room, last, 'a'))).toBe(null)
  })

  test('ends with the addition of who asked, and of nobody else', () => {
    const made = asked(stranger, globalmod)
    expect(made.submit(addition(made, owner, [stranger]))).toBe(null)
    expect(waiting(made)).toEqual([globalmod])
    expect(made.room.members.has(stranger)).toBe(true)
  })

  test('ends with a ban from the room, not with a mute', () => {
    const made = asked(stranger)
    const sanction = {
      command: 'sanction',
      actor: null,
      user: stranger,
      until: null,
      reason: '',
      rank: 'owner',
    } as const
    made.submit({ ...sanction, kind: 'mute' })
    expect(waiting(made)).toEqual([stranger])
    made.submit({ ...sanction, kind: 'ban' })
    expect(waiting(made)).toEqual([])
    expect(made.submit(joinRequest(made.people, made.room, stranger, 'a'))).toBe('banned')
  })

  test('outlives the link that it came by', () => {
    const made = asked(stranger)
    made.submit(noInvitation(made.people, made.room, owner))
    expect(waiting(made)).toEqual([stranger])
    expect(made.submit(addition(made, member, [stranger]))).toBe(null)
  })
})

describe('turning somebody away', () => {
  test('is for admins, and of those who have asked', () => {
    const made = asked(stranger, globalmod)
    expect(made.submit(joinRejection(made.people, made.room, member, [stranger]))).toBe('role.required')
    expect(made.submit(joinRejection(made.people, made.room, stranger, [stranger]))).toBe('member.required')
    const absent = made.decide(joinRejection(made.people, made.room, owner, [stranger, channelOwner]))
    expect(absent).toEqual({ rejected: 'join.absent', user: channelOwner })
    expect(made.submit(joinRejection(made.people, made.room, owner, []))).toBe('members.none')
    const twice = joinRejection(made.people, made.room, owner, [stranger, stranger])
    expect(made.submit(twice)).toBe('members.duplicate')
    expect(made.run(joinRejection(made.people, made.room, owner, [stranger, globalmod]))).toEqual(['join.rejected'])
    expect(waiting(made)).toEqual([])
  })

  test('keeps nobody from asking again', () => {
    const made = asked(stranger)
    made.submit(joinRejection(made.people, made.room, owner, [stranger]))
    expect(made.submit(joinRequest(made.people, made.room, stranger, 'a'))).toBe(null)
  })

  test('is done by the server without a signature, and by nobody else', () => {
    const made = asked(stranger)
    const end = { command: 'reject-joins', actor: null, users: [stranger], signatures: [] } as const
    expect(made.submit({ ...end, actor: owner })).toBe('signature.missing')
    expect(made.run(end)).toEqual(['join.rejected'])
    expect(made.submit(end)).toBe('join.absent')
    expect(made.events.at(-1)?.body).toMatchObject({ signed: null })
  })
})

describe('an addition that names the link', () => {
  test('names the one that counts, to the end of its life, or is refused', () => {
    const made = linked(60_000)
    const { expiresAt } = made.room.invite ?? {}
    const right = { inviteUrl: urlOf('a'), expiresAtMsec: String(expiresAt) }
    const wrong = [
      { ...right, inviteUrl: urlOf('b') },
      { ...right, affiliateId: owner },
      { ...right, expiresAtMsec: String(Number(expiresAt) + 1) },
      { inviteUrl: urlOf('a') },
      {},
    ]
    for (const invite of wrong)
      expect(made.decide(addition(made, owner, [stranger], invite))).toEqual({
        rejected: 'signature.mismatch',
        part: 'member add',
        field: 'group_invite_enable',
      })
    expect(made.submit(addition(made, owner, [stranger], right))).toBe(null)
    made.submit(noInvitation(made.people, made.room, owner))
    expect(made.submit(addition(made, owner, [channelOwner], right))).toBe('signature.mismatch')
    expect(made.submit(addition(made, owner, [channelOwner]))).toBe(null)
  })
})
