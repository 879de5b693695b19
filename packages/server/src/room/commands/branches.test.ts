// Discussions, teams and links into rooms: what their commands let pass, and whom add-members lets in by them.
import type { EventId, RoomId, UserId } from '@conclave/wire'
import { describe, expect, test } from 'vitest'
import { ROOM } from '../fixtures.ts'
import { member, moderator, NOW, operator, owner, type Scene, scene, stranger } from '../scene-testing.ts'
import { isTeam } from '../state.ts'
import type { AddMembers } from './add-members.ts'
import type { ChangeTeam } from './change-team.ts'
import type { StartDiscussion } from './start-discussion.ts'

const OTHER = '2070276095283455777' as RoomId
const MESSAGE = { id: '5' as EventId, sequence: 5 }

describe('a discussion', () => {
  const start = (actor: UserId, more: Partial<StartDiscussion> = {}): StartDiscussion => ({
    command: 'start-discussion',
    actor,
    discussion: OTHER,
    name: 'lunch',
    message: null,
    inside: false,
    encrypted: false,
    ...more,
  })

  test('is begun by whoever may speak in its parent', () => {
    const made = scene()
    expect(made.run(start(member, { message: MESSAGE }))).toEqual(['discussion.started'])
    expect(made.events.at(-1)).toMatchObject({ actor: member, body: { discussion: OTHER, message: MESSAGE } })
    expect(made.submit(start(stranger))).toBe('occupant.required')
    expect(made.submit(start(stranger, { inside: true }))).toBe('occupant.required')
    made.submit({ command: 'configure-room', actor: owner, changes: { readOnly: true } })
    expect(made.submit(start(member))).toBe('room.readonly')
    expect(made.submit(start(owner))).toBe(null)
    made.submit({ command: 'configure-room', actor: owner, changes: { archived: true } })
    expect(made.submit(start(owner))).toBe('room.archived')
  })

  test('of a room that is encrypted by now is refused where it was made without (L3)', () => {
    const made = scene()
    expect(made.submit({ command: 'switch-suite', actor: owner, encrypted: true })).toBe(null)
    expect(made.submit(start(member))).toBe('message.plaintext')
    expect(made.submit(start(member, { encrypted: true }))).toBe(null)
    expect(made.submit(start(stranger, { encrypted: true, inside: true }))).toBe('member.required')
  })

  test('has none of its own, and no name without end', () => {
    const made = scene({ discussionOf: { parent: OTHER, message: null } })
    expect(made.submit(start(member))).toBe('room.kind')
    expect(scene().submit(start(member, { name: '' }))).toBe('limit')
    expect(scene().submit(start(member, { name: 'x'.repeat(100_000) }))).toBe('limit')
  })

  test('of a message holds it as long as it is there', () => {
    const made = scene({ discussionOf: { parent: OTHER, message: MESSAGE } })
    const claim = { space: 'discussion', key: `${OTHER}:5` }
    expect(made.decide({ command: 'remove-room', actor: owner, reason: '' })).toMatchObject({
      releases: expect.arrayContaining([claim]),
    })
  })

  test('is renamed without taking the name from anybody', () => {
    const rename = { command: 'configure-room', actor: owner, name: 'general', changes: {} } as const
    expect(scene({ discussionOf: { parent: OTHER, message: null } }).decide(rename)).toMatchObject({ claims: [] })
    expect(scene().decide(rename)).toMatchObject({ claims: [{ space: 'name', key: 'general' }] })
  })
})

