import type { UserId } from '@conclave/wire'
import { describe, expect, test } from 'vitest'
import type { Command } from '../decide.ts'
import type { RoomChanges } from '../events.ts'
import { userId } from '../fixtures.ts'
import { globalmod, member, moderator, operator, owner, type Scene, scene, stranger } from '../scene-testing.ts'

/** Rocket.Chat's own role, which is none of Dino's. */
const admin = userId(20)

function room(more: Parameters<typeof scene>[0] = {}): Scene {
  const made = scene(more)
  made.people.add(admin, true, { roles: ['admin'] })
  return made
}
const set = (actor: UserId | null, changes: RoomChanges, name?: string): Command => ({
  command: 'configure-room',
  actor,
  changes,
  ...(name === undefined ? {} : { name }),
})
const send = (actor: UserId): Command => ({
  command: 'send-message',
  actor,
  content: { suite: 'none', text: 'hello' },
  messageId: null,
  digest: '',
  inside: true,
  attributes: null,
  origin: null,
})
const add = (actor: UserId, user: UserId, code?: string): Command => ({
  command: 'add-members',
  actor,
  users: [user],
  signed: null,
  ...(code === undefined ? {} : { code }),
})
const mute = (actor: UserId, user: UserId, until: number | null | undefined): Command => ({
  command: 'sanction',
  actor,
  kind: 'mute',
  user,
  until,
  reason: '',
  rank: 'moderator',
})
const encrypted = { suite: 'rocketchat' } as const

describe('configure-room', () => {
  test('sets many things in one event, and nothing that is so already', () => {
    const made = room()
    expect(made.run(set(owner, { topic: 'a', description: 'b', readOnly: false }, 'other'))).toEqual([
      'room.renamed',
      'room.configured',
    ])
    expect(made.events.at(-1)?.body).toEqual({ type: 'room.configured', changes: { topic: 'a', description: 'b' } })
    expect(made.room).toMatchObject({ name: 'other', topic: 'a', config: { description: 'b', readOnly: false } })
    expect(made.run(set(owner, { topic: 'a', customFields: {} }, 'other'))).toEqual([])
  })

  test('a refused part refuses the whole', () => {
    const made = room()
    expect(made.submit(set(owner, { topic: 'a', description: 'x'.repeat(1_025) }, 'other'))).toBe('limit')
    expect(made.submit(set(owner, { customFields: { a: 'x'.repeat(8_192) } }))).toBe('limit')
    expect(made.submit(set(moderator, { topic: 'a', archived: true }))).toBe('role.required')
    expect(made.room).toMatchObject({ name: 'room', topic: '', config: { description: '' } })
  })

  test('is for who rules the room: moderators set what is shown, owners who comes in', () => {
    const made = room()
    for (const user of [member, stranger]) expect(made.submit(set(user, { topic: 'x' }))).toBe('role.required')
    expect(made.submit(set(moderator, { topic: 'x', readOnly: true }))).toBeNull()
    for (const changes of [{ archived: true }, { kind: 'public' }, { joinCode: { salt: 's', digest: 'd' } }] as const)
      expect(made.submit(set(moderator, changes))).toBe('role.required')
    expect(made.submit(set(owner, { isDefault: true }))).toBe('role.required')
    expect(made.submit(set(admin, { featured: true, archived: true }))).toBeNull()
    expect(made.room).toMatchObject({ config: { featured: true, archived: true } })
  })

  test('makes a hidden room a default one for an administrator in it alone, for newcomers come into it (L10)', () => {
    for (const user of [admin, operator]) expect(room().submit(set(user, { isDefault: true }))).toBe('member.required')
    const open = room({ kind: 'public' })
    expect(open.submit(set(admin, { isDefault: true }))).toBeNull()
    const within = room()
    expect(within.submit(add(owner, admin))).toBeNull()
    expect(within.submit(set(admin, { isDefault: true }))).toBeNull()
    expect(
      within.submit({
        command: 'remove-members',
        actor: admin,
        users: [admin],
        how: 'left',
        reason: '',
        keepOwner: true,
      }),
    ).toBeNull()
    expect(within.submit(set(admin, { isDefault: false }))).toBeNull()
  })

  test('a moderator renames a room of Rocket.Chat’s, none that Dino’s operator made', () => {
    expect(room().submit(set(moderator, {}, 'other'))).toBeNull()
    expect(room({ kind: 'static' }).submit(set(moderator, {}, 'other'))).toBe('role.required')
  })

  test('takes the new name’s row and gives the old one’s back, and keeps it where only the case changes', () => {
    const made = room()
    expect(made.decide(set(owner, {}, 'Other'))).toMatchObject({
      claims: [{ space: 'name', key: 'other' }],
      releases: [{ space: 'name', key: 'room' }],
    })
    expect(made.decide(set(owner, {}, 'ROOM'))).toMatchObject({ claims: [], releases: [] })
  })

  test('opens no encrypted room to everybody, and none for whoever is outside (L10)', () => {
    expect(room(encrypted).submit(set(owner, { kind: 'public' }))).toBe('room.kind')
    for (const user of [admin, operator]) expect(room().submit(set(user, { kind: 'public' }))).toBe('member.required')
    const made = room()
    expect(made.submit(set(owner, { kind: 'public' }))).toBeNull()
    expect(made.room.kind).toBe('public')
  })

  test('sets a topic of a direct room and nothing else, and nothing of X', () => {
    expect(room({ kind: 'direct' }).submit(set(admin, { topic: 'x', readOnly: true }))).toBe('room.kind')
    expect(room({ suite: 'xchat' }).submit(set(owner, { topic: 'x' }))).toBe('suite.refused')
    for (const user of [admin, stranger])
      expect(room({ suite: 'xchat' }).submit(set(user, { topic: 'x' }))).toBe('role.required')
  })

  test('a room for broadcasts is read-only from its beginning to its end', () => {
    const made = room({ config: { broadcast: true, readOnly: true } })
    expect(made.submit(set(owner, { readOnly: false }))).toBe('room.kind')
    expect(made.submit(set(owner, { reactWhenReadOnly: true }))).toBe('room.kind')
    expect(room().submit(set(owner, { broadcast: true }))).toBe('room.kind')
  })
})

