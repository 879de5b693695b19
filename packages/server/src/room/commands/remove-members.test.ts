import type { UserId } from '@conclave/wire'
import { describe, expect, test } from 'vitest'
import type { Command } from '../decide.ts'
import { decide } from '../decide.ts'
import { contextAt, userId } from '../fixtures.ts'
import { keyedGroup, nextVersion, rotate, signedLeave, signedRemoval } from '../group-testing.ts'
import type { Scene } from '../scene-testing.ts'
import { channelOwner, globalmod, member, moderator, operator, owner, scene, stranger } from '../scene-testing.ts'
import type { RemoveMembers } from './remove-members.ts'

const removal = (made: Scene, by: UserId, users: readonly UserId[], version = nextVersion(made)) =>
  signedRemoval(made.people, made.room, by, users, version)
const kicked = (actor: UserId | null, user: UserId): Command => ({
  command: 'remove-members',
  actor,
  users: [user],
  how: actor === user ? 'left' : 'kicked',
  reason: '',
  keepOwner: false,
})

describe('a signed removal', () => {
  test('stands before the key that is not for whoever it removes, and leaves the room open', () => {
    const made = keyedGroup()
    const version = nextVersion(made)
    expect(made.run(removal(made, owner, [member], version))).toEqual(['members.removed', 'epoch.opened'])
    const [gone, opened] = made.events.slice(-2).map(({ body }) => body)
    expect(gone).toMatchObject({ users: [member], how: 'kicked', closes: false })
    expect(opened).toMatchObject({ version, wraps: [{ user: owner }, { user: moderator }] })
    expect(made.room).toMatchObject({ closed: false, epoch: { version } })
    expect([...made.room.members.keys()]).toEqual([owner, moderator])
  })

  test('of several, an admin among them, takes their roles along', () => {
    const made = keyedGroup({ owners: [owner, moderator] })
    expect(made.submit(removal(made, owner, [member, moderator]))).toBe(null)
    expect([...made.room.roles.keys()]).toEqual([owner])
  })

  test('brings the title under the new key, and keeps the avatar that was not sent', () => {
    const made = keyedGroup({ avatar: 'held' })
    const command = removal(made, owner, [member]) as RemoveMembers & { signed: object }
    const retitled = { ...command, signed: { ...command.signed, title: 'sent' } } as RemoveMembers
    expect(made.run(retitled)).toEqual(['members.removed', 'epoch.opened', 'room.retitled'])
    expect(made.room).toMatchObject({ title: 'sent', avatar: 'held' })
    expect(made.events.at(-1)?.body).toMatchObject({ signed: null })
  })

  test('opens a room that was closed', () => {
    const made = keyedGroup()
    expect(made.submit(kicked(null, moderator))).toBe(null)
    expect(made.room.closed).toBe(true)
    expect(made.submit(removal(made, owner, [member]))).toBe(null)
    expect(made.room.closed).toBe(false)
  })

  test('is for admins alone, whatever else somebody is here', () => {
    const made = keyedGroup({ members: [owner, moderator, member, operator, globalmod, channelOwner] })
    for (const user of [moderator, operator, globalmod, channelOwner])
      expect(made.submit(removal(made, user, [member]))).toBe('role.required')
    expect(made.submit(removal(made, stranger, [member]))).toBe('member.required')
  })

  test('takes a super user away too: a group is its members’ own', () => {
    const made = keyedGroup({ members: [owner, member, operator] })
    expect(made.submit(removal(made, member, [operator]))).toBe('role.required')
    expect(made.submit(removal(made, owner, [operator]))).toBeNull()
    expect([...made.state!.members.keys()]).toEqual([owner, member])
  })

  test('names each once, nobody who is not there, and not the one who makes the key', () => {
    const made = keyedGroup()
    expect(made.submit(removal(made, owner, []))).toBe('members.none')
    expect(made.submit(removal(made, owner, [member, member]))).toBe('members.duplicate')
    expect(made.submit(removal(made, owner, [member, stranger]))).toBe('members.absent')
    expect(made.submit(removal(made, owner, [owner]))).toBe('members.self')
    expect(made.submit(removal(made, owner, [member, owner]))).toBe('members.self')
  })

  test('says what is missing of it in the order of x-chat.md section 6', () => {
    const made = keyedGroup()
    const none = { version: null, wraps: null, signatures: null, title: null, avatar: null }
    const { signed } = removal(made, owner, [member])
    const { version, wraps } = signed as typeof none
    const tried = [none, { ...none, version }, { ...none, version, wraps }].map(sent =>
      made.decide({ ...removal(made, owner, [member]), signed: sent }),
    )
    expect(tried).toEqual([
      { rejected: 'field.missing', field: 'conversation_key_version' },
      { rejected: 'field.missing', field: 'conversation_participant_keys' },
      { rejected: 'field.missing', field: 'action_signatures' },
    ])
  })

  test('that another rotation overtook is a conflict', () => {
    const made = keyedGroup()
    const command = removal(made, owner, [member])
    const context = contextAt(made.now, { raced: true, overtaken: true })
    expect(decide(made.state, command, made.people.facts, context)).toMatchObject({ rejected: 'conflict' })
  })

  test('has a signature under a malformed text named as what it is', () => {
    const made = keyedGroup()
    const command = signedRemoval(made.people, made.room, owner, [member], nextVersion(made), 'not a signature')
    expect(made.decide(command)).toEqual({ rejected: 'signature.invalid', part: 'member remove' })
  })

  test('is nothing for other rooms', () => {
    const plain = scene()
    expect(plain.submit(signedLeave(plain.people, plain.room, member))).toBe('suite.refused')
    const pair = [owner, member] as const
    const direct = keyedGroup({ kind: 'direct', pair, members: [...pair], owners: [] })
    expect(direct.submit(removal(direct, owner, [member]))).toBe('room.kind')
  })
})