describe('a team', () => {
  const change = (actor: UserId, team: ChangeTeam['team'], managed?: RoomId): ChangeTeam => ({
    command: 'change-team',
    actor,
    team,
    ...(managed ? { managed } : {}),
  })
  const of = (main: RoomId, isDefault = false) => ({ main, isDefault })

  test('gets a room from its owner alone, and one team has it', () => {
    const made = scene()
    for (const actor of [member, moderator, stranger])
      expect(made.submit(change(actor, of(OTHER)))).toBe('role.required')
    expect(made.submit(change(owner, of(OTHER)))).toBe(null)
    expect(made.room.team).toEqual({ main: OTHER, isDefault: false, at: NOW, by: owner })
    expect(made.submit(change(owner, of('77' as RoomId)))).toBe('room.kind')
    expect(made.run(change(owner, of(OTHER)))).toEqual([])
    made.now += 1
    expect(made.run(change(owner, of(OTHER, true)))).toEqual(['team.changed'])
    expect(made.room.team).toEqual({ main: OTHER, isDefault: true, at: NOW, by: owner })
  })

  test('is managed by whoever manages it, and nothing else of the room is', () => {
    const made = scene({ team: of(OTHER) })
    expect(made.submit(change(stranger, null, '77' as RoomId))).toBe('role.required')
    expect(made.submit(change(stranger, of('77' as RoomId), OTHER))).toBe('room.kind')
    expect(made.submit(change(stranger, null, OTHER))).toBe(null)
    expect(made.room.team).toBe(null)
    expect(made.submit(change(stranger, of(OTHER), OTHER))).toBe('role.required')
    // A main room is no room of the team that its members could take out of it.
    const main = scene({ team: of(ROOM) })
    expect(isTeam(main.room)).toBe(true)
    expect(main.submit(change(stranger, null, ROOM))).toBe('role.required')
    expect(main.submit(change(owner, null))).toBe(null)
    expect(isTeam(main.room)).toBe(false)
  })

  test('comes into a hidden room by whoever could add its members to it, and whoever manages it closes that again (L10)', () => {
    for (const suite of ['none', 'rocketchat'] as const) {
      const made = scene({ suite, team: of(OTHER) })
      for (const actor of [stranger, operator, member])
        expect(made.submit(change(actor, of(OTHER, true), OTHER))).toBe('member.required')
      expect(made.submit(change(moderator, of(OTHER, true), OTHER))).toBe(null)
      expect(made.submit(change(stranger, of(OTHER), OTHER))).toBe(null)
      expect(made.room.team?.isDefault).toBe(false)
    }
    expect(scene({ kind: 'public', team: of(OTHER) }).submit(change(stranger, of(OTHER, true), OTHER))).toBe(null)
  })

  test('has no direct rooms and none of X', () => {
    const direct = scene({ kind: 'direct', members: [owner, member], pair: [owner, member], moderators: [] })
    expect(direct.submit(change(operator, of(OTHER)))).toBe('room.kind')
    expect(scene({ suite: 'xchat' }).submit(change(owner, of(OTHER)))).toBe('suite.refused')
  })
})

describe('somebody comes in', () => {
  const come = (more: Partial<AddMembers>): AddMembers => ({
    command: 'add-members',
    actor: stranger,
    users: [stranger],
    signed: null,
    ...more,
  })
  const ban = (made: Scene, user: UserId) =>
    made.run({ command: 'sanction', actor: owner, kind: 'ban', user, until: null, reason: '', rank: 'moderator' })

  test('by a link as its maker could add them now, for themselves alone', () => {
    const made = scene()
    expect(made.submit(come({}))).toBe('member.required')
    expect(made.submit(come({ invitedBy: member }))).toBe('invite.unknown')
    expect(made.submit(come({ invitedBy: stranger }))).toBe('invite.unknown')
    expect(made.submit(come({ invitedBy: owner, users: [stranger, operator] }))).toBe('member.required')
    expect(made.submit(come({ invitedBy: owner, actor: member }))).toBe('role.required')
    made.submit({
      command: 'remove-members',
      actor: owner,
      users: [moderator],
      how: 'kicked',
      reason: '',
      keepOwner: false,
    })
    made.submit({ command: 'change-role', actor: owner, user: moderator, role: 'moderator', granted: false })
    expect(made.submit(come({ invitedBy: moderator }))).toBe('invite.unknown')
    expect(made.submit(come({ invitedBy: owner }))).toBe(null)
    expect(made.events.at(-1)).toMatchObject({ actor: stranger, body: { users: [stranger] } })
  })

  test('by a link into an encrypted room too, without a key', () => {
    const made = scene({ suite: 'rocketchat' })
    expect(made.submit(come({}))).toBe('member.required')
    expect(made.submit(come({ invitedBy: owner }))).toBe(null)
    expect(made.room.keys.get(stranger)).toBe(undefined)
    expect(scene({ suite: 'xchat' }).submit(come({ invitedBy: owner }))).toBe('suite.refused')
  })

  test('for being in the parent into a discussion, and into no other room', () => {
    expect(scene().submit(come({ fromParent: true }))).toBe('member.required')
    const made = scene({ discussionOf: { parent: OTHER, message: null } })
    expect(made.submit(come({ fromParent: true, users: [stranger, operator] }))).toBe('member.required')
    expect(made.submit(come({ fromParent: true }))).toBe(null)
  })

  test('whoever is banned does not, whatever opens the door', () => {
    const made = scene({ discussionOf: { parent: OTHER, message: null }, team: { main: OTHER, isDefault: true } })
    expect(ban(made, stranger)).toEqual(['sanction.set'])
    const doors: Partial<AddMembers>[] = [{ invitedBy: owner }, { fromParent: true }, { actor: null, ofTeam: OTHER }]
    for (const door of doors) expect(made.submit(come(door))).toBe('members.unaddable')
  })

  test('with a team, while the room takes in that team', () => {
    const by = { actor: null, ofTeam: OTHER } as const
    expect(scene().submit(come(by))).toBe('member.required')
    expect(scene({ team: { main: OTHER, isDefault: false } }).submit(come(by))).toBe('member.required')
    expect(scene({ team: { main: ROOM, isDefault: true } }).submit(come(by))).toBe('member.required')
    expect(scene({ team: { main: OTHER, isDefault: true } }).submit(come(by))).toBe(null)
  })
})