describe('a read-only room', () => {
  test('takes messages of its owners, its moderators, admins who are in it, and whoever got a voice', () => {
    const made = room({ members: [owner, moderator, member, admin], config: { readOnly: true } })
    for (const user of [owner, moderator, admin]) expect(made.submit(send(user))).toBeNull()
    expect(made.submit(send(member))).toBe('room.readonly')
    expect(made.submit(mute(moderator, member, undefined))).toBeNull()
    expect(made.submit(send(member))).toBeNull()
    expect(made.run(mute(moderator, member, undefined))).toEqual([])
    expect(made.submit(mute(moderator, member, null))).toBeNull()
    expect(made.submit(send(member))).toBe('muted')
    expect(made.run(mute(moderator, member, undefined))).toEqual(['sanction.lifted'])
    expect(made.submit(send(member))).toBeNull()
  })

  test('a voice does not come back by itself when a mute has run out', () => {
    const made = room({ config: { readOnly: true } })
    made.submit(mute(owner, member, undefined))
    made.submit(mute(owner, member, made.now + 1_000))
    made.now += 2_000
    expect(made.submit(send(member))).toBe('room.readonly')
  })

  test('a voice goes with the membership, and is none of whoever is no member', () => {
    const made = room({ kind: 'public', config: { readOnly: true } })
    expect(made.run(mute(owner, stranger, undefined))).toEqual([])
    expect(made.submit(mute(owner, member, undefined))).toBeNull()
    made.submit({ command: 'remove-members', actor: member, users: [member], how: 'left', reason: '', keepOwner: true })
    made.submit(add(member, member))
    expect(made.submit(send(member))).toBe('room.readonly')
    expect(made.submit(send(stranger))).toBe('room.readonly')
  })

  test('who is muted elsewhere gets no voice by the end of that', () => {
    const made = room()
    made.submit(mute(owner, member, null))
    made.submit(mute(owner, member, undefined))
    made.submit(set(owner, { readOnly: true }))
    expect(made.submit(send(member))).toBe('room.readonly')
  })
})

describe('an archived room', () => {
  test('takes no message of anybody and nobody new, until it is no more', () => {
    const made = room({ kind: 'public' })
    made.submit(set(owner, { archived: true }))
    for (const user of [owner, moderator, member, operator]) expect(made.submit(send(user))).toBe('room.archived')
    expect(made.submit(add(stranger, stranger))).toBe('room.archived')
    expect(made.submit(add(owner, stranger))).toBe('room.archived')
    made.submit(set(owner, { archived: false }))
    expect(made.submit(send(member))).toBeNull()
  })
})