describe('a signed leave', () => {
  test('closes the room for the others until one of them rotates', () => {
    const made = keyedGroup()
    expect(made.run(signedLeave(made.people, made.room, member))).toEqual(['members.removed'])
    expect(made.events.at(-1)?.body).toMatchObject({ users: [member], how: 'left', closes: true })
    expect(made.room.closed).toBe(true)
    rotate(made, moderator)
    expect(made.room.closed).toBe(false)
  })

  test('holds nobody: neither the last admin nor the last member', () => {
    const made = keyedGroup()
    for (const user of [owner, moderator, member]) {
      expect(made.submit(signedLeave(made.people, made.room, user))).toBe(null)
      expect(made.submit(signedLeave(made.people, made.room, user))).toBe('member.required')
    }
    expect(made.room).toMatchObject({ members: new Map(), roles: new Map(), closed: true })
  })

  test('is not taken out of an admin’s signed removal of oneself together with others', () => {
    const made = keyedGroup()
    const { signed } = removal(made, owner, [owner, member])
    const signatures = signed && 'signatures' in signed ? signed.signatures : null
    const leave = signatures?.slice(1) ?? []
    const command = { ...signedLeave(made.people, made.room, owner), signed: { leave } }
    expect(made.decide(command)).toEqual({ rejected: 'signature.mismatch', part: 'member remove', field: 'member_ids' })
  })

  test('leaves a one-to-one as it is', () => {
    const pair = [owner, member] as const
    const made = keyedGroup({ kind: 'direct', pair, members: [...pair], owners: [] })
    expect(made.submit(signedLeave(made.people, made.room, member))).toBe('room.kind')
  })

  test('does not name somebody twice in the place of another', () => {
    const made = keyedGroup()
    const command = signedLeave(made.people, made.room, member)
    expect(made.submit({ ...command, users: [member, member] })).not.toBe(null)
    expect(made.submit({ ...command, users: [userId(99)] })).not.toBe(null)
  })
})

describe('a removal from another wire', () => {
  test('is unsigned and closes the room', () => {
    const made = keyedGroup()
    expect(made.submit(kicked(owner, member))).toBe(null)
    expect(made.events.at(-1)?.body).toMatchObject({ closes: true, signed: null })
  })
})