describe('a room that is joined with a code', () => {
  const made = () => room({ kind: 'public', config: { joinCode: { salt: 's', digest: 'right' } } })

  test('lets nobody in without it, whatever a Dino client calls joining', () => {
    expect(made().run(add(stranger, stranger))).toEqual({ rejected: 'code.wrong', given: false })
    expect(made().run(add(stranger, stranger, 'wrong'))).toEqual({ rejected: 'code.wrong', given: true })
    expect(made().submit(add(stranger, stranger, 'right'))).toBeNull()
  })

  test('is open to admins, and to whom a member lets in', () => {
    expect(made().submit(add(admin, admin))).toBeNull()
    expect(made().submit(add(owner, stranger))).toBeNull()
  })
})

describe('Rocket.Chat’s admin', () => {
  test('rules rooms without being in them, and gets into none that is hidden (L10)', () => {
    for (const made of [room(), room(encrypted)]) {
      expect(made.submit(set(admin, { topic: 'x' }, 'other'))).toBeNull()
      expect(made.submit(add(admin, admin))).toBe('member.required')
      expect(made.submit(add(admin, stranger))).toBe('member.required')
      expect(made.submit(send(admin))).toMatch(/required$/)
      const promote = { command: 'change-role', actor: admin, role: 'owner', granted: true } as const
      expect(made.submit({ ...promote, user: admin, ofMember: true })).toBe('members.absent')
      expect(made.submit({ ...promote, user: member, ofMember: true })).toBeNull()
      expect(made.submit({ command: 'switch-suite', actor: admin, encrypted: false })).toBe('member.required')
      const kick = { command: 'remove-members', actor: admin, how: 'kicked', reason: '', keepOwner: true } as const
      expect(made.submit({ ...kick, users: [owner] })).toBeNull()
      expect(made.submit({ command: 'remove-room', actor: admin, reason: '' })).toBeNull()
    }
  })

  test('is nobody in a room of X', () => {
    const made = room({ suite: 'xchat' })
    const kick = { command: 'remove-members', actor: admin, how: 'kicked', reason: '', keepOwner: true } as const
    expect(made.submit({ ...kick, users: [member] })).toBe('member.required')
    expect(made.submit(mute(admin, member, null))).toBe('role.required')
    expect(made.submit({ command: 'remove-room', actor: admin, reason: '' })).toBe('role.required')
  })

  test('a global moderator of Dino’s is no admin', () => {
    expect(room().submit({ command: 'remove-room', actor: globalmod, reason: '' })).toBe('role.required')
  })
})

describe('owners and leaders by Rocket.Chat’s rules', () => {
  const kick = (actor: UserId, user: UserId): Command => ({
    command: 'remove-members',
    actor,
    users: [user],
    how: actor === user ? 'left' : 'kicked',
    reason: '',
    keepOwner: true,
  })

  test('the last owner neither goes nor is put out, also when nobody else is there', () => {
    for (const made of [room({ kind: 'public' }), room({ members: [owner] })]) {
      expect(made.submit(kick(owner, owner))).toBe('owner.last')
      expect(made.submit(kick(admin, owner))).toBe('owner.last')
    }
  })

  test('roles and the leader’s mark go with a membership', () => {
    const made = room({ kind: 'public', owners: [owner, moderator] })
    const leader = { command: 'change-role', role: 'leader', granted: true } as const
    expect(made.submit({ ...leader, actor: moderator, user: stranger })).toBe('members.absent')
    expect(made.submit({ ...leader, actor: member, user: member })).toBe('role.required')
    expect(made.submit({ ...leader, actor: moderator, user: owner })).toBeNull()
    expect([...made.room.leaders]).toEqual([owner])
    expect(made.submit(kick(owner, owner))).toBeNull()
    expect([...made.room.leaders, ...made.room.roles.keys()]).toEqual([moderator])
  })

  test('a leader rules nothing', () => {
    const made = room({ config: { readOnly: true } })
    made.submit({ command: 'change-role', actor: owner, user: member, role: 'leader', granted: true })
    expect(made.submit(set(member, { topic: 'x' }))).toBe('role.required')
    expect(made.submit(send(member))).toBe('room.readonly')
  })
})
